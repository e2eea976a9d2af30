r"""Lists of references: a text file with one download a line, in our own form and in that of aria2's input files.

::

    # a comment; blank lines don't matter
    https://example.com/model.safetensors
    civitai:143906  sha256:9f86d081884c7d65...  ->  my name.safetensors
    https://a.example/x.bin https://b.example/x.bin
      out=x.bin
      dir=checkpoints
      checksum=sha-256=9f86d081884c7d65...

A line is a reference, then digests and other URLs of the same file in any order, then ``->`` and the file's name;
all but the first are optional. What is neither goes on with the URL before it, which has a space in it then.
Indented lines are options of the download above them, as aria2 has them.
A list may come from anywhere, so its names and folders lead nowhere but into the folder that the user chose.
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
"""Options of aria2 that say how to go about it: we have our own ways, and pass over them."""

_ALGORITHM = re.compile(rf"(?:{'|'.join((*HEX_LENGTHS, 'sha'))})(?:-[0-9]+)?:", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_HINT = "One reference a line, then its digests, then '-> NAME'; below it, indented, out=, dir= and checksum=."


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One download of a list.

    Args:
        references: Places for the same file, as they were written, at least one; all but the first one are http or
            https URLs. They may hold secrets.
        line: Where it begins, from 1.
        name: What the file will be called.
        folder: Where below the chosen folder it belongs: safe components, joined by ``/``; empty for the folder itself.
        digests: What it must have.
    """

    references: tuple[str, ...] = field(repr=False)
    line: int
    name: SafeName | None = None
    folder: str = ""
    digests: tuple[Digest, ...] = ()

    @property
    def reference(self) -> str:
        """What to fetch."""
        return self.references[0]

    @property
    def mirrors(self) -> tuple[Url, ...]:
        """Other places with the same bytes."""
        return tuple(map(Url.parse, self.references[1:]))


def parse(content: bytes) -> tuple[ListEntry, ...]:
    """The downloads of a list in UTF-8, in order.

    Raises:
        ReferenceSyntaxError: A line can't be read; the message says which one, and shows nothing of it.
    """
    if len(content) > MAX_LIST_BYTES:
        raise ReferenceSyntaxError(f"the list is larger than {MAX_LIST_BYTES >> 20} MiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ReferenceSyntaxError("the list isn't text in UTF-8", hint=_HINT) from None
    return tuple(_entry(block) for block in _blocks(text))


def _blocks(text: str) -> Iterable[list[tuple[int, str]]]:
    """The lines of each download with their numbers: its own, and the options below it."""
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
        raise ReferenceSyntaxError(f"line {number} of the list can't be read: {reason}", hint=_HINT) from None
    return entry


def _first_line(number: int, line: str) -> ListEntry:
    left, *right = re.split(r"\s+->\s+", line, maxsplit=1)
    first, *words = left.split()
    references, digests = [first], list[Digest]()
    for word in words:
        if _ALGORITHM.match(word):
            digests.append(Digest.parse(word))
        elif "://" in references[-1] and not digests and word != "->" and _SCHEME.match(word) is None:
            references[-1] = f"{references[-1]} {word}"  # addresses are copied with the spaces that are in them
        elif ":" in word:
            references.append(_mirror(word))
        else:
            raise ValueError("after the reference come digests, other URLs, and '-> NAME'")
    return ListEntry(tuple(references), number, _name(right[0]) if right else None, "", tuple(dict.fromkeys(digests)))


def _mirror(text: str) -> str:
    try:
        Url.parse(text)
    except ValueError as reason:
        raise ValueError(f"what follows the first reference has to be a URL: {reason}") from None
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
    raise ValueError(f"of options, {', '.join(OPTIONS)} are understood, each as KEY=VALUE")


def _name(text: str) -> SafeName:
    name = safe_name(text)
    if name is None or name != text:
        raise ValueError("the name isn't one that a file may have on every system")
    return name


def _folder(text: str) -> str:
    components = [part for part in text.replace("\\", "/").split("/") if part != "."]
    if any(safe_name(part) != part for part in components):
        raise ValueError("the folder isn't one below the folder of the whole list")
    return "/".join(components)
