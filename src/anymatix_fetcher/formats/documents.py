"""What servers send in a file's stead: web pages, error documents, pointers. Recognized by their beginnings."""

from __future__ import annotations

import re

_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
EXCERPT_SIZE = 4096
"""So many first bytes say what a document is."""

LONGEST_CHARACTER = 4
"""Bytes of one character, in UTF-8 and UTF-16."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
_CONTROL_BYTE = re.compile(_CONTROL.pattern.encode())
_COMMENTS = re.compile(r"(?:\s|<!--.*?(?:-->|\Z))*", re.DOTALL)
_WEB_PAGE = re.compile(
    r"<(?:!doctype\s+html|(?:html|head|body|title|script|meta|style|div|p|h1|center)\b)", re.IGNORECASE
)
_XML = re.compile(r"<(?:\?xml\b|error\b|[a-z][\w:.-]*(?:\s[^<>]*)?/?>)", re.IGNORECASE)
_JSON = re.compile(r'\{\s*(?:\}\s*\Z|"(?:[^"\\\x00-\x1f]|\\.){0,200}"\s*:)|\[\s*[\[{"\]]')
_GIT_LFS_POINTER = re.compile(rb"version https://(?:git-lfs\.github\.com|hawser\.github\.com)/spec/v\d")
_PLAIN_ERROR = re.compile(
    r"(?:entry not found|not found|file not found|404|access denied|access to .{1,80} is restricted|unauthorized"
    r"|forbidden|invalid username or password|invalid credentials|repository not found|internal server error"
    r"|bad gateway|service unavailable|gateway time-?out|too many requests|rate limit|error\b|link expired)",
    re.IGNORECASE,
)
_LFS_SIZE = re.compile(rb"^size (\d{1,19})$", re.MULTILINE)


def is_git_lfs_pointer(first: bytes) -> bool:
    """Whether it is a Git LFS pointer: a text that stands for the file in a repository (git-lfs, docs/spec.md)."""
    return _GIT_LFS_POINTER.match(first) is not None


def pointed_size(first: bytes) -> int | None:
    """Bytes of the file that a Git LFS pointer stands for, where it says so."""
    match = _LFS_SIZE.search(first)
    return int(match.group(1)) if match else None


def is_web_page(text: str) -> bool:
    """Whether a text is HTML, behind white space and comments."""
    return _WEB_PAGE.match(_without_comments(text)) is not None


def is_xml(text: str) -> bool:
    """Whether a text is XML: an error document of a store, or another."""
    return _XML.match(_without_comments(text)) is not None


def is_json(text: str) -> bool:
    """Whether a text is a JSON object or a list of more than numbers."""
    return _JSON.match(text.lstrip()) is not None


def is_plain_error(text: str) -> bool:
    """Whether a text is one of the sentences that servers and their gateways say without markup."""
    return _PLAIN_ERROR.match(text.lstrip()) is not None


def text_in(first: bytes) -> str | None:
    """The beginning as text, without its byte order mark; ``None`` where it has bytes that no text has."""
    excerpt = first[:EXCERPT_SIZE]
    encoding = "utf-8"
    for mark, name in _BYTE_ORDER_MARKS:
        if excerpt.startswith(mark):
            excerpt, encoding = excerpt[len(mark) :], name
            break
    else:
        if _CONTROL_BYTE.search(excerpt) is not None:
            return None  # in UTF-8 and ISO-8859-1 each is a character: no need to decode the rest of a model
    text = _decoded(excerpt, encoding)
    return text if text is not None and _CONTROL.search(text) is None else None


def _decoded(excerpt: bytes, encoding: str) -> str | None:
    try:
        return excerpt.decode(encoding)
    except UnicodeDecodeError as error:
        if len(excerpt) - error.start < LONGEST_CHARACTER:
            return excerpt[: error.start].decode(encoding)  # the last one was cut in two
        # Old servers write ISO-8859-1, in which every byte is a character.
        return excerpt.decode("iso-8859-1") if encoding == "utf-8" else None


def _without_comments(text: str) -> str:
    match = _COMMENTS.match(text)
    return text[match.end() :] if match else text
