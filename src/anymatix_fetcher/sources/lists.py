r"""Lists of references: text files with one download per line, in our own form and that of aria2's input files.

::

    # a comment; blank lines are ignored
    https://example.com/model.safetensors
    civitai:143906  sha256:9f86d081884c7d65...  ->  my name.safetensors
    https://a.example/x.bin https://b.example/x.bin
      out=x.bin
      dir=checkpoints
      checksum=sha-256=9f86d081884c7d65...

A line is a reference, then digests and other URLs of the same file in any order, then ``->`` and the file's name;
all but the first are optional. A word that is neither continues the URL before it, which then contains a space.
Indented lines are options of the download above, as in aria2.
A list may come from an untrusted origin, so its names and folders can't leave the folder that the user chose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import HEX_LENGTHS, Digest
from anymatix_fetcher.core.values.filenames import SafeName, safe_name
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import ReferenceSyntaxError

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_LIST_BYTES = 64 << 20

OPTIONS = ("out", "dir", "checksum")
TUNING = {
    *("continue", "split", "max-connection-per-server", "min-split-size", "piece-length", "file-allocation"),
    *("auto-file-renaming", "max-tries", "retry-wait", "timeout", "connect-timeout", "gid"),
    *("check-integrity", "remote-time", "always-resume", "lowest-speed-limit", "stream-piece-selector"),
}
"""Options of aria2 that only tune the transfer; they are ignored."""

_ALGORITHM = re.compile(rf"(?:{'|'.join((*HEX_LENGTHS, 'sha'))})(?:-[0-9]+)?:", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_HINT = "Write one reference a line, then its digests, then '-> NAME'; below it, indented, out=, dir= and checksum=."


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One download of a list.

    Args:
        references: References to the same file as written, at least one; all but the first are http or https URLs. They
            may hold secrets.
        line: The number of its first line, from 1.
        name: The file's name.
        folder: The folder below the chosen one: safe components joined by ``/``; empty for the folder itself.
        digests: The expected digests.
    """

    references: tuple[str, ...] = field(repr=False)
    line: int
    name: SafeName | None = None
    folder: str = ""
    digests: tuple[Digest, ...] = ()

    @property
    def reference(self) -> str:
        """The first reference."""
        return self.references[0]

    @property
    def mirrors(self) -> tuple[Url, ...]:
        """The other URLs."""
        return tuple(map(Url.parse, self.references[1:]))


def parse(content: bytes) -> tuple[ListEntry, ...]:
    """The downloads of a list in UTF-8, in order.

    Raises:
        ReferenceSyntaxError: A line can't be parsed; the message names it without quoting it.
    """
    if len(content) > MAX_LIST_BYTES:
        raise ReferenceSyntaxError(
            f"the list is larger than {MAX_LIST_BYTES >> 20} MiB", hint="Split it, if it is a list of downloads."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ReferenceSyntaxError("the list isn't text in UTF-8", hint=_HINT) from None
    return tuple(_entry(block) for block in _blocks(text))


def _blocks(text: str) -> Iterable[list[tuple[int, str]]]:
    """The numbered lines of each download: its own, and the options below it."""
    blocks: list[list[tuple[int, str]]] = []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not line.startswith((" ", "\t")):
            blocks.append([])
        elif not blocks:
            raise ReferenceSyntaxError(f"line {number} is indented, but there is no reference above it", hint=_HINT)
        blocks[-1].append((number, line.strip()))
    return blocks


def _entry(block: list[tuple[int, str]]) -> ListEntry:
    number, line = block[0]
    try:
        entry = _first_line(number, line)
        for number, line in block[1:]:  # noqa: B007 - the number is for the message
            entry = _with_option(entry, line)
    except ValueError as reason:
        raise ReferenceSyntaxError(f"line {number} of the list can't be parsed: {reason}", hint=_HINT) from None
    return entry


def _first_line(number: int, line: str) -> ListEntry:
    left, *right = re.split(r"\s+->\s+", line, maxsplit=1)
    first, *words = left.split()
    references, digests = [first], list[Digest]()
    for word in words:
        if _ALGORITHM.match(word):
            digests.append(Digest.parse(word))
        elif "://" in references[-1] and not digests and word != "->" and _SCHEME.match(word) is None:
            references[-1] = f"{references[-1]} {word}"  # URLs are sometimes copied with spaces in them
        elif ":" in word:
            references.append(_mirror(word))
        else:
            raise ValueError("only digests, other URLs, and '-> NAME' may follow the reference")
    return ListEntry(tuple(references), number, _name(right[0]) if right else None, "", tuple(dict.fromkeys(digests)))


def _mirror(text: str) -> str:
    try:
        Url.parse(text)
    except ValueError as reason:
        raise ValueError(f"only URLs may follow the first reference: {reason}") from None
    return text


def _with_option(entry: ListEntry, option: str) -> ListEntry:
    key, separator, value = (part.strip() for part in option.partition("="))
    key = key.removeprefix("--").lower()
    if separator and key == "out":
        return replace(entry, name=_name(value))
    if separator and key == "dir":
        return replace(entry, folder=_folder(value))
    if separator and key == "checksum":
        digest = Digest.parse(value.replace("=", ":", 1))
        return replace(entry, digests=tuple(dict.fromkeys((*entry.digests, digest))))
    if key in TUNING:
        return entry
    raise ValueError(f"the only options are {', '.join(OPTIONS)}, each as KEY=VALUE")


def _name(text: str) -> SafeName:
    name = safe_name(text)
    if name is None or name != text:
        raise ValueError("the name isn't valid on every system")
    return name


def _folder(text: str) -> str:
    components = [part for part in text.replace("\\", "/").split("/") if part != "."]
    if any(safe_name(part) != part for part in components):
        raise ValueError("the folder isn't below the list's folder")
    return "/".join(components)
