"""What of an address may be written down: the one rule of sidecars, lock files, the index and the queue.

A query belongs to the address, for it may say which file is meant. Not so what opens a door: signatures, tokens and
passwords, known by their names, and values that look like one. One too many costs a user a pasted address, one too few
a secret.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote, unquote_plus

from anymatix_fetcher.core.answers.expiry import is_signed
from anymatix_fetcher.core.values.urls import Url

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
_TELLING = re.compile(
    r"token(?!iz)|secret|passw|credential|authori[sz]|signature|bearer|session|ticket|jwt|"
    r"(?:^|[^a-z])(?:pass|pwd|pw|auth|sig|sign|policy|hmac|otp|pin|sid|nonce|pass(?:code|phrase))(?:$|[^a-z])|keys?$",
    re.IGNORECASE,
)
"""In a parameter's name."""
_TELLING_VALUE = re.compile(r"(?:\b|_)(?:hf_|gh[a-z]_|github_pat_|sk-|eyJ)[A-Za-z0-9_-]{12,}|(?i:secret|passw)")
_OPAQUE_RUN = re.compile(r"(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{16,}|[A-Za-z]{32,}|[0-9]{32,}")
_OPAQUE = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9_+/=.-]{24,}")
_FILE_NAME = re.compile(r"[^=]{1,200}\.(?:safetensors|sft|gguf|ckpt|pth?|bin|onnx|zip|tar|gz|7z|json|ya?ml|txt|md|png)")
_NAMING = {
    *("type", "format", "size", "fp", "fileid", "download", "dl", "raw", "export"),
    *("id", "revision", "rev", "ref", "version", "filepath", "path", "file", "filename", "name"),
    *("model", "modelid", "repo", "repository", "asset", "tag", "branch", "commit", "object", "folder", "dir"),
}
"""Parameters that say which file it is, on the hosts that models come from, however odd their values look."""


class Parts(NamedTuple):
    """A reference without fragment and userinfo: what stands before its query, and its parameters as written."""

    place: str
    parameters: list[str]
    has_userinfo: bool

    def with_parameters(self, parameters: list[str]) -> str:
        """The reference with these parameters instead."""
        # White space around a reference says nothing, and may be around what is left of one.
        return (f"{self.place}?{'&'.join(parameters)}" if parameters else self.place).strip()


def parts_of(reference: str) -> Parts:
    """The reference in its parts; any text has them."""
    match = _REFERENCE.fullmatch(reference.strip())
    if match is None:
        raise AssertionError("every text is a start, a place, a query and a fragment, each of them possibly empty")
    query = (match["query"] or "")[1:]
    parameters = [text for text in query.split("&") if text.strip()]
    return Parts((match["start"] or "") + match["place"], parameters, match["userinfo"] is not None)


def name_of(parameter: str) -> str:
    """A parameter's name, decoded."""
    return unquote(parameter.partition("=")[0])


def credential_names(parameters: list[str]) -> set[str]:
    """The names, in lower case, that beyond doubt hold tokens or belong to a signature."""
    names = {name_of(parameter).lower() for parameter in parameters}
    found = {name for name in names if _SIGNING.fullmatch(name) or _SECRET.fullmatch(name)}
    return found | (_BESIDE_SIG if "sig" in names else set())


def recordable(reference: str) -> str:
    """The reference as it may be written into a file: without userinfo, fragment, and what may be a secret.

    Of a signed query nothing is left, for all of it belongs to the signature.
    """
    parts = parts_of(reference)
    return parts.with_parameters([] if _is_signed(parts) else [text for text in parts.parameters if _is_public(text)])


def is_recordable(reference: str) -> bool:
    """Whether the reference may be written as it is, and so goes on leading to the same."""
    parts = parts_of(reference)
    return not (parts.has_userinfo or _is_signed(parts)) and all(map(_is_public, parts.parameters))


def _is_signed(parts: Parts) -> bool:
    if any(_SIGNING.fullmatch(name_of(parameter)) for parameter in parts.parameters):
        return True
    try:
        return is_signed(Url.parse(parts.with_parameters(parts.parameters)))
    except ValueError:
        return False


def _is_public(parameter: str) -> bool:
    """Whether nothing in it, read with either separator, looks like a secret."""
    return not any(map(_is_telling, parameter.split(";")))


def _is_telling(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    name, value = unquote(name), unquote_plus(value)
    if _TELLING.search(name) or _SECRET.fullmatch(name) or _TELLING_VALUE.search(value):
        return True
    if name.lower() in _NAMING or _FILE_NAME.fullmatch(value):
        return False
    return _OPAQUE_RUN.search(value) is not None or _OPAQUE.fullmatch(value) is not None
