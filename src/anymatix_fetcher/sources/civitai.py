"""Civitai: the API states the file's id, name and digest; the download URL is then requested by that id.

Every request to a download URL counts against the account's limit, so it is made once, and all facts come from the API
(https://developer.civitai.com/site/reference/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from anymatix_fetcher.core.values.filenames import safe_name
from anymatix_fetcher.core.values.resource import About, Resource
from anymatix_fetcher.errors import NetworkError, NotFoundError
from anymatix_fetcher.sources import civitai_references as references
from anymatix_fetcher.sources.accounts import CIVITAI
from anymatix_fetcher.sources.air import read_air
from anymatix_fetcher.sources.civitai_files import choose, read_files
from anymatix_fetcher.sources.documents import Document
from anymatix_fetcher.sources.services import Explained
from anymatix_fetcher.sources.sites import Site, agreed, make_url, without_digest

if TYPE_CHECKING:
    from collections.abc import Generator

    from anymatix_fetcher.core.values.http import Headers, Request
    from anymatix_fetcher.errors import FetchError
    from anymatix_fetcher.sources.base import Answer, Environment, Resolving, Wish
    from anymatix_fetcher.sources.civitai_references import CivitaiReference
    from anymatix_fetcher.sources.sites import SiteUrl

SITE = Site(CIVITAI)
SERVICE = Explained(SITE.name)


class Civitai:
    """Versions of models and their files; implements :class:`~anymatix_fetcher.sources.base.Source`."""

    name = SITE.name

    def recognises(self, reference: str, environment: Environment) -> bool:
        """Implements ``Source.recognises``."""
        return SITE.claims(reference, environment, has_scheme=references.has_scheme, read_url=references.read_url)

    def resolve(self, wish: Wish, environment: Environment) -> Resolving:
        """The file that the wish names.

        Raises:
            FetchError: The reference is invalid, there is no such file, or the API fails and no download URL was given.
        """
        text = wish.reference.strip()
        base, air, located = SITE.base(environment), read_air(text), SITE.locate(text, environment)
        if located is not None:
            base, found = located.base, references.read_url(located)
            if found is None:
                return (_elsewhere(located, wish, environment),)
        else:
            found = references.read_air_name(air.name) if air else references.read_scheme(text)
        headers = SITE.headers(environment, wish, base, found.token)
        try:
            answer = yield from _version(base, found, headers)
            document = Document.of(answer)
        except (NotFoundError, NetworkError) as error:
            # The API isn't the file: if a download URL or a version is known, it is tried even if the API is down.
            if found.download is None and (found.version is None or isinstance(error, NotFoundError)):
                raise _perhaps_a_model(found, error) from error
            return (without_digest(_unknown(base, found, wish, headers), SITE, error),)
        return (_known(base, found, wish, headers, document, answer.text),)


def _perhaps_a_model(found: CivitaiReference, error: FetchError) -> FetchError:
    """The error, with a hint if the number may be a model's instead of a version's."""
    if not isinstance(error, NotFoundError) or found.version is None or found.model is not None:
        return error
    number = found.version
    return NotFoundError(
        error.message,
        hint=f"If {number} is a model's number, as in the URLs of pages, write civitai:{number}@VERSION, or the "
        f"page's URL: {CIVITAI.home}/models/{number}.",
    )


def _version(base: str, found: CivitaiReference, headers: Headers) -> Generator[Request, Answer, Answer]:
    """The API's description of the version."""
    if found.kind:
        return (
            yield from SITE.ask(f"{base}/api/v1/model-versions/by-hash/{found.hash}", headers, f"hash {found.hash}")
        )
    version = found.version
    if version is None:
        version = yield from _newest(base, found.model or 0, headers)
    return (yield from SITE.ask(f"{base}/api/v1/model-versions/{version}", headers, f"version {version}"))


def _newest(base: str, model: int, headers: Headers) -> Generator[Request, Answer, int]:
    """The model's newest published version. The API lists the newest first."""
    answer = yield from SITE.ask(f"{base}/api/v1/models/{model}", headers, f"model {model}")
    for version in Document.of(answer).items("modelVersions"):
        if version.optional_text("status") in {"", "Published"}:
            return version.number("id")
    raise NotFoundError(f"model {model} at Civitai has no published version", hint="The model's page says why.")


def _known(base: str, found: CivitaiReference, wish: Wish, headers: Headers, document: Document, text: str) -> Resource:
    """The file as the API describes it."""
    version, model = document.number("id"), document.optional_number("modelId")
    if found.model is not None and model is not None and found.model != model:
        raise NotFoundError(
            f"version {version} at Civitai belongs to model {model}, not to {found.model}",
            hint=f"Use civitai:{model}@{version}.",
        )
    file = choose(read_files(document), found)
    what = f"civitai:{version}?fileId={file.id}"
    stated = (found.digest,) if found.digest else file.digests
    return Resource(
        make_url(base, f"/api/download/models/{version}", f"fileId={file.id}"),
        name=wish.name or safe_name(file.name),
        length=file.length,
        digests=agreed(wish.digests, stated, what),
        headers=headers,
        reference=what,
        mirrors=wish.mirrors,
        service=SERVICE,
        about=_about(base, document, text),
    )


def _about(base: str, document: Document, text: str) -> About:
    model, version = document.optional_number("modelId"), document.number("id")
    described = document.optional_part("model")
    names = (described.optional_text("name"), document.optional_text("name"))
    return About(
        title=" ".join(name for name in names if name),
        type=described.optional_text("type"),
        base_model=document.optional_text("baseModel"),
        page=f"{base}/models/{model}?modelVersionId={version}" if model is not None else "",
        trigger_words=document.optional_texts("trainedWords"),
        document=text,
    )


def _unknown(base: str, found: CivitaiReference, wish: Wish, headers: Headers) -> Resource:
    """The file at its download URL if the API fails: the server's response identifies it."""
    choice = [("fileId", str(found.file))] if found.file is not None else list(found.preferences)
    query = urlencode(choice)
    return Resource(
        found.download or make_url(base, f"/api/download/models/{found.version}", query),
        name=wish.name,
        digests=wish.digests,
        headers=headers,
        reference=f"civitai:{found.version}" + (f"?{query}" if query else ""),
        mirrors=wish.mirrors,
        service=SERVICE,
    )


def _elsewhere(located: SiteUrl, wish: Wish, environment: Environment) -> Resource:
    """Another URL at Civitai, with its token moved into a header field."""
    url = make_url(located.base, located.path, references.without_token(located.query))
    token = references.token_of(located.url.parameters)
    return Resource(
        url,
        name=wish.name,
        digests=wish.digests,
        headers=SITE.headers(environment, wish, located.base, token),
        reference=url.without_credentials().reveal(),
        mirrors=wish.mirrors,
        service=SERVICE,
    )
