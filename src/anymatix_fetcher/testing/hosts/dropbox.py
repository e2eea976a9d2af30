"""A stand-in for Dropbox: a shared link is a page with ``dl=0`` and a file with ``dl=1``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from anymatix_fetcher.testing.hosts.site import Host, Serving, page, query_fields, redirect
from anymatix_fetcher.testing.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.testing.hosts.hosted import HostedFile
    from anymatix_fetcher.testing.hosts.site import Moment
    from anymatix_fetcher.testing.messages import Request
    from anymatix_fetcher.testing.responses.making import Draft


@dataclass(frozen=True, slots=True)
class DropboxLink:
    """A shared link ``/scl/fi/{id}/{name}?rlkey={key}``."""

    id: str
    key: str
    file: HostedFile


def dropbox(links: Sequence[DropboxLink], *, bytes_per_second: float | None = None) -> Host:
    """A stand-in with the sites ``dropbox`` and ``dropbox-content``."""
    shared = {(link.id, link.key): link.file for link in links}
    files = {f"/cd/0/get/{link.id}/file": link.file for link in links}
    return Host(
        {"dropbox": _Web(shared), "dropbox-content": _Content(files, bytes_per_second)}, {"DROPBOX_ENDPOINT": "dropbox"}
    )


class _Web:
    """www.dropbox.com; implements ``Site``."""

    stores = False

    def __init__(self, shared: dict[tuple[str, str], HostedFile]) -> None:
        self._shared = shared

    def answer(self, request: Request, moment: Moment) -> Draft:
        """Implements ``Site.answer``."""
        fields = query_fields(request)
        _, *parts = map(unquote, request.path.split("/"))
        match parts:
            case ["scl", "fi", number, name]:
                file = self._shared.get((number, fields.get("rlkey", "")))
                if file is not None and file.name == name:
                    if fields.get("dl") == "1":
                        return redirect(302, f"{moment.urls['dropbox-content']}/cd/0/get/{quote(number)}/file?dl=1")
                    return page(200, f"<head><title>Dropbox - {name}</title></head>")
            case _:
                pass
        return page(404, "<head><title>Dropbox - 404</title></head>")


class _Content:
    """dl.dropboxusercontent.com; implements ``Site``."""

    stores = True

    def __init__(self, files: dict[str, HostedFile], bytes_per_second: float | None) -> None:
        self._files = files
        self._bytes_per_second = bytes_per_second

    def answer(self, request: Request, moment: Moment) -> Draft | Serving:
        """Implements ``Site.answer``."""
        del moment
        file = self._files.get(unquote(request.path))
        if file is None:
            return page(404, "<head><title>Dropbox - 404</title></head>")
        name = file.name
        headers = (("Content-Disposition", f"attachment; filename=\"{name}\"; filename*=UTF-8''{quote(name)}"),)
        resource = Resource(request.path, file.content, f'"{file.mark}d"', headers=headers)
        return Serving(resource, f"dropbox:{name}", self._bytes_per_second)
