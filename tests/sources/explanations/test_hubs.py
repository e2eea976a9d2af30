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
        says="modelscope.cn requires a login for this file, and no token was sent",
        mends="MODELSCOPE_API_TOKEN",
    ),
    "ModelScope: a wrong token": _modelscope(
        status=401,
        authorized=True,
        error=AccessDeniedError,
        says="doesn't accept the token",
        mends="MODELSCOPE_API_TOKEN is wrong or expired; modelscope.cn and modelscope.ai have separate tokens.",
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
        mends="See its files at https://modelscope.cn/models/Qwen/Qwen-Image/files; the case of letters",
    ),
    "ModelScope: no such revision": _modelscope(
        status=404,
        headers=JSON,
        body='{"Code":10990101004,"Data":null,"Success":false}',
        error=NotFoundError,
        says="models/Qwen/Qwen-Image has no such revision",
        mends="See its revisions at https://modelscope.cn/models/Qwen/Qwen-Image/files; the default is master.",
    ),
    "ModelScope: a list without files": _modelscope(
        url="https://modelscope.cn/api/v1/models/Qwen/Qwen-Image/repo/files?Revision=v9&Recursive=true",
        status=200,
        headers=JSON,
        body='{"Code": 200, "Data": {"Files": null}, "Message": "success", "Success": true}',
        error=NotFoundError,
        says="models/Qwen/Qwen-Image has no such revision",
        mends="See its revisions at https://modelscope.cn/models/Qwen/Qwen-Image/files; the default is master.",
    ),
    "ModelScope: no such model, or a private one": _modelscope(
        status=404,
        headers=JSON,
        body='{"Code":10010205001,"Message":"record not found","Success":false}',
        error=NotFoundError,
        says="models/Qwen/Qwen-Image doesn't exist at modelscope.cn, or is private",
        mends="set MODELSCOPE_API_TOKEN",
    ),
    "ModelScope: no access": _modelscope(
        status=404,
        headers=JSON,
        body='{"Code":10010200001,"Message":"no permission","Success":false}',
        error=NotFoundError,
        says="models/Qwen/Qwen-Image at modelscope.cn is not public, or doesn't exist",
        mends="Check the name; if you have access to it, set MODELSCOPE_API_TOKEN.",
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
        says="modelscope.cn sent an error instead of the file",
        mends="try again later",
    ),
    "ModelScope: no such thing, no token": _modelscope(
        status=404,
        error=NotFoundError,
        says="the file, revision or model doesn't exist at modelscope.cn, or is private",
        mends="See https://modelscope.cn/models/Qwen/Qwen-Image; the default revision is master. If it is",
    ),
    "ModelScope: no such thing": _modelscope(
        status=404,
        authorized=True,
        error=NotFoundError,
        says="the file, revision or model doesn't exist at modelscope.cn, or the token may not read it",
        mends=MODEL,
    ),
    "Google Drive: a login": _drive(
        url="https://accounts.google.com/v3/signin/identifier?continue=x",
        status=200,
        headers=HTML,
        error=AccessDeniedError,
        says="Google Drive requires a login for this file",
        mends="Ask its owner to share it with everyone who has the link.",
    ),
    "Google Drive: not shared": _drive(
        status=403,
        headers=HTML,
        body="<html><title>Google Drive: You need access</title></html>",
        error=AccessDeniedError,
        says="this file isn't shared with everyone at Google Drive",
        mends="share it",
    ),
    "Google Drive: quota": _drive(
        status=403,
        headers=HTML,
        body="<html><p>Sorry, Too many users have viewed or downloaded this file recently. Please try again later.</p>",
        error=RetriesExhaustedError,
        says="Google Drive's download quota for this file is exhausted, because too many people downloaded it",
        mends="about a day",
    ),
    "Google Drive: a robot": _drive(
        status=429,
        headers=HTML,
        body="<html>We're sorry... but your computer or network may be sending automated queries.</html>",
        error=RetriesExhaustedError,
        says="Google Drive treats the requests of this network as automated",
        mends="another network",
    ),
    "Google Drive: no such file": _drive(
        status=404,
        headers=HTML,
        error=NotFoundError,
        says="Google Drive doesn't have this file, or doesn't show it",
        mends="stopped sharing",
    ),
    "Google Drive: a page": _drive(
        status=200, headers=HTML, error=NotAModelError, says="sent a page instead of the file", mends="in a browser"
    ),
    "Dropbox: a page": _dropbox(
        status=200,
        headers=HTML,
        error=NotAModelError,
        says="preview page",
        mends="Replace dl=0 by dl=1 in the URL, and keep its other fields.",
    ),
    "Dropbox: too much traffic": _dropbox(
        status=429, error=RetriesExhaustedError, says="has suspended this link", mends="wait a day"
    ),
    "Dropbox: not for all": _dropbox(
        status=403,
        error=AccessDeniedError,
        says="Dropbox offers this file only to people invited by its owner",
        mends="rlkey",
    ),
    "Dropbox: gone": _dropbox(
        status=404,
        error=NotFoundError,
        says="Dropbox no longer has this file",
        mends="Its owner has removed the file, or the link.",
    ),
    "Zenodo: removed": _zenodo(
        status=410,
        headers=JSON,
        body='{"status":410,"message":"The record has been deleted."}',
        error=NotFoundError,
        says="this record has been removed from zenodo.org",
        mends="See https://zenodo.org/records/12345 for the reason.",
    ),
    "Zenodo: no such record": _zenodo(
        url="https://zenodo.org/api/records/12345",
        status=404,
        headers=JSON,
        body='{"status":404,"message":"The persistent identifier does not exist."}',
        error=NotFoundError,
        says="the record or the file doesn't exist at zenodo.org",
        mends="https://zenodo.org/records/12345",
    ),
    "Zenodo: too many requests": _zenodo(
        status=429,
        headers=ZENODO_USED_UP,
        error=RetriesExhaustedError,
        says="no more requests for another 45 seconds",
        mends="Guests have 60 requests a minute and 2000 an hour; use fewer connections (-c). What has",
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
        says="the model or its tag doesn't exist at registry.ollama.ai",
        mends="https://ollama.com/library/llama3.2/tags",
    ),
    "Ollama: no such layer": _ollama(
        url="https://registry.ollama.ai/v2/library/llama3.2/blobs/sha256:00",
        status=404,
        error=NotFoundError,
        says="the layer doesn't exist at registry.ollama.ai",
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
        says="the model doesn't exist at registry.ollama.ai, or is private",
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
        mends="KAGGLE_API_TOKEN, or KAGGLE_KEY, is wrong: create a new one at https://www.kaggle.com/settings.",
    ),
    "Kaggle: not for this account": _kaggle(
        status=403,
        headers=JSON,
        body='{"errors":["Permission \\u0027models.get\\u0027 was denied"],"error":{"code":7}}',
        authorized=True,
        error=AccessDeniedError,
        says="your account may not read this at Kaggle, or it doesn't exist",
        mends="https://www.kaggle.com/models/keras/gemma",
    ),
    "Kaggle: no such thing": _kaggle(
        status=404, error=NotFoundError, says="the model, dataset or file doesn't exist at Kaggle", mends="variation"
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_answers_of_smaller_hubs_are_told_apart(name: str) -> None:
    EXAMPLES[name].check()
