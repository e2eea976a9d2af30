"""Converts names from servers to safe file names.

Only :func:`safe_name` and :func:`exact_name` make a :data:`SafeName`: one path component that means the same on every
system, isn't hidden, and doesn't leave its folder.
"""

from __future__ import annotations

import binascii
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, NewType
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anymatix_fetcher.core.values.http import Headers

SafeName = NewType("SafeName", str)
"""One path component that is safe on every system."""

PART_SUFFIX = ".part"
JOURNAL_SUFFIX = ".part.journal"
LOCK_SUFFIX = ".part.lock"
SET_ASIDE_SUFFIX = ".part.foreign"
"""The suffix under which another program's ``NAME.part`` is kept while ours has its name."""

OWN_SUFFIXES = (PART_SUFFIX, JOURNAL_SUFFIX, LOCK_SUFFIX, SET_ASIDE_SUFFIX)
"""The suffixes of files beside a download; downloaded files never get them."""

_SIDECAR = re.compile(r"[0-9a-f]{64}\.json", re.IGNORECASE)
"""The names of sidecars, in any case; downloaded files never get them."""

METALINK_SUFFIXES = (".meta4", ".metalink")
"""The suffixes of files that list the URLs of other files."""

MAX_NAME_BYTES = 255 - max(map(len, OWN_SUFFIXES))
"""In UTF-8. File systems allow 255 bytes, including our own suffixes."""

_MAX_EXTENSION_BYTES = 32
_UNSAFE_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # controls, bidirectional and zero-width marks, lone surrogates
_UNSAFE_CHARACTERS = re.compile(r'[<>:"|?*]')
_LEADING = re.compile(r"^[ .~-]+")
_RESERVED_ON_WINDOWS = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])", re.IGNORECASE
)
_PARAMETER = re.compile(
    r"""(?:^|;)[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)|([^;"]*))""", re.DOTALL
)
_ENCODED_WORD = re.compile(r"=\?([A-Za-z0-9_.*-]{1,40})\?([bBqQ])\?([^? \t]*)\?=")
_BETWEEN_WORDS = re.compile(r"(?<=\?=)[ \t\r\n]+(?==\?)")
_EXTENDED_VALUE = re.compile(r"(utf-8|iso-8859-1)'[^']*'(.*)", re.IGNORECASE | re.DOTALL)


@lru_cache(maxsize=256)
def safe_name(text: str) -> SafeName | None:
    """The last path segment of ``text`` as a safe name; ``None`` if nothing of it is left.

    Percent escapes are ordinary characters here: URLs and header fields are decoded by their parsers.
    """
    if not text:
        return None
    name = re.split(r"[/\\]", text)[-1]
    if not (name.isascii() and name.isprintable()):
        name = "".join(character for character in name if unicodedata.category(character) not in _UNSAFE_CATEGORIES)
        name = unicodedata.normalize("NFC", name)
    name = _UNSAFE_CHARACTERS.sub("_", name).rstrip(". ")
    name = _LEADING.sub(lambda match: "_" if match.group().strip() else "", name)
    if not any(map(str.isalnum, name)):
        return None
    if _RESERVED_ON_WINDOWS.fullmatch(name.partition(".")[0].rstrip()):
        name = f"_{name}"
    name = _cut(name, MAX_NAME_BYTES - 1)  # for the underscore that may follow
    if name.casefold().endswith(OWN_SUFFIXES) or _SIDECAR.fullmatch(name):
        name = f"{name}_"
    return SafeName(name)


def exact_name(text: str) -> SafeName | None:
    """``text`` itself if Linux and macOS accept it as a file name; ``None`` if it is hidden or leaves its folder.

    For a name that has to be exact: it may begin with a dash, contain a colon, and be in either Unicode form.
    """
    if text != text.strip() or text.startswith((".", "~")) or text.endswith(".") or "/" in text or "\\" in text:
        return None
    if any(unicodedata.category(character) in _UNSAFE_CATEGORIES for character in text):
        return None
    if not any(map(str.isalnum, text)) or text.casefold().endswith(OWN_SUFFIXES) or _SIDECAR.fullmatch(text):
        return None
    return SafeName(text) if len(text.encode()) <= MAX_NAME_BYTES else None


def filename_from(headers: Headers) -> str | None:
    """The file name in ``Content-Disposition``, unchanged and unsafe (RFC 6266, section 4.3).

    ``filename*`` (RFC 8187) takes precedence if it is valid; of repeated parameters, the first counts. Malformed fields
    are parsed as far as possible.
    """
    parameters: dict[str, str] = {}
    for name, value in _parameters(headers.get("Content-Disposition") or ""):
        parameters.setdefault(name.lower(), value)
    extended = _decode_extended(parameters.get("filename*", ""))
    return extended or _decode_words(_decode_raw(parameters.get("filename", ""))) or None


def choose_name(headers: Headers, url_segment: str, fallback: str) -> SafeName:
    """The name for a download without a given one.

    Args:
        headers: The accepted response's headers, of which ``Content-Disposition`` comes first.
        url_segment: The last path segment of the given URL, decoded.
        fallback: The name if both have none.
    """
    for candidate in (filename_from(headers) or "", url_segment, fallback):
        name = safe_name(candidate)
        if name is not None:
            return name
    return SafeName("download")


def _parameters(text: str) -> Iterator[tuple[str, str]]:
    for match in _PARAMETER.finditer(text):
        name, quoted, token = match.groups()
        if quoted is None:
            yield name, token.strip()
        else:
            # Only these two are escapes, because servers send Windows paths.
            yield name, re.sub(r'\\(["\\])', r"\1", quoted)


def _decode_extended(text: str) -> str | None:
    """The text of an ext-value (RFC 8187, section 3.2); ``None`` for other texts."""
    match = _EXTENDED_VALUE.fullmatch(text)
    if match is None:
        return None
    try:
        return unquote_to_bytes(match.group(2)).decode(match.group(1))
    except UnicodeError:
        return None


def _decode_raw(text: str) -> str:
    """Many servers send bare UTF-8, which arrives as ISO-8859-1."""
    try:
        return text.encode("iso-8859-1").decode("utf-8")
    except UnicodeError:
        return text


def _decode_words(text: str) -> str:
    """Decodes mail's encoded words (RFC 2047), which some servers send in HTTP; empty if they are invalid."""
    if _ENCODED_WORD.search(text) is None:
        return text
    try:
        return _ENCODED_WORD.sub(_decode_word, _BETWEEN_WORDS.sub("", text))
    except (LookupError, ValueError):
        return ""  # otherwise the extension would be hidden inside


def _decode_word(match: re.Match[str]) -> str:
    charset, encoding, text = match.groups()
    if encoding in "bB":
        raw = binascii.a2b_base64(text + "=" * (-len(text) % 4))
    else:
        raw = unquote_to_bytes(text.replace("%", "%25").replace("_", " ").replace("=", "%"))
    return raw.decode(charset.partition("*")[0])


def fitted(name: SafeName, room: int) -> SafeName:
    """The name, cut to at most ``room`` bytes of UTF-8 for folders with a lower limit; it keeps its extension."""
    return SafeName(_cut(name, room))


def _cut(name: str, room: int) -> str:
    """The text, cut to at most ``room`` bytes of UTF-8; it keeps its extension."""
    if len(name.encode()) <= room:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > _MAX_EXTENSION_BYTES:
        stem, dot, extension = name, "", ""
    stem_bytes = stem.encode()[: room - len((dot + extension).encode())]
    return stem_bytes.decode(errors="ignore").rstrip(". ") + dot + extension
