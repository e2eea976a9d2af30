"""A stand-in for Google Drive: large files come after a page that asks for confirmation."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from anymatix_fetcher.testing.hosts.site import Host, Serving, page, query_fields, redirect
from anymatix_fetcher.testing.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anymatix_fetcher.testing.hosts.hosted import HostedFile
    from anymatix_fetcher.testing.hosts.site import Moment
    from anymatix_fetcher.testing.messages import Request
    from anymatix_fetcher.testing.responses.making import Draft

_QUOTA = "Too many users have viewed or downloaded this file recently. Please try accessing the file again later."


@dataclass(frozen=True, slots=True)
class GoogleDriveSettings:
    """The settings of the stand-in.

    Attributes:
        scanned_bytes: The size above which files need confirmation; in reality about 100 MB.
        exhausted: The ids of files with an exhausted quota.
        bytes_per_second: The limit of a connection.
    """

    scanned_bytes: int = 100_000_000
    exhausted: frozenset[str] = frozenset()
    bytes_per_second: float | None = None


def googledrive(files: Mapping[str, HostedFile], settings: GoogleDriveSettings | None = None) -> Host:
    """A stand-in with the sites ``googledrive`` and ``googledrive-usercontent``; files by id."""
    settings = settings or GoogleDriveSettings()
    return Host(
        {"googledrive": _Drive(files, settings), "googledrive-usercontent": _UserContent(files, settings)},
        {"GDRIVE_ENDPOINT": "googledrive"},
    )


class _Drive:
    """drive.google.com; implements ``Site``."""

    stores = False

    def __init__(self, files: Mapping[str, HostedFile], settings: GoogleDriveSettings) -> None:
        self._files = files
        self._settings = settings

    def answer(self, request: Request, moment: Moment) -> Draft:
        """Implements ``Site.answer``."""
        fields = query_fields(request)
        number = fields.get("id", "")
        file = self._files.get(number)
        _, *parts = request.path.split("/")
        if parts[:2] == ["file", "d"]:
            return page(200, "<head><title>Google Drive</title></head>")
        if request.path != "/uc" or file is None:
            return page(404, "<head><title>Error 404 (Not Found)</title></head>")
        if number in self._settings.exhausted:
            return _quota_page()
        target = f"{moment.urls['googledrive-usercontent']}/download"
        if file.size > self._settings.scanned_bytes:
            return _warning_page(number, file, target)
        return redirect(303, f"{target}?{urlencode({'id': number, 'export': 'download'})}")


class _UserContent:
    """drive.usercontent.google.com; implements ``Site``."""

    stores = True

    def __init__(self, files: Mapping[str, HostedFile], settings: GoogleDriveSettings) -> None:
        self._files = files
        self._settings = settings

    def answer(self, request: Request, moment: Moment) -> Draft | Serving:
        """Implements ``Site.answer``."""
        fields = query_fields(request)
        number = fields.get("id", "")
        file = self._files.get(number)
        if request.path != "/download" or file is None:
            return page(404, "<head><title>Error 404 (Not Found)</title></head>")
        if number in self._settings.exhausted:
            return _quota_page()
        sure = fields.get("confirm") == "t" and fields.get("uuid") == _uuid(number)
        if file.size > self._settings.scanned_bytes and not sure:
            return _warning_page(number, file, f"{moment.urls['googledrive-usercontent']}/download")
        headers = (("Content-Disposition", f'attachment; filename="{file.name}"'),)
        resource = Resource("/download", file.content, f'"{file.mark}"', headers=headers)
        return Serving(resource, f"googledrive:{number}", self._settings.bytes_per_second)


def _uuid(number: str) -> str:
    text = hashlib.sha256(f"uuid:{number}".encode()).hexdigest()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:32]}"


def _warning_page(number: str, file: HostedFile, action: str) -> Draft:
    hidden = {"id": number, "export": "download", "confirm": "t", "uuid": _uuid(number), "at": f"AN8xHoo:{number[:6]}"}
    inputs = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in hidden.items())
    return page(
        200,
        "<head><title>Google Drive - Virus scan warning</title></head><body>"
        f'<span class="uc-name-size"><a href="/open?id={number}">{file.name}</a> ({file.size >> 20}M)</span> '
        "is too large for Google to scan for viruses. Would you still like to download this file?"
        f'<form id="download-form" action="{action}" method="get">'
        f'<input type="submit" id="uc-download-link" value="Download anyway">{inputs}</form></body>',
    )


def _quota_page() -> Draft:
    return page(200, f"<head><title>Google Drive - Quota exceeded</title></head><body><p>{_QUOTA}</p></body>")
