"""A stand-in for Zenodo: records with MD5 sums, and files from the same site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from anymatix_fetcher.testing.hosts.site import Host, Serving, json_answer, page
from anymatix_fetcher.testing.hosts.windows import FixedWindows
from anymatix_fetcher.testing.resources import Resource
from anymatix_fetcher.testing.responses.making import Draft

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.testing.hosts.hosted import HostedFile
    from anymatix_fetcher.testing.hosts.site import Moment
    from anymatix_fetcher.testing.messages import Request

_MINUTE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class ZenodoRecord:
    """A record and its files."""

    id: int
    title: str
    files: tuple[HostedFile, ...]


def zenodo(
    records: Sequence[ZenodoRecord], *, bytes_per_second: float | None = None, requests_per_minute: int = 60
) -> Host:
    """A stand-in with the site ``zenodo``, which refuses aria2 and limits the requests per minute."""
    return Host({"zenodo": _ZenodoSite(records, bytes_per_second, requests_per_minute)}, {"ZENODO_ENDPOINT": "zenodo"})


class _ZenodoSite:
    """Implements ``Site``."""

    stores = False

    def __init__(self, records: Sequence[ZenodoRecord], bytes_per_second: float | None, limit: int) -> None:
        self._records = {str(record.id): record for record in records}
        self._bytes_per_second = bytes_per_second
        self._window = FixedWindows(limit, _MINUTE_SECONDS)

    def answer(self, request: Request, moment: Moment) -> Draft | Serving:
        """Implements ``Site.answer``."""
        if request.headers.get("user-agent", "").startswith("aria2/"):
            return page(403, "<head><title>403 Forbidden</title></head>")
        allowance = self._window.take("", moment.now)
        limits = (
            ("X-RateLimit-Limit", str(allowance.limit)),
            ("X-RateLimit-Remaining", str(allowance.remaining)),
            ("X-RateLimit-Reset", str(int(moment.now) + allowance.reset_seconds)),
            ("Retry-After", str(allowance.reset_seconds)),
        )
        if not allowance.allowed:
            return json_answer(429, {"status": 429, "message": "Too many requests."}, limits)
        said = self._answer(request, moment, limits)
        if isinstance(said, Draft):
            said.headers += limits
        return said

    def _answer(self, request: Request, moment: Moment, limits: tuple[tuple[str, str], ...]) -> Draft | Serving:
        _, *parts = map(unquote, request.path.split("/"))
        match parts:
            case ["api", "records", number] if number in self._records:
                return json_answer(200, _record_json(self._records[number], moment.urls["zenodo"]))
            case ["records", number, "files", name] | ["api", "records", number, "files", name, "content"]:
                for file in self._records[number].files if number in self._records else ():
                    if file.name == name:
                        return self._serving(number, file, limits)
            case _:
                pass
        return json_answer(404, {"status": 404, "message": "The persistent identifier does not exist."})

    def _serving(self, number: str, file: HostedFile, limits: tuple[tuple[str, str], ...]) -> Serving:
        headers = (
            ("Content-Disposition", f"attachment; filename={file.name}"),
            ("Accept-Ranges", "none"),
            ("Accept-Ranges", "bytes"),
            ("Content-MD5", file.md5),
            *limits,
        )
        resource = Resource(file.name, file.content, f'"md5:{file.md5}"', headers=headers)
        return Serving(resource, f"zenodo:{number}/{file.name}", self._bytes_per_second)


def _record_json(record: ZenodoRecord, url: str) -> dict[str, Any]:
    """The fields of a record that downloaders use (Zenodo's REST API, "Records")."""
    api = f"{url}/api/records/{record.id}"
    return {
        "id": record.id,
        "title": record.title,
        "doi": f"10.5281/zenodo.{record.id}",
        "metadata": {"title": record.title, "access_right": "open"},
        "links": {"self": api, "html": f"{url}/records/{record.id}"},
        "files": [
            {
                "id": file.md5,
                "key": file.name,
                "size": file.size,
                "checksum": f"md5:{file.md5}",
                "links": {"self": f"{api}/files/{quote(file.name)}/content"},
            }
            for file in record.files
        ],
    }
