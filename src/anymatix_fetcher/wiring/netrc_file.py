"""The user's netrc file: users and passwords by host."""

from __future__ import annotations

import os
import re
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFAULT = "default"

_WORD = re.compile(r'#.*|"(?:[^"\\]|\\.)*"|(?:\\.|[^\s"\\])(?:\\.|[^\s\\])*')
"""A word of a netrc file: a comment, in quotation marks, or up to the next space."""


def _unclosed_quote(text: str) -> int | None:
    """The number of the first line with a quotation mark that isn't closed in it; comments count for nothing."""
    for number, line in enumerate(text.splitlines(), 1):
        if '"' in _WORD.sub("", line):
            return number
    return None


class NetrcFile:
    """The file ``$NETRC`` or ``~/.netrc``, read on first use. Implements ``Logins``.

    Args:
        variables: The environment variables.
        home: The user's home folder.
    """

    def __init__(self, variables: Mapping[str, str], home: Path) -> None:
        name = variables.get("NETRC", "")
        self.place = name or ("~/_netrc" if sys.platform == "win32" else "~/.netrc")
        self._path = Path(name).expanduser() if name else home / self.place.removeprefix("~/")

    def of(self, host: str) -> tuple[str, str] | None:
        """Implements ``Logins.of``."""
        return self._read[0].get(host) if host != _DEFAULT else None

    def default(self) -> tuple[str, str] | None:
        """Implements ``Logins.default``."""
        return self._read[0].get(_DEFAULT)

    @property
    def trouble(self) -> str:
        """Why the file can't be read, as the end of a sentence; empty if it can, or doesn't exist."""
        return self._read[1]

    def lack(self, host: str) -> str:
        """Implements ``Logins.lack``."""
        _, trouble = self._read
        if trouble:
            return f"{self.place} {trouble}."
        return f"{self.place} has no entry for {host}." if self._path.is_file() else ""

    @cached_property
    def _read(self) -> tuple[dict[str, tuple[str, str]], str]:
        """The entries, and the error. The parser's messages may contain passwords, and are never shown."""
        from netrc import NetrcParseError, netrc  # noqa: PLC0415 - few runs need it

        if not self._path.is_file():
            return {}, ""
        try:
            line = _unclosed_quote(self._path.read_text(encoding="utf-8"))
            if line is not None:  # Python's parser takes the rest of the file for the password
                return {}, f"can't be parsed: the quotation mark in line {line} isn't closed"
            hosts = netrc(os.fspath(self._path)).hosts
        except NetrcParseError as error:
            return {}, f"can't be parsed: see line {error.lineno}"
        except (OSError, UnicodeError) as error:
            return {}, f"can't be read: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}"
        return {host.lower(): (user, password or "") for host, (user, _, password) in hosts.items()}, ""
