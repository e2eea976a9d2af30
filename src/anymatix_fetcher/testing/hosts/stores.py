"""The stores that model hosts redirect to: sites that require a signature."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from anymatix_fetcher.testing.hosts.schemes import Asked, Grant, xml_error
from anymatix_fetcher.testing.hosts.site import Serving, query_fields
from anymatix_fetcher.testing.resources import Resource
from anymatix_fetcher.testing.responses.making import document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.testing.hosts.hosted import HostedFile
    from anymatix_fetcher.testing.hosts.schemes import Scheme
    from anymatix_fetcher.testing.hosts.site import Moment
    from anymatix_fetcher.testing.messages import Request
    from anymatix_fetcher.testing.responses.making import Draft

_DISPOSITIONS = ("response-content-disposition", "b2ContentDisposition", "rscd")
"""The query parameters that contain the file's name."""


class Store:
    """A site that serves files only by signed URLs.

    Args:
        name: The site's name.
        scheme: The kind of its signed URLs.
        prefix: The start of every path.
        bytes_per_second: The limit of a connection.
        headers: Further header fields for every file.
        most_without_range: The size above which files are served by ranges only; none for no limit.
    """

    stores = True

    def __init__(
        self,
        name: str,
        scheme: Scheme,
        *,
        prefix: str,
        bytes_per_second: float | None = None,
        headers: Sequence[tuple[str, str]] = (),
        most_without_range: int | None = None,
    ) -> None:
        self.name = name
        self._scheme = scheme
        self._prefix = prefix
        self._bytes_per_second = bytes_per_second
        self._headers = tuple(headers)
        self._most_without_range = most_without_range
        self._files: dict[str, tuple[HostedFile, str]] = {}

    def put(self, key: str, file: HostedFile, account: str) -> None:
        """Stores a file under ``key``; the ledger counts its bytes under ``account``."""
        self._files[self._prefix + key] = (file, account)

    def url(self, key: str, moment: Moment, life_seconds: int, pinned: str | None = None) -> str:
        """A new signed URL of a stored file; see `Grant`."""
        path = self._prefix + key
        bare = moment.urls[self.name] + quote(path)
        file, _ = self._files[path]
        return f"{bare}?{self._scheme.query(bare, file, Grant(moment.now, life_seconds, pinned))}"

    def answer(self, request: Request, moment: Moment) -> Draft | Serving:
        """Implements ``Site.answer``."""
        base = moment.urls[self.name]
        found = self._files.get(unquote(request.path))
        refused = self._scheme.refusal(Asked(request, base + request.path, moment.now))
        if refused is not None:
            return refused
        if found is None:
            return xml_error(404, "NoSuchKey", "The specified key does not exist.")
        file, account = found
        most = self._most_without_range
        if most is not None and file.size > most and request.method == "GET" and "range" not in request.headers:
            return document(400, "text/plain", "Bad Request")
        fields = query_fields(request)
        headers = list(self._headers)
        told = next((fields[name] for name in _DISPOSITIONS if name in fields), None)
        if told is not None:
            headers.append(("Content-Disposition", told))
        resource = Resource(unquote(request.path), file.content, self._scheme.entity_tag(file), headers=tuple(headers))
        return Serving(resource, account, self._bytes_per_second)
