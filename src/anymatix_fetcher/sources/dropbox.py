"""Dropbox: shared links, changed to request the file instead of its preview page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.filenames import safe_name
from anymatix_fetcher.core.values.resource import About, Resource
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.sources.accounts import DROPBOX
from anymatix_fetcher.sources.services import Explained
from anymatix_fetcher.sources.sites import Site, make_url

if TYPE_CHECKING:
    from anymatix_fetcher.sources.base import Environment, Resolving, Wish
    from anymatix_fetcher.sources.sites import SiteUrl

SITE = Site(DROPBOX)
SERVICE = Explained(SITE.name)

_OWN_PARAMETERS = frozenset({"dl", "raw"})


class Dropbox:
    """Shared files and folders; implements :class:`~anymatix_fetcher.sources.base.Source`."""

    name = SITE.name

    def recognises(self, reference: str, environment: Environment) -> bool:
        """Implements ``Source.recognises``."""
        located = SITE.locate(reference, environment)
        return located is not None and (_is_file(located) or _is_folder(located))

    def resolve(self, wish: Wish, environment: Environment) -> Resolving:
        """The shared file; of a folder, the archive that Dropbox creates.

        Raises:
            ReferenceSyntaxError: It isn't a shared link.
        """
        yield from ()  # no request is needed
        located = SITE.locate(wish.reference, environment)
        if located is None:
            raise ReferenceSyntaxError("not a shared link of Dropbox", hint="Copy the link from the page's share menu.")
        title = "a folder: it is sent as one zip archive, without support for ranges" if _is_folder(located) else ""
        return (
            Resource(
                make_url(located.base, located.path, _query(located)),
                name=wish.name or (None if title else safe_name(located.url.last_segment)),
                digests=wish.digests,
                headers=SITE.headers(environment, wish, located.base),
                # The query is what grants access, so it is kept out of journals.
                reference=f"{SITE.home}{located.path}",
                mirrors=wish.mirrors,
                service=SERVICE,
                about=About(title=title),
            ),
        )


def _is_file(located: SiteUrl) -> bool:
    match located.segments:
        case ["s", key, *name] | ["scl", "fi", key, *name]:
            return bool(key and any(name))
        case _:
            return False


def _is_folder(located: SiteUrl) -> bool:
    match located.segments:
        case ["sh", key, *_] | ["scl", "fo", key, *_]:
            return bool(key)
        case _:
            return False


def _query(located: SiteUrl) -> str:
    """The link's query, changed to request the content.

    The other parameters (``rlkey``, ``st``) grant access and are kept.
    """
    kept = [part for part in located.query.split("&") if part and part.partition("=")[0] not in _OWN_PARAMETERS]
    return "&".join([*kept, "dl=1"])
