from __future__ import annotations

from functools import partial

import pytest

from anymatix_fetcher.errors import (
    AccessDeniedError,
    NotAModelError,
    NotFoundError,
    RetriesExhaustedError,
    UnexpectedAnswerError,
)
from tests.sources.explanations.examples import HTML, JSON, Example

MODEL = "https://modelscope.cn/models/Qwen/Qwen-Image"
_modelscope = partial(Example, service="modelscope", url=f"{MODEL}/resolve/master/m.safetensors")
_drive = partial(Example, service="gdrive", url="https://drive.usercontent.google.com/download?id=1aB&confirm=t")
_dropbox = partial(Example, service="dropbox", url="https://www.dropbox.com/scl/fi/abc/m.safetensors?rlkey=s3cr3t&dl=0")
_zenodo = partial(Example, service="zenodo", url="https://zenodo.org/records/12345/files/m.pth?download=1")
_ollama = partial(Example, service="ollama")
_kaggle = partial(
    Example, service="kaggle", url="https://www.kaggle.com/api/v1/models/keras/gemma/keras/gemma_2b_en/3/download/m.bin"
)
ZENODO_USED_UP = {
    "X-RateLimit-Limit": "60",
    "X-RateLimit-Remaining": "0",
    "X-RateLimit-Reset": "1785585645",
    "Date": "Sat, 01 Aug 2026 12:00:00 GMT",
}

EXAMPLES = {
    "ModelScope: no token": _modelscope(
        status=403,
        headers=JSON,
        body='{"Code":10010103001,"Message":"no permission","Success":false}',
        error=AccessDeniedError,
        says="modelscope.cn gives this file only to people who are logged in",
        mends="MODELSCOPE_API_TOKEN",
    ),
    "ModelScope: a wrong token": _modelscope(
        status=401, authorized=True, error=AccessDeniedError, says="doesn't accept the token", mends="is set but wrong"
    ),
    "ModelScope: not for this account": _modelscope(
        status=403, authorized=True, error=AccessDeniedError, says="may not read this file", mends=MODEL
    ),
    "ModelScope: no such file": _modelscope(
        url="https://modelscope.cn/api/v1/models/Qwen/Qwen-Image/repo?Revision=master&FilePath=x",
        status=200,
        headers=JSON,
        body='{"Code":10990101007,"Message":"file not found","Success":false}',
        error=NotFoundError,
        says="modelscope.cn has no such file in models/Qwen/Qwen-Image",
        mends=f"Its files are at {MODEL}/files",
    ),
    "ModelScope: no such revision": _modelscope(
        status=404,
        headers=JSON,
        body='{"Code":10990101004,"Data":null,"Success":false}',
        error=NotFoundError,
        says="models/Qwen/Qwen-Image has no such revision",
        mends="the usual one is master",
    ),
    "ModelScope: a list without files": _modelscope(
        url="https://modelscope.cn/api/v1/models/Qwen/Qwen-Image/repo/files?Revision=v9&Recursive=true",
        status=200,
        headers=JSON,
        body='{"Code": 200, "Data": {"Files": null}, "Message": "success", "Success": true}',
        error=NotFoundError,
        says="models/Qwen/Qwen-Image has no such revision",
        mends="the usual one is master",
    ),
    "ModelScope: no such model, or a private one": _modelscope(
        status=404,
        headers=JSON,
        body='{"Code":10010205001,"Message":"record not found","Success":false}',
        error=NotFoundError,
        says="modelscope.cn has no models/Qwen/Qwen-Image, or a private one",
        mends="set MODELSCOPE_API_TOKEN",
    ),
    "ModelScope: no access": _modelscope(
        status=404,
        headers=JSON,
        body='{"Code":10010200001,"Message":"no permission","Success":false}',
        error=NotFoundError,
        says="doesn't show models/Qwen/Qwen-Image to everybody",
        mends="with access to it, set MODELSCOPE_API_TOKEN",
    ),
    "ModelScope: no access with this token": _modelscope(
        status=404,
        headers=JSON,
        body='{"Code":10010200001,"Message":"no permission","Success":false}',
        authorized=True,
        error=AccessDeniedError,
        says="may not read models/Qwen/Qwen-Image",
        mends=MODEL,
    ),
    "ModelScope: an error that is no status": _modelscope(
        status=200,
        headers=JSON,
        body='{"Code":10990100500,"Message":"internal","Success":false}',
        error=UnexpectedAnswerError,
        says="sent an error instead of what was asked for",
        mends="try again later",
    ),
    "ModelScope: no such thing, no token": _modelscope(
        status=404,
        error=NotFoundError,
        says="no such file, revision or model, or a private one",
        mends=f"Look at {MODEL}; the usual revision is master",
    ),
    "ModelScope: no such thing": _modelscope(
        status=404, authorized=True, error=NotFoundError, says="none that this token may see", mends=MODEL
    ),
    "Google Drive: a login": _drive(
        url="https://accounts.google.com/v3/signin/identifier?continue=x",
        status=200,
        headers=HTML,
        error=AccessDeniedError,
        says="Google Drive wants a login",
        mends="share it with everybody who has the link",
    ),
    "Google Drive: not shared": _drive(
        status=403,
        headers=HTML,
        body="<html><title>Google Drive: You need access</title></html>",
        error=AccessDeniedError,
        says="this file isn't shared with everybody",
        mends="share it",
    ),
    "Google Drive: quota": _drive(
        status=403,
        headers=HTML,
        body="<html><p>Sorry, Too many users have viewed or downloaded this file recently. Please try again later.</p>",
        error=RetriesExhaustedError,
        says="Google Drive gives it to nobody for now",
        mends="about a day",
    ),
    "Google Drive: a robot": _drive(
        status=429,
        headers=HTML,
        body="<html>We're sorry... but your computer or network may be sending automated queries.</html>",
        error=RetriesExhaustedError,
        says="for a robot's",
        mends="another network",
    ),
    "Google Drive: no such file": _drive(
        status=404, headers=HTML, error=NotFoundError, says="no such file, or doesn't show it", mends="stopped sharing"
    ),
    "Google Drive: a page": _drive(
        status=200, headers=HTML, error=NotAModelError, says="sent a page instead of the file", mends="in a browser"
    ),
    "Dropbox: a page": _dropbox(status=200, headers=HTML, error=NotAModelError, says="preview page", mends="Put dl=1"),
    "Dropbox: too much traffic": _dropbox(
        status=429, error=RetriesExhaustedError, says="has suspended this link", mends="wait a day"
    ),
    "Dropbox: not for all": _dropbox(
        status=403, error=AccessDeniedError, says="whom its owner has invited", mends="rlkey"
    ),
    "Dropbox: gone": _dropbox(status=404, error=NotFoundError, says="no such file any longer", mends="has removed it"),
    "Zenodo: removed": _zenodo(
        status=410,
        headers=JSON,
        body='{"status":410,"message":"The record has been deleted."}',
        error=NotFoundError,
        says="this record has been removed from zenodo.org",
        mends="https://zenodo.org/records/12345 says why",
    ),
    "Zenodo: no such record": _zenodo(
        url="https://zenodo.org/api/records/12345",
        status=404,
        headers=JSON,
        body='{"status":404,"message":"The persistent identifier does not exist."}',
        error=NotFoundError,
        says="no such record",
        mends="https://zenodo.org/records/12345",
    ),
    "Zenodo: too many requests": _zenodo(
        status=429,
        headers=ZENODO_USED_UP,
        error=RetriesExhaustedError,
        says="no more requests for another 45 seconds",
        mends="60 in a minute",
    ),
    "Zenodo: restricted": _zenodo(
        status=403,
        headers=JSON,
        body='{"status":403,"message":"Permission denied."}',
        error=AccessDeniedError,
        says="the files of this record are restricted",
        mends="Ask for access at https://zenodo.org/records/12345",
    ),
    "Zenodo: the program's name is blocked": _zenodo(
        status=403,
        headers=HTML,
        body="<html>403 Forbidden</html>",
        error=AccessDeniedError,
        says="this program",
        mends="-H",
    ),
    "Ollama: no such tag": _ollama(
        url="https://registry.ollama.ai/v2/library/llama3.2/manifests/99b",
        status=404,
        headers=JSON,
        body='{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}',
        error=NotFoundError,
        says="registry.ollama.ai has no such model, or no such tag",
        mends="https://ollama.com/library/llama3.2/tags",
    ),
    "Ollama: no such layer": _ollama(
        url="https://registry.ollama.ai/v2/library/llama3.2/blobs/sha256:00",
        status=404,
        error=NotFoundError,
        says="has no such layer",
        mends="resolve it again",
    ),
    "Ollama: too old": _ollama(
        url="https://registry.ollama.ai/v2/library/llama3.2/manifests/latest",
        status=412,
        body="The model you are attempting to pull requires a newer version of Ollama.",
        error=UnexpectedAnswerError,
        says="only to newer versions of Ollama",
        mends="https://ollama.com/library/llama3.2",
    ),
    "Ollama: private": _ollama(
        url="https://registry.ollama.ai/v2/somebody/model/manifests/latest",
        status=401,
        headers=JSON | {"WWW-Authenticate": "Bearer realm=x"},
        body='{"errors":[{"code":"UNAUTHORIZED"}]}',
        error=AccessDeniedError,
        says="no such model, or a private one",
        mends="library/",
    ),
    "Kaggle: conditions": _kaggle(
        status=403,
        headers=JSON,
        body='{"errors":["User has not consented to terms of use"],"error":{"code":7}}',
        authorized=True,
        error=AccessDeniedError,
        says="hasn't accepted the conditions",
        mends="Accept them at https://www.kaggle.com/models/keras/gemma",
    ),
    "Kaggle: no token": _kaggle(
        status=401, headers=JSON, error=AccessDeniedError, says="no credentials were sent", mends="KAGGLE_API_TOKEN"
    ),
    "Kaggle: a wrong token": _kaggle(
        status=401,
        authorized=True,
        error=AccessDeniedError,
        says="doesn't accept the credentials",
        mends="set but wrong",
    ),
    "Kaggle: not for this account": _kaggle(
        status=403,
        headers=JSON,
        body='{"errors":["Permission \\u0027models.get\\u0027 was denied"],"error":{"code":7}}',
        authorized=True,
        error=AccessDeniedError,
        says="may not read this at Kaggle, or it isn't there",
        mends="https://www.kaggle.com/models/keras/gemma",
    ),
    "Kaggle: no such thing": _kaggle(
        status=404, error=NotFoundError, says="no such model, dataset or file", mends="variation"
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_answers_of_smaller_hubs_are_told_apart(name: str) -> None:
    EXAMPLES[name].check()
