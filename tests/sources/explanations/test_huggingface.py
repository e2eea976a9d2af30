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

_hugging_face = partial(Example, service="huggingface")
NAME = "black-forest-labs/FLUX.1-dev"
PAGE = f"https://huggingface.co/{NAME}"
URL = f"{PAGE}/resolve/main/flux1-dev.safetensors"


def coded(code: str = "", message: str = "") -> dict[str, str]:
    return {name: value for name, value in (("X-Error-Code", code), ("X-Error-Message", message)) if value}


EXAMPLES = {
    "gated, no token": _hugging_face(
        url=URL,
        status=401,
        headers=coded("GatedRepo", "Access to model black-forest-labs/FLUX.1-dev is restricted. Please log in."),
        body="Access to model black-forest-labs/FLUX.1-dev is restricted.",
        error=AccessDeniedError,
        says=f"{NAME} is gated, and no token was sent",
        mends=f"Accept its conditions at {PAGE}, then set HF_TOKEN or run: anyfetch login huggingface.co.",
    ),
    "gated, licence not accepted": _hugging_face(
        url=URL,
        status=403,
        headers=coded(
            "GatedRepo", "Access to model black-forest-labs/FLUX.1-dev is restricted and you are not in the list"
        ),
        authorized=True,
        error=AccessDeniedError,
        says=f"{NAME} is gated, and the token's account hasn't accepted its licence",
        mends=f"Accept its conditions at {PAGE}",
    ),
    "gated, request pending": _hugging_face(
        url=URL,
        status=403,
        headers=coded("GatedRepo", "Your request to access model is awaiting a review from the repo authors."),
        authorized=True,
        error=AccessDeniedError,
        says="haven't decided on your request yet",
        mends="Wait",
    ),
    "gated, request rejected": _hugging_face(
        url=URL,
        status=403,
        headers=coded("GatedRepo", "Your request to access model has been rejected by the repo's authors."),
        authorized=True,
        error=AccessDeniedError,
        says="black-forest-labs/FLUX.1-dev is gated, and its authors have rejected your request",
        mends=PAGE,
    ),
    "gated, a token of little use": _hugging_face(
        url=URL,
        status=403,
        headers=coded(
            "GatedRepo", "Please enable access to public gated repositories in your fine-grained token settings"
        ),
        authorized=True,
        error=AccessDeniedError,
        says="the token may not read gated repositories such as black-forest-labs/FLUX.1-dev",
        mends="https://huggingface.co/settings/tokens",
    ),
    "a wrong token, in a field": _hugging_face(
        url=URL,
        status=401,
        headers=coded(message="Invalid credentials in Authorization header"),
        authorized=True,
        error=AccessDeniedError,
        says="huggingface.co doesn't accept the token, and refuses even public files with a wrong one",
        mends="HF_TOKEN, or the stored login, is wrong or expired: create a new token at",
    ),
    "a wrong token, in the body": _hugging_face(
        url=URL,
        status=401,
        body="Invalid credentials in Authorization header",
        authorized=True,
        error=AccessDeniedError,
        says="huggingface.co doesn't accept the token, and refuses even public files with a wrong one",
        mends="HF_TOKEN, or the stored login, is wrong or expired: create a new token at",
    ),
    "missing, private or mistyped, no token": _hugging_face(
        url="https://huggingface.co/nobody/nothing/resolve/main/m.gguf",
        status=401,
        headers={"Content-Type": "text/plain; charset=utf-8", "WWW-Authenticate": "Bearer"},
        body="Invalid username or password.",
        error=NotFoundError,
        says="the repository nobody/nothing doesn't exist at huggingface.co, or is private",
        mends="Check the name; datasets begin with datasets/, spaces with spaces/. If you have access to it, set "
        "HF_TOKEN or run: anyfetch login huggingface.co.",
    ),
    "the same of a whole repository": _hugging_face(
        url="https://huggingface.co/api/models/nobody/nothing/revision/main",
        status=401,
        headers={**JSON, "WWW-Authenticate": "Bearer", "X-Error-Message": "Invalid username or password."},
        body='{"error":"Invalid username or password."}',
        error=NotFoundError,
        says="the repository nobody/nothing doesn't exist at huggingface.co, or is private",
        mends="If you have access to it, set HF_TOKEN",
    ),
    "missing or mistyped, or a wrong token": _hugging_face(
        url="https://huggingface.co/api/models/nobody/nothing/revision/main",
        status=401,
        headers={**JSON, "WWW-Authenticate": "Bearer"},
        body='{"error":"Invalid username or password."}',
        authorized=True,
        error=AccessDeniedError,
        says="huggingface.co doesn't accept the token, or the repository nobody/nothing doesn't exist",
        mends="Check the name; datasets begin with datasets/, spaces with spaces/. HF_TOKEN, or the stored",
    ),
    "no such repository, no token": _hugging_face(
        url="https://huggingface.co/nobody/nothing/resolve/main/m.gguf",
        status=401,
        headers=coded("RepoNotFound", "Repository not found"),
        error=NotFoundError,
        says="the repository nobody/nothing doesn't exist at huggingface.co, or is private",
        mends="Check the name",
    ),
    "no such repository": _hugging_face(
        url="https://huggingface.co/datasets/nobody/nothing/resolve/main/m.gguf",
        status=404,
        headers=coded("RepoNotFound", "Repository not found"),
        authorized=True,
        error=NotFoundError,
        says="the repository datasets/nobody/nothing doesn't exist at huggingface.co, or the token may not read it",
        mends="Check the spelling",
    ),
    "no such revision": _hugging_face(
        url="https://huggingface.co/gpt2/resolve/fp16/m.gguf",
        status=404,
        headers=coded("RevisionNotFound", "Invalid rev id: fp16"),
        error=NotFoundError,
        says="gpt2 has no such branch, tag or commit",
        mends="https://huggingface.co/gpt2/tree/main",
    ),
    "no such file": _hugging_face(
        url=URL,
        status=404,
        headers=coded("EntryNotFound", "Entry not found"),
        error=NotFoundError,
        says=f"{NAME} has no such file",
        mends="See its files at https://huggingface.co/black-forest-labs/FLUX.1-dev/tree/main; the case of",
    ),
    "disabled": _hugging_face(
        url=URL,
        status=403,
        headers=coded(message="Access to this resource is disabled."),
        authorized=True,
        error=AccessDeniedError,
        says=f"huggingface.co has disabled {NAME}",
        mends="in a browser",
    ),
    "a legal block": _hugging_face(url=URL, status=451, error=AccessDeniedError, says="for legal reasons", mends=PAGE),
    "too many requests, no token": _hugging_face(
        url=URL,
        status=429,
        headers=HTML
        | {"RateLimit": '"resolvers";r=0;t=55', "RateLimit-Policy": '"fixed window";"resolvers";q=3000;w=300'},
        body="<!doctype html><html><title>429</title></html>",
        error=RetriesExhaustedError,
        says="no more requests without a token for another 55 seconds",
        mends="HF_TOKEN",
    ),
    "too many requests": _hugging_face(
        url=URL,
        status=429,
        headers={"RateLimit": '"api";r=0;t=155'},
        authorized=True,
        error=RetriesExhaustedError,
        says="allows this account no more requests for another 3 minutes",
        mends="What has arrived is kept",
    ),
    "a mirror for others": _hugging_face(
        url="https://hf-mirror.com/a/b/resolve/main/m.gguf",
        status=308,
        headers={"Location": "https://huggingface.co/a/b/resolve/main/m.gguf"},
        error=UnexpectedAnswerError,
        says="hf-mirror.com redirects this machine to another host: it serves only addresses in China",
        mends="HF_ENDPOINT",
    ),
    "renamed": _hugging_face(
        url="https://huggingface.co/runwayml/old/resolve/main/m.gguf",
        status=307,
        headers={"Location": "/stable/new-name/resolve/main/m.gguf"},
        error=NotFoundError,
        says="the repository has been renamed to stable/new-name (",
        mends="new name",
    ),
    "private": _hugging_face(
        url=URL,
        status=401,
        error=AccessDeniedError,
        says="huggingface.co requires a login, and no token was sent",
        mends="HF_TOKEN",
    ),
    "a page of a file": _hugging_face(
        url=f"{PAGE}/blob/main/flux1-dev.safetensors",
        status=200,
        headers=HTML,
        error=NotAModelError,
        says="this is the URL of a page at huggingface.co, not of the file on it",
        mends="/resolve/",
    ),
    "another page": _hugging_face(
        url=PAGE,
        status=200,
        headers=HTML,
        error=NotAModelError,
        says="huggingface.co sent a web page instead of the file",
        mends="/resolve/",
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_hugging_faces_answers_are_told_apart(name: str) -> None:
    EXAMPLES[name].check()
