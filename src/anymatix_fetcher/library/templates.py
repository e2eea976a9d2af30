"""Templates for sub-folders and names, as ``{base_model}/{name}``: each part becomes one safe name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.filenames import SafeName, safe_name
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.library.names import split_name

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS = ("type", "base_model", "author", "model", "version", "name", "host")
"""What may stand between braces; ``name`` is the file's own name without its extension."""

_PIECE = re.compile(r"\{([^{}]*)\}|([^{}]+)|([{}])")
_MOST_PARTS = 8


@dataclass(frozen=True, slots=True)
class Template:
    """A path below a folder of models; its parts are pieces of text, and fields, marked by true."""

    parts: tuple[tuple[tuple[str, bool], ...], ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """The template that ``text`` says.

        Raises:
            ReferenceSyntaxError: It leads out of its folder, or has a field that there isn't.
        """
        if not text.strip() or text.startswith("/") or "\\" in text:
            raise _bad(text, "it has to be a path below the models' folder, with / between its parts")
        parts = tuple(_pieces(part, text) for part in text.rstrip("/").split("/"))
        if len(parts) > _MOST_PARTS:
            raise _bad(text, f"it has more than {_MOST_PARTS} parts")
        for part in parts:
            if not any(is_field for _, is_field in part) and safe_name("".join(piece for piece, _ in part)) is None:
                raise _bad(text, "a part of it can't be a folder's name")
        return cls(parts)

    @property
    def names_files(self) -> bool:
        """Whether its last part is the file's name, for it has ``{name}`` in it; else all of it is folders."""
        return ("name", True) in self.parts[-1]

    def folders(self, facts: Mapping[str, str | None]) -> tuple[SafeName, ...]:
        """The template as sub-folders. A part with a field that isn't known is left out."""
        names = (_render(part, facts) for part in self.parts)
        return tuple(name for name in names if name is not None)

    def path(self, facts: Mapping[str, str | None], file_name: SafeName) -> tuple[SafeName, ...]:
        """The template as sub-folders and a file's name, which keeps the extension of ``file_name``.

        ``{name}`` is the stem of ``file_name``; where the last part can't be had, the file keeps its name.
        """
        stem, extension = split_name(file_name)
        known = {**facts, "name": stem}
        last = self.parts[-1]
        if not last[-1][0].lower().endswith(extension.lower()):
            last = (*last, (extension, False))
        return (*Template(self.parts[:-1]).folders(known), _render(last, known) or file_name)


def _pieces(part: str, text: str) -> tuple[tuple[str, bool], ...]:
    pieces: list[tuple[str, bool]] = []
    for field, literal, brace in _PIECE.findall(part):
        if brace or (field not in FIELDS and not literal):
            from difflib import get_close_matches  # noqa: PLC0415 - costs start-up time, needed for mistakes only

            alike = get_close_matches(field, FIELDS, n=1)
            hint = f"Did you mean {{{alike[0]}}}?" if alike else f"Known are {', '.join(FIELDS)}."
            raise ReferenceSyntaxError(f"the template {text!r} has a field that there isn't: {field!r}", hint=hint)
        pieces.append((literal or field, not literal))
    if not pieces:
        raise _bad(text, "a part of it is empty")
    return tuple(pieces)


def _render(part: tuple[tuple[str, bool], ...], facts: Mapping[str, str | None]) -> SafeName | None:
    values = [facts.get(piece) if is_field else piece for piece, is_field in part]
    if not all(values[index] for index, (_, is_field) in enumerate(part) if is_field):
        return None
    # A slash in a model's name is a character, not a folder; safe_name alone would keep what follows it only.
    return safe_name(re.sub(r"[/\\]", "_", "".join(value or "" for value in values)))


def _bad(text: str, reason: str) -> ReferenceSyntaxError:
    return ReferenceSyntaxError(
        f"the template {text!r} can't be used: {reason}", hint="Write it like {base_model}/{name}."
    )
