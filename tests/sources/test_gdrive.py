from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from anymatix_fetcher.core.values.http import Headers, Request
from anymatix_fetcher.errors import (
    AccessDeniedError,
    FetchError,
    NotAModelError,
    NotFoundError,
    ReferenceSyntaxError,
    RetriesExhaustedError,
    UnexpectedAnswerError,
)
from anymatix_fetcher.sources.base import Environment, Wish
from anymatix_fetcher.sources.gdrive import PEEK, GoogleDrive
from tests.sources.surroundings import hosts_that_see, surroundings
from tests.sources.talk import Reply, talk, urls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anymatix_fetcher.core.values.resource import Resource

FILE_ID = "1AbC_dEf-234567890"
LINK = f"https://drive.google.com/file/d/{FILE_ID}/view?usp=sharing"
FIRST = f"https://drive.google.com/uc?id={FILE_ID}&export=download"
CONTENT = f"https://drive.usercontent.google.com/download?id={FILE_ID}&export=download"
CONFIRMED = f"{CONTENT}&confirm=t&uuid=3f-1&at=ALoNOgk%2Bx%3A17"
HTML = {"Content-Type": "text/html; charset=utf-8"}
PAGE = f"""<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title></head><body>
<form id="other" action="https://x.example/"><input type="hidden" name="no" value="no"></form>
<form id="download-form" action="https://drive.usercontent.google.com/download" method="get">
<input type="submit" id="uc-download-link" value="Download anyway"/><input type="hidden" name="id" value="{FILE_ID}">
<input type="hidden" name="export" value="download"><input type="hidden" name="confirm" value="t">
<input type="hidden" name="uuid" value="3f-1"><input type="hidden" name="at" value="ALoNOgk+x&#58;17"></form>
<input type="hidden" name="after" value="x"></body></html>"""
FILE = Reply(
    b"GGUF", 206, {"Content-Disposition": 'attachment; filename="my model.gguf"', "Content-Range": "bytes 0-3/9"}
)


def moved(to: str) -> Reply:
    return Reply(b"", 303, {"Location": to})


def resolve(
    reference: str,
    replies: Mapping[str, Reply | FetchError],
    asked: list[Request] | None = None,
    environment: Environment | None = None,
    **wish: Any,  # noqa: ANN401 - the fields of a wish
) -> Resource:
    environment = environment or surroundings()
    assert GoogleDrive().recognises(reference.strip(), environment)
    (resource,) = talk(GoogleDrive().resolve(Wish(reference, **wish), environment), replies, asked)
    return resource


@pytest.mark.parametrize(
    "reference",
    [
        LINK,
        f"http://drive.google.com/file/d/{FILE_ID}",
        f" https://drive.google.com/file/u/0/d/{FILE_ID}/edit ",
        f"https://drive.google.com/open?id={FILE_ID}",
        f"https://drive.google.com/u/1/uc?export=download&id={FILE_ID}",
        f"https://drive.google.com/uc?id={FILE_ID}&confirm=old",
    ],
)
def test_the_first_answer_is_the_file_where_it_is_small(reference: str) -> None:
    asked: list[Request] = []
    resource = resolve(reference, {FIRST: moved(CONTENT), CONTENT: FILE}, asked)
    assert (resource.url.reveal(), resource.name) == (CONTENT, "my model.gguf")
    assert resource.reference == f"https://drive.google.com/file/d/{FILE_ID}/view"
    assert resource.renewed_by_source
    assert resource.service.name == "gdrive"
    assert urls(asked) == [FIRST, CONTENT]
    assert {request.span for request in asked} == {PEEK}, "never the whole file"


def test_the_page_before_a_large_file_leads_to_it() -> None:
    asked: list[Request] = []
    replies = {FIRST: moved(CONTENT), CONTENT: Reply(PAGE, 200, HTML), CONFIRMED: FILE}
    resource = resolve(LINK, replies, asked)
    assert (resource.url.reveal(), resource.name) == (CONFIRMED, "my model.gguf")
    assert urls(asked) == [FIRST, CONTENT, CONFIRMED]
    assert "ALoNOgk" not in f"{resource}"


def test_an_address_of_the_content_is_asked_for_where_it_is_and_with_its_key() -> None:
    url = f"{CONTENT}&resourcekey=0-k"
    resource = resolve(f"{CONTENT}&confirm=t&uuid=old&resourcekey=0-k", {url: FILE})
    assert resource.url.reveal() == url


def test_what_the_user_says_stays_at_the_origin_that_was_named() -> None:
    asked: list[Request] = []
    headers = Headers.of(X_Own="SECRET")
    replies = {FIRST: moved(CONTENT), CONTENT: Reply(PAGE, 200, HTML), CONFIRMED: FILE}
    resource = resolve(LINK, replies, asked, headers=headers)
    assert hosts_that_see("SECRET", asked, [resource]) == {"drive.google.com"}
    assert resolve(CONTENT, {CONTENT: FILE}, headers=headers).headers == headers


def test_a_web_page_that_is_shared_is_a_file_and_an_empty_file_is_one_too() -> None:
    page = Reply("<html>", 200, {**HTML, "Content-Disposition": 'attachment; filename="a.html"'})
    assert resolve(LINK, {FIRST: page}).name == "a.html"
    empty = Reply(b"", 416, {"Content-Range": "bytes */0"})
    assert resolve(LINK, {FIRST: empty}).url.reveal() == FIRST


@pytest.mark.parametrize(
    ("reply", "error", "message", "hint"),
    [
        (
            Reply("<title>Google Drive - Quota exceeded</title>", 200, HTML),
            RetriesExhaustedError,
            "too many people",
            "a day",
        ),
        (
            Reply("Sign in. Too many users have viewed or downloaded this", 403),
            RetriesExhaustedError,
            "too many people",
            "a day",
        ),
        (moved("https://accounts.google.com/v3/signin?continue=x"), AccessDeniedError, "requires a login", "share it"),
        (Reply("You need access", 403, HTML), AccessDeniedError, "isn't shared", "share it"),
        (Reply("no", 403, HTML), AccessDeniedError, "403", ""),
        (Reply("no", 404, HTML), NotFoundError, "have this file", ""),
        (Reply("<p>hello", 200, HTML), NotAModelError, "a page instead of the file", ""),
        (Reply("", 204), UnexpectedAnswerError, "204", ""),
        (
            Reply("<form id=download-form action='ftp://x/'>", 200, HTML),
            UnexpectedAnswerError,
            "without a link to the file",
            "",
        ),
        (Reply("<form id=download-form action='http://x/'>", 200, HTML), UnexpectedAnswerError, "https to http", ""),
        (Reply(f"<form id=download-form action='{FIRST}'>", 200, HTML), UnexpectedAnswerError, "after another", ""),
    ],
)
def test_other_pages_are_told_apart(reply: Reply, error: type[FetchError], message: str, hint: str) -> None:
    def replies(request: Request) -> Reply:
        return Reply("<html>log in", 200, HTML) if request.url.host == "accounts.google.com" else reply

    with pytest.raises(error, match=message) as refusal:
        talk(GoogleDrive().resolve(Wish(LINK), Environment()), replies)
    assert hint in refusal.value.hint


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("https://drive.google.com/drive/folders/1AbC?usp=sharing", "a folder's"),
        ("https://drive.google.com/drive/u/0/folders/1AbC", "a folder's"),
        ("https://drive.google.com/embeddedfolderview?id=1AbC", "a folder's"),
        ("https://drive.google.com/", "names no file"),
        ("https://drive.google.com/file/d/..%2F/view", "names no file"),
        ("https://drive.google.com/uc?id=", "names no file"),
        ("https://docs.google.com/document/d/1AbC/edit", "names no file"),
        ("https://drive.google.com/u", "names no file"),
    ],
)
def test_links_that_are_no_files_are_said_to_be_none(reference: str, message: str) -> None:
    with pytest.raises(ReferenceSyntaxError, match=message) as refusal:
        resolve(reference, {})
    assert "/file/d/ID" in refusal.value.hint


def test_at_an_endpoint_only_files_are_google_drives() -> None:
    environment = surroundings({"gdrive": "http://127.0.0.1:8/g"})
    assert not GoogleDrive().recognises("http://127.0.0.1:8/g/x.bin", environment)
    first = f"http://127.0.0.1:8/g/uc?id={FILE_ID}&export=download"
    assert resolve(LINK, {first: FILE}, environment=environment).url.reveal() == first
