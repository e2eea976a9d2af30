"""Google Drive: files that are shared with everyone who has the link.

A small file is sent at once. Before a large one comes a page saying that it wasn't scanned for viruses, with a form
that leads to the file. The form's URL expires; the source then requests a new one.
"""

from __future__ import annotations

import re
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.explain import refusal_error
from anymatix_fetcher.core.answers.judge import WEB_PAGE_TYPES, Known, judge
from anymatix_fetcher.core.values.filenames import filename_from, safe_name
from anymatix_fetcher.core.values.http import Headers, Refused, Request
from anymatix_fetcher.core.values.resource import About, Resource
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.sources.accounts import CONTENT_HOST, GOOGLE_DRIVE
from anymatix_fetcher.sources.base import ask
from anymatix_fetcher.sources.documents import unexpected
from anymatix_fetcher.sources.services import Explained
from anymatix_fetcher.sources.sites import Site, make_url, segment

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.urls import Url
    from anymatix_fetcher.errors import FetchError
    from anymatix_fetcher.sources.base import Answer, Environment, Resolving, Wish
    from anymatix_fetcher.sources.sites import SiteUrl

SITE = Site(GOOGLE_DRIVE)
SERVICE = Explained(SITE.name)

PEEK = Span(0, 32 << 10)
"""The part of a response that is read to see whether it is the file; the relevant pages are shorter."""
MAX_PAGES = 2
FORM = "download-form"

_ID = re.compile(r"[A-Za-z0-9_-]+")
_HINT = "Expected a file's link, such as https://drive.google.com/file/d/ID/view."


class GoogleDrive:
    """Shared files; implements :class:`~anymatix_fetcher.sources.base.Source`."""

    name = SITE.name

    def recognises(self, reference: str, environment: Environment) -> bool:
        """Implements ``Source.recognises``."""
        located = SITE.locate(reference, environment)
        return located is not None and (located.is_home or _file_id(located) is not None)

    def resolve(self, wish: Wish, environment: Environment) -> Resolving:
        """The file that a link shares.

        Raises:
            FetchError: The link isn't a file's, or Google refuses it.
        """
        located = SITE.locate(wish.reference, environment)
        file_id = _file_id(located) if located is not None else None
        if located is None or file_id is None:
            raise _no_file(located)
        url = _address(located, file_id)
        home, own = url.origin, SITE.headers(environment, wish, located.base)
        for _ in range(MAX_PAGES + 1):
            headers = own if url.origin == home else Headers()
            answer = yield from ask(Request(url, PEEK, headers))
            if _is_file(answer):
                headers = own if answer.url.origin == home else Headers()
                return (_resource(answer, file_id, wish, headers),)
            url = _behind(answer)
        raise unexpected(url.host, "one page after another instead of the file")


def _file_id(located: SiteUrl) -> str | None:
    """The id of the file in the URL; ``None`` if it names none."""
    path = [part for part in located.segments if part]
    if path[:1] == ["u"] or path[1:2] == ["u"]:  # /u/0/uc, /file/u/0/d/ID: the number of the browser's account
        start = path.index("u")
        path = path[:start] + path[start + 2 :]
    given = dict(located.url.parameters).get("id", "")
    match path:
        case ["file", "d", identity, *_]:
            found = identity
        case ["uc" | "open" | "download"]:
            found = given
        case _:
            return None
    return found if _ID.fullmatch(found) else None


def _no_file(located: SiteUrl | None) -> ReferenceSyntaxError:
    if located is not None and {"folders", "folderview", "embeddedfolderview"} & set(located.segments):
        return ReferenceSyntaxError(
            "the link is a folder's, and Google Drive lists folders only after a login",
            hint=f"Use the links of its files. {_HINT}",
        )
    return ReferenceSyntaxError("the link to Google Drive names no file", hint=_HINT)


def _address(located: SiteUrl, file_id: str) -> Url:
    path = "/download" if located.url.host == CONTENT_HOST else "/uc"
    key = dict(located.url.parameters).get("resourcekey", "")
    more = f"&resourcekey={segment(key)}" if key else ""
    return make_url(located.base, path, f"id={file_id}&export=download{more}")


def _is_file(answer: Answer) -> bool:
    """Whether the response is the file. A file that is itself a web page is sent with a name."""
    if answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return True  # an empty file
    named = answer.head.headers.get("Content-Disposition") is not None
    return answer.status in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT} and (
        named or answer.head.media_type not in WEB_PAGE_TYPES
    )


def _behind(answer: Answer) -> Url:
    """The target of the page's form.

    Raises:
        FetchError: It is another page; the error says what it states.
    """
    from anymatix_fetcher.sources.forms import read_form  # noqa: PLC0415 - brings Python's parser of web pages

    form = read_form(answer.text, FORM) if answer.status == HTTPStatus.OK else None
    if form is None:
        raise _refusal(answer)
    try:
        url = make_url(answer.url.join(form.action).reveal().partition("?")[0], "", form.query)
    except (ValueError, ReferenceSyntaxError):
        raise unexpected(answer.url.host, "a page without a link to the file") from None
    if url.origin.scheme != answer.url.origin.scheme:
        raise unexpected(answer.url.host, "a page that leads from https to http")
    return url


def _refusal(answer: Answer) -> FetchError:
    """The page's text for people, as an error."""
    refused = judge(Request(answer.url, PEEK), answer.head, Known(), answer.text)
    if not isinstance(refused, Refused):
        return unexpected(answer.url.host, "a page without a link to the file")
    read = replace(refused, excerpt=answer.text)
    return SERVICE.explain(read, answer.url, authorized=False) or refusal_error(refused, answer.url)


def _resource(answer: Answer, file_id: str, wish: Wish, headers: Headers) -> Resource:
    page = f"{SITE.home}/file/d/{file_id}/view"
    return Resource(
        answer.url,
        name=wish.name or safe_name(filename_from(answer.head.headers) or ""),
        digests=wish.digests,
        headers=headers,
        reference=page,
        mirrors=wish.mirrors,
        service=SERVICE,
        renewed_by_source=True,
        about=About(page=page),
    )
