"""Remote Metalinks: a URL of a ``.meta4`` or ``.metalink`` file stands for the files that it describes.

``metalink:URL`` does the same for any other URL. The files' URLs are requested like those of any server: credentials
for the Metalink's host are not sent to others.
"""

from __future__ import annotations

import re
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.explain import refusal_error
from anymatix_fetcher.core.answers.judge import Known, judge
from anymatix_fetcher.core.answers.secrecy import recordable
from anymatix_fetcher.core.values.filenames import METALINK_SUFFIXES, SafeName
from anymatix_fetcher.core.values.http import Headers, Refused, Request
from anymatix_fetcher.core.values.resource import About, Author, Resource
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import ReferenceSyntaxError, UnexpectedAnswerError
from anymatix_fetcher.sources.base import ask
from anymatix_fetcher.sources.documents import unexpected
from anymatix_fetcher.sources.explanations.hosts import service_of
from anymatix_fetcher.sources.metalink import parse
from anymatix_fetcher.sources.repository import RepositoryFile, wanted
from anymatix_fetcher.sources.services import Explained
from anymatix_fetcher.sources.sites import agreed

if TYPE_CHECKING:
    from collections.abc import Generator

    from anymatix_fetcher.sources.base import Answer, Environment, Resolving, Wish
    from anymatix_fetcher.sources.metalink import MetalinkFile


_SCHEME = re.compile(r"metalink:(.*)", re.IGNORECASE | re.DOTALL)
_HINT = "Expected a Metalink's URL, such as https://example.com/model.meta4."


class Metalink:
    """The files of a Metalink; implements :class:`~anymatix_fetcher.sources.base.Source`."""

    name = "metalink"

    def recognises(self, reference: str, environment: Environment) -> bool:
        """Implements ``Source.recognises``."""
        del environment
        if _SCHEME.match(reference):
            return True
        try:
            return Url.parse(reference).path.lower().endswith(METALINK_SUFFIXES)
        except ValueError:
            return False

    def resolve(self, wish: Wish, environment: Environment) -> Resolving:
        """The selected files of the Metalink.

        Raises:
            FetchError: The Metalink can't be fetched or parsed.
        """
        scheme = _SCHEME.fullmatch(wish.reference.strip())
        try:
            url = Url.parse(scheme.group(1).strip() if scheme else wish.reference.strip())
        except ValueError as error:
            raise ReferenceSyntaxError(f"not a Metalink's URL: {error}", hint=_HINT) from None
        headers = environment.headers_for(url, wish)
        answer = yield from _ask(url, headers)
        files = {_path(file): file for file in parse(answer.body)}
        listed = [RepositoryFile(path, file.size, file.digests) for path, file in files.items()]
        chosen = [files[file.path] for file in wanted(listed, wish, what=str(url))]
        wish = replace(wish, headers=headers)
        single = wish if len(chosen) == 1 else replace(wish, name=None, mirrors=())
        return tuple(_resource(file, single, url, answer.url) for file in chosen)


def _ask(url: Url, headers: Headers) -> Generator[Request, Answer, Answer]:
    answer = yield from ask(Request(url, headers=headers))
    if answer.status == HTTPStatus.OK:
        return answer
    refused = judge(Request(answer.url), answer.head, Known(), answer.text)
    if isinstance(refused, Refused):
        raise refusal_error(refused, answer.url)
    raise unexpected(answer.url.host, f"status {answer.status}")


def _path(file: MetalinkFile) -> str:
    return f"{file.folder}/{file.name}" if file.folder else file.name


def _resource(file: MetalinkFile, wish: Wish, asked: Url, answered: Url) -> Resource:
    """The file at its best URL.

    Raises:
        FetchError: It has no usable URL, or another digest than the user states.
    """
    places = [mirror.url for mirror in file.mirrors]
    if answered.origin.scheme == "https" and not file.digests:
        # A Metalink fetched over https must not lead to content that others on the network path can change.
        places = [place for place in places if place.origin.scheme == "https"]
    if not places:
        raise UnexpectedAnswerError(
            f"the Metalink at {asked} has only plain http URLs and no digest for {file.name}",
            hint="Ask its author for digests.",
        )
    url, *others = places
    return Resource(
        url,
        name=wish.name or file.name,
        length=file.size,
        digests=agreed(wish.digests, file.digests, file.name),
        headers=wish.headers if url.origin == asked.origin else Headers(),
        author=wish.author if url.origin == asked.origin else Author.FILE,
        reference=recordable(url.reveal()),
        folder=tuple(map(SafeName, file.folder.split("/"))) if file.folder else (),
        mirrors=tuple(dict.fromkeys((*wish.mirrors, *others))),
        service=Explained(Metalink.name, service_of(url)),
        about=About(page=str(asked)),
    )
