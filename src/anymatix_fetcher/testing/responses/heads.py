"""The header fields of a response, except those for framing."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import quote

from anymatix_fetcher.testing.faults.heads import BigHead, Disposition, Header, RateLimit

if TYPE_CHECKING:
    from anymatix_fetcher.testing.resources import Resource
    from anymatix_fetcher.testing.responses.making import ChosenFaults, Draft, Place


def add_headers(made: Draft, resource: Resource | None, faults: ChosenFaults, place: Place) -> None:
    """Adds the file's fields and those of the faults."""
    extra = list(resource.headers) if resource is not None and made.status < 400 else []  # noqa: PLR2004 - errors
    extra += [(header.name, header.value) for header in faults.all(Header)]
    for name, _ in extra:
        made.drop(name)
    made.headers += [(name, _filled(value, resource)) for name, value in extra]  # a name may occur twice
    for disposition in faults.all(Disposition):
        made.put("Content-Disposition", _content_disposition(disposition))
    for limit in faults.all(RateLimit):
        for name, value in _rate_limit(limit, place.now):
            made.put(name, value)
    for big in faults.all(BigHead):
        made.headers += [(f"X-Padding-{index}", "x" * (big.size // big.fields)) for index in range(big.fields)]


def _filled(value: str, resource: Resource | None) -> str:
    """The value with the file's digest and length filled in; the digest is computed only if needed."""
    if resource is None or "{" not in value:
        return value
    value = value.replace("{size}", str(resource.content.size)).replace("{etag}", resource.etag or "")
    if "{sha256" in value:
        hexadecimal = resource.content.sha256()
        encoded = base64.b64encode(bytes.fromhex(hexadecimal)).decode()
        value = value.replace("{sha256}", hexadecimal).replace("{sha256_base64}", encoded)
    return value


def _content_disposition(fault: Disposition) -> str:
    """The field by RFC 6266: ``filename`` unchanged, ``filename*`` percent-encoded (RFC 8187)."""
    plain = f'filename="{fault.filename}"'
    extended = f"filename*=UTF-8''{quote(fault.filename, safe='')}"
    parts = {"plain": [plain], "extended": [extended], "both": [plain, extended]}[fault.form]
    return "; ".join(["attachment", *parts])


def _rate_limit(fault: RateLimit, now: float) -> list[tuple[str, str]]:
    if fault.form == "structured":
        return [
            ("RateLimit", f'"default";r={fault.remaining};t={fault.reset}'),
            ("RateLimit-Policy", f'"default";q={fault.limit};w={max(60, fault.reset)}'),
        ]
    prefix, reset = ("X-RateLimit", int(now) + fault.reset) if fault.form == "x" else ("RateLimit", fault.reset)
    return [
        (f"{prefix}-Limit", str(fault.limit)),
        (f"{prefix}-Remaining", str(fault.remaining)),
        (f"{prefix}-Reset", str(reset)),
    ]
