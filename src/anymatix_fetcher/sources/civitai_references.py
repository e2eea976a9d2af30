"""Parses references to Civitai: the version of the model, and the file.

- ``civitai:VERSION``, ``civitai:MODEL@VERSION``, and ``civitai:KIND:HEX`` by a hash (``sha256``, ``blake3``, ``crc32``,
  ``autov1`` to ``autov3``); ``?fileId=ID`` or ``?type=&format=&size=&fp=&quantType=`` select a file.
- AIRs: ``urn:air:sdxl:lora:civitai:MODEL[@VERSION][+FILE][.FORMAT]``.
- URLs of downloads and of model pages. A token in one is removed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote_plus

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.sources.base import Secret
from anymatix_fetcher.sources.sites import make_url

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anymatix_fetcher.core.values.urls import Url
    from anymatix_fetcher.sources.sites import Parameters, SiteUrl

PREFERENCES = ("type", "format", "size", "fp", "quantType")
"""The parameters of a download URL that select one of a version's files."""
HASH_LENGTHS = {"sha256": 64, "blake3": 64, "autov3": 12, "autov2": 10, "autov1": 8, "crc32": 8}
"""The hashes that Civitai finds files by, with the number of their hex digits. ``AutoV*`` don't cover a whole file."""
HINT = "Expected civitai:VERSION, civitai:MODEL@VERSION, civitai:sha256:HEX, or a page's URL at civitai.com."

_SCHEME = re.compile(r"civitai:(?://)?(.*)", re.IGNORECASE | re.DOTALL)
_ID = r"([0-9]{1,18})"
_HASH = re.compile(r"([A-Za-z0-9]+):([0-9A-Fa-f]+)")
_VERSION = re.compile(rf"(?:{_ID}@)?{_ID}(?:\+{_ID})?")
_AIR_NAME = re.compile(rf"{_ID}(?:@{_ID})?(?:\+{_ID})?(?::[^.]*)?(?:\.([A-Za-z0-9 ]+))?")
_DOWNLOAD = re.compile(rf"/api/download/models/{_ID}/?")
_MODEL_PAGE = re.compile(rf"/models/{_ID}(?:/[^/]*)*")
_VERSION_PAGE = re.compile(rf"/model-versions/{_ID}/?")
_AIR_FORMATS = {
    "safetensor": "SafeTensor",
    "safetensors": "SafeTensor",
    "ckpt": "PickleTensor",
    "pt": "PickleTensor",
}


@dataclass(frozen=True, slots=True)
class CivitaiReference:
    """A parsed reference.

    Args:
        version: The version's id; ``None`` for a model's newest one, or if a hash selects it.
        model: The model's id, if named.
        kind: The kind of ``hash``, a key of :data:`HASH_LENGTHS`; empty without one.
        hash: In lower case.
        file: The file's id, if named.
        preferences: The requested properties, by :data:`PREFERENCES`.
        download: The download URL as given, without its token; it may work if the API doesn't.
        token: The token in the reference.
    """

    version: int | None = None
    model: int | None = None
    kind: str = ""
    hash: str = ""
    file: int | None = None
    preferences: Parameters = ()
    download: Url | None = None
    token: Secret | None = None

    @property
    def digest(self) -> Digest | None:
        """The hash, if it covers the whole file and can be computed here."""
        return Digest(self.kind, self.hash) if self.kind in {"sha256", "crc32"} else None


def has_scheme(text: str) -> bool:
    """Whether the text begins with ``civitai:``."""
    return _SCHEME.match(text) is not None


def read_scheme(text: str) -> CivitaiReference:
    """Parses ``civitai:...``.

    Raises:
        ReferenceSyntaxError: It is invalid.
    """
    match = _SCHEME.fullmatch(text)
    body, _, query = (match.group(1) if match else "").partition("?")
    parameters = tuple(parse_qsl(query, keep_blank_values=True, errors="replace"))
    by_hash = _HASH.fullmatch(body)
    if by_hash is not None:
        return _chosen(_by_hash(by_hash.group(1).lower(), by_hash.group(2).lower()), parameters)
    numbers = _VERSION.fullmatch(body)
    if numbers is None:
        raise ReferenceSyntaxError("not a reference to Civitai: it names no version", hint=HINT)
    model, version, file = map(_number, numbers.groups())
    return _chosen(CivitaiReference(version=version, model=model, file=file), parameters)


def read_air_name(name: str) -> CivitaiReference:
    """Parses the part of an AIR after ``civitai:``.

    Raises:
        ReferenceSyntaxError: It is invalid.
    """
    parts = _AIR_NAME.fullmatch(name)
    if parts is None:
        raise ReferenceSyntaxError(
            "not an AIR of Civitai: it names no model", hint="Expected urn:air:ECOSYSTEM:TYPE:civitai:MODEL@VERSION."
        )
    model, version, file = map(_number, parts.groups()[:3])
    form = parts.group(4)
    preferences = (("format", _AIR_FORMATS.get(form.lower(), form)),) if form else ()
    return CivitaiReference(version=version, model=model, file=file, preferences=preferences)


def read_url(located: SiteUrl) -> CivitaiReference | None:
    """Parses a URL at Civitai; ``None`` if it is neither a download's nor a model page's."""
    parameters = located.url.parameters
    if download := _DOWNLOAD.fullmatch(located.path):
        url = make_url(located.base, located.path, without_token(located.query))
        return _chosen(CivitaiReference(version=_number(download.group(1)), download=url), parameters)
    if page := _MODEL_PAGE.fullmatch(located.path):
        version = next((value for name, value in parameters if name.lower() == "modelversionid"), "")
        if version and not re.fullmatch(_ID, version):
            raise ReferenceSyntaxError("not a reference to Civitai: its modelVersionId is not a number", hint=HINT)
        return _chosen(CivitaiReference(version=_number(version), model=_number(page.group(1))), parameters)
    if page := _VERSION_PAGE.fullmatch(located.path):
        return _chosen(CivitaiReference(version=_number(page.group(1))), parameters)
    return None


def token_of(parameters: Iterable[tuple[str, str]]) -> Secret | None:
    """The token in a query, if there is one."""
    return next((Secret(value) for name, value in parameters if name.lower() == "token" and value), None)


def without_token(query: str) -> str:
    """The query without tokens, otherwise unchanged."""
    pieces = query.split("&")
    return "&".join(piece for piece in pieces if unquote_plus(piece.partition("=")[0]).lower() != "token")


def _by_hash(kind: str, value: str) -> CivitaiReference:
    if HASH_LENGTHS.get(kind) != len(value):
        kinds = ", ".join(f"{name} ({length} digits)" for name, length in HASH_LENGTHS.items())
        raise ReferenceSyntaxError("not a hash that Civitai supports", hint=f"Expected one of {kinds}.")
    return CivitaiReference(kind=kind, hash=value)


def _chosen(reference: CivitaiReference, parameters: Parameters) -> CivitaiReference:
    """The reference with the query's file selection and token."""
    given = {name.lower(): value for name, value in parameters if value}
    file = given.get("fileid", "")
    if file and not re.fullmatch(_ID, file):
        raise ReferenceSyntaxError("not a reference to Civitai: its fileId is not a number", hint=HINT)
    return replace(
        reference,
        file=reference.file or _number(file),
        preferences=tuple((name, given[name.lower()]) for name in PREFERENCES if name.lower() in given),
        token=token_of(parameters),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text else None
