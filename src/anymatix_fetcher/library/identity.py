"""Which reference it is, whoever asks for it: without tokens, signatures and passwords."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode

_REFERENCE = re.compile(
    r"(?P<start>[A-Za-z][A-Za-z0-9+.-]*://)?(?P<userinfo>(?<=//)[^/?#]*@)?(?P<place>[^?#]*)(?P<query>\?[^#]*)?(?:#.*)?",
    re.DOTALL,
)
_SIGNING = re.compile(
    r"x-(?:amz|goog|oss|cos)-.*|sig|sign|signature|policy|key-pair-id|awsaccesskeyid|googleaccessid|ossaccesskeyid|"
    r"hdne[ats]|hdnts|hmac|expires?|q-sign.*|verify",
    re.IGNORECASE,
)
_BESIDE_SIG = {"sv", "se", "st", "sp", "sr", "spr", "sip", "skoid", "sktid", "skt", "ske", "sks", "skv", "ss", "srt"}
"""Azure's names, too short to mean anything where no ``sig`` stands beside them."""
_SECRET = re.compile(
    r".*(?:(?<![a-z])token|secret|passw(?:or)?d|credential|api[_-]?key|authorization|jwt|bearer)|auth|pwd",
    re.IGNORECASE,
)
_HARMLESS = {
    *("type", "format", "size", "fp", "fileid", "download", "dl", "raw", "export"),
    *("id", "revision", "rev", "ref", "version", "filepath", "path", "file", "filename", "name"),
}
"""Parameters that say which file it is, on the hosts that models come from."""

UNNAMED = "unnamed:"


class _Parts(NamedTuple):
    place: str
    parameters: list[str]


def base_reference(reference: str) -> str:
    """The reference without fragment, userinfo, and the parameters that hold tokens and signatures; else unchanged.

    What may be a secret by its name, but may say as well which file it is (``?key=``, ``?id=``), stays: two files must
    never pass for one. So this isn't fit to be written; :func:`recordable` is.
    """
    place, parameters = _split(reference)
    names = {_name(parameter).lower() for parameter in parameters}
    dropped = {name for name in names if _SIGNING.fullmatch(name) or _SECRET.fullmatch(name)}
    dropped |= _BESIDE_SIG if "sig" in names else set()
    return _joined(place, [parameter for parameter in parameters if _name(parameter).lower() not in dropped])


def recordable(reference: str) -> str:
    """What may be written into a file: of a query only those parameters that are known to be harmless.

    Of a signed one nothing is left, for the rest belongs to the signature.
    """
    place, parameters = _split(reference)
    if any(_SIGNING.fullmatch(_name(parameter)) for parameter in parameters):
        parameters = []
    return _joined(place, [parameter for parameter in parameters if _name(parameter).lower() in _HARMLESS])


@lru_cache(maxsize=256)
def identity(reference: str) -> str:
    """The SHA-256, in hex, of the base reference: one and the same with any token, and with none."""
    return _hash(base_reference(reference))


def unnamed(reference: str) -> str:
    """What stands for the reference where whoever asked has left the file's name to the place that it came from.

    Such a file is the one that is meant when the same is asked for again.
    """
    return f"{UNNAMED}{identity(reference)}"


def part_of(reference: str) -> str:
    """What stands for a reference that names several files, beside each of these: no file is meant by it alone."""
    return _hash(f"part of {base_reference(reference)}")


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
    return _Parts((match["start"] or "") + match["place"], [text for text in query.split("&") if text.strip()])


def _joined(place: str, parameters: list[str]) -> str:
    # White space around a reference says nothing, and may be around what is left of one.
    return (f"{place}?{'&'.join(parameters)}" if parameters else place).strip()


def _name(parameter: str) -> str:
    return unquote(parameter.partition("=")[0])


def _encoded_anew(url: str, auth: str) -> str:
    """The URL as the first fetcher writes it when it has put ``auth`` at the end of the query."""
    place, mark, query = url.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True) + parse_qsl(auth, keep_blank_values=True)
    return f"{place}?{urlencode(pairs)}" if pairs else place + mark.replace("?", "")


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
