"""Recognizes documents that servers send instead of a file: web pages, error documents, pointers."""

from __future__ import annotations

import re

_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
EXCERPT_SIZE = 4096
"""The number of first bytes that suffice to recognize a document."""

LONGEST_CHARACTER = 4
"""The longest encoding of a character in UTF-8 and UTF-16, in bytes."""

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
    """Whether it is a Git LFS pointer: a text that replaces the file in a repository (git-lfs, docs/spec.md)."""
    return _GIT_LFS_POINTER.match(first) is not None


def pointed_size(first: bytes) -> int | None:
    """The size of the file that a Git LFS pointer stands for, if it states it."""
    match = _LFS_SIZE.search(first)
    return int(match.group(1)) if match else None


def is_web_page(text: str) -> bool:
    """Whether the text is HTML, after white space and comments."""
    return _WEB_PAGE.match(_without_comments(text)) is not None


def is_xml(text: str) -> bool:
    """Whether the text is XML, such as a store's error document."""
    return _XML.match(_without_comments(text)) is not None


def is_json(text: str) -> bool:
    """Whether the text is a JSON object, or a list of more than numbers."""
    return _JSON.match(text.lstrip()) is not None


def is_plain_error(text: str) -> bool:
    """Whether the text is a plain error message of a server or gateway."""
    return _PLAIN_ERROR.match(text.lstrip()) is not None


def text_in(first: bytes) -> str | None:
    """The beginning as text, without its byte order mark; ``None`` if it contains bytes that no text has."""
    excerpt = first[:EXCERPT_SIZE]
    encoding = "utf-8"
    for mark, name in _BYTE_ORDER_MARKS:
        if excerpt.startswith(mark):
            excerpt, encoding = excerpt[len(mark) :], name
            break
    else:
        if _CONTROL_BYTE.search(excerpt) is not None:
            return None  # each is a character in UTF-8 and ISO-8859-1, so the rest needn't be decoded
    text = _decoded(excerpt, encoding)
    return text if text is not None and _CONTROL.search(text) is None else None


def _decoded(excerpt: bytes, encoding: str) -> str | None:
    try:
        return excerpt.decode(encoding)
    except UnicodeDecodeError as error:
        if len(excerpt) - error.start < LONGEST_CHARACTER:
            return excerpt[: error.start].decode(encoding)  # the last character was cut
        # Old servers use ISO-8859-1, in which every byte is a character.
        return excerpt.decode("iso-8859-1") if encoding == "utf-8" else None


def _without_comments(text: str) -> str:
    match = _COMMENTS.match(text)
    return text[match.end() :] if match else text
