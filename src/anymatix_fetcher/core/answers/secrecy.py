"""Which parts of a URL may be written: the common rule for sidecars, lock files, the index and the queue.

A query belongs to the URL, because it may select the file. Excluded are signatures, tokens and passwords, recognized by
their names, and values that look like secrets. A false positive costs the user the pasted URL, a false negative a
secret.
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
"""Azure's parameters, with names too short to be meaningful without a ``sig``."""
_SECRET = re.compile(
    r".*(?:(?<![a-z])token|secret|passw(?:or)?d|credential|api[_-]?key|authorization|jwt|bearer)|auth|pwd",
    re.IGNORECASE,
)
_TELLING = re.compile(
    r"token(?!iz)|secret|passw|credential|authori[sz]|signature|bearer|session|ticket|jwt|"
    r"(?:^|[^a-z])(?:pass|pwd|pw|auth|sig|sign|policy|hmac|otp|pin|sid|nonce|pass(?:code|phrase))(?:$|[^a-z])|keys?$",
    re.IGNORECASE,
)
"""Patterns in a parameter's name."""
_TELLING_VALUE = re.compile(r"(?:\b|_)(?:hf_|gh[a-z]_|github_pat_|sk-|eyJ)[A-Za-z0-9_-]{12,}|(?i:secret|passw)")
_OPAQUE_RUN = re.compile(r"(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{16,}|[A-Za-z]{32,}|[0-9]{32,}")
_OPAQUE = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9_+/=.-]{24,}")
_FILE_NAME = re.compile(r"[^=]{1,200}\.(?:safetensors|sft|gguf|ckpt|pth?|bin|onnx|zip|tar|gz|7z|json|ya?ml|txt|md|png)")
_NAMING = {
    *("type", "format", "size", "fp", "fileid", "download", "dl", "raw", "export"),
    *("id", "revision", "rev", "ref", "version", "filepath", "path", "file", "filename", "name"),
    *("model", "modelid", "repo", "repository", "asset", "tag", "branch", "commit", "object", "folder", "dir"),
}
"""Parameters that select a file on the hosts of models, and are allowed whatever their values look like."""


class Parts(NamedTuple):
    """A reference without fragment and userinfo: the part before its query, and its parameters as written."""

    place: str
    parameters: list[str]
    has_userinfo: bool

    def with_parameters(self, parameters: list[str]) -> str:
        """The reference with these parameters instead."""
        # White space around a reference is ignored, also around the rest of one.
        return (f"{self.place}?{'&'.join(parameters)}" if parameters else self.place).strip()


def parts_of(reference: str) -> Parts:
    """Splits any text into its parts as a reference."""
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
    """The names, in lower case, that certainly contain tokens or belong to a signature."""
    names = {name_of(parameter).lower() for parameter in parameters}
    found = {name for name in names if _SIGNING.fullmatch(name) or _SECRET.fullmatch(name)}
    return found | (_BESIDE_SIG if "sig" in names else set())


def recordable(reference: str) -> str:
    """The reference without userinfo, fragment, and possible secrets, so that it may be written to a file.

    A signed query is removed completely, because all of it belongs to the signature.
    """
    parts = parts_of(reference)
    return parts.with_parameters([] if _is_signed(parts) else [text for text in parts.parameters if _is_public(text)])


def is_recordable(reference: str) -> bool:
    """Whether the reference may be written unchanged, so that it still leads to the same file."""
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
    """Whether no part of it, with either separator, looks like a secret."""
    return not any(map(_is_telling, parameter.split(";")))


def _is_telling(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    name, value = unquote(name), unquote_plus(value)
    if _TELLING.search(name) or _SECRET.fullmatch(name) or _TELLING_VALUE.search(value):
        return True
    if name.lower() in _NAMING or _FILE_NAME.fullmatch(value):
        return False
    return _OPAQUE_RUN.search(value) is not None or _OPAQUE.fullmatch(value) is not None
