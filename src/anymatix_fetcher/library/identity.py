"""Which reference it is, whoever asks for it: without tokens, signatures and passwords."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode

_REFERENCE = re.compile(
    r"(?P<start>[A-Za-z][A-Za-z0-9+.-]*://)?(?P<userinfo>(?<=//)[^/?#]*@)?(?P<place>[^?#]*)(?P<query>\?[^#]*)?(?:#.*)?",
    re.DOTALL,
)
_SIGNING = re.compile(
    r"(?:x-(?:amz|goog|oss|cos)-.*|sig|sign|signature|policy|key-pair-id|awsaccesskeyid|googleaccessid|"
    r"ossaccesskeyid|hdne[ats]|hdnts|hmac|expires?|q-sign.*|verify)",
    re.IGNORECASE,
)
"""Parameters that sign the rest: what stands beside them belongs to the signature."""
_SECRET = re.compile(
    r".*(?:token|secret|passw|credential|session|api[_-]?key|auth|jwt|bearer|cookie).*|key|pwd|pass|pin|sid|ticket|code",
    re.IGNORECASE,
)
_HARMLESS = {
    *("type", "format", "size", "fp", "fileid", "download", "dl", "raw", "export"),
    *("id", "revision", "rev", "ref", "version", "filepath", "path", "file", "filename", "name"),
}
"""Parameters that say which file it is, on the hosts that models come from."""


class _Parts(NamedTuple):
    place: str
    parameters: list[str]


def base_reference(reference: str) -> str:
    """The reference without fragment, userinfo, and every parameter that may be a secret; else letter by letter.

    Of a signed query nothing is left, for its other parameters are the signature's.
    """
    place, parameters = _split(reference)
    names = [_name(parameter) for parameter in parameters]
    if any(map(_SIGNING.fullmatch, names)):
        parameters = []
    return _joined(place, [parameter for parameter in parameters if not _SECRET.fullmatch(_name(parameter))])


def recordable(reference: str) -> str:
    """What may be written into a file: of a query only those parameters that are known to be harmless."""
    place, parameters = _split(base_reference(reference))
    return _joined(place, [parameter for parameter in parameters if _name(parameter).lower() in _HARMLESS])


def identity(reference: str) -> str:
    """The SHA-256, in hex, of the base reference: one and the same with any token, and with none."""
    return _hash(base_reference(reference))


def left_by_first_fetcher(reference: str, auth: str = "") -> tuple[str, ...]:
    """The hashes under which the first AnymatixFetcher may have kept it: of the effective URL first, then of the base.

    Args:
        reference: The URL, with or without a token in its query.
        auth: What that fetcher was given besides, as ``token=...``: it adds this to the query, encoded anew.
    """
    reference = reference.partition("#")[0]
    bare = base_reference(reference)
    urls = [_encoded_anew(reference, auth)] if auth else []
    urls += [_encoded_anew(bare, auth)] if auth else []
    urls += [reference, _encoded_anew(reference, ""), bare, _encoded_anew(bare, "")]
    return tuple(dict.fromkeys(map(_hash, urls)))


def _split(reference: str) -> _Parts:
    match = _REFERENCE.fullmatch(reference.strip())
    if match is None:
        raise AssertionError("every text is a start, a place, a query and a fragment, each of them possibly empty")
    query = (match["query"] or "")[1:]
    return _Parts((match["start"] or "") + match["place"], query.split("&") if query else [])


def _joined(place: str, parameters: list[str]) -> str:
    return f"{place}?{'&'.join(parameters)}" if parameters else place


def _name(parameter: str) -> str:
    return unquote(parameter.partition("=")[0])


def _encoded_anew(url: str, auth: str) -> str:
    """The URL as the first fetcher writes it when it has put ``auth`` at the end of the query."""
    place, mark, query = url.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True) + parse_qsl(auth, keep_blank_values=True)
    return f"{place}?{urlencode(pairs)}" if pairs else place + mark.replace("?", "")


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
