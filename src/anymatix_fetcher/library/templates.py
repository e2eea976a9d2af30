"""Templates for subfolders and names, as ``{base_model}/{name}``. Each part becomes one safe name."""

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
"""The valid fields; ``name`` is the file's own name without its extension."""

_PIECE = re.compile(r"\{([^{}]*)\}|([^{}]+)|([{}])")
_MOST_PARTS = 8


@dataclass(frozen=True, slots=True)
class Template:
    """A path below a model folder. Its parts consist of texts and fields; true marks a field."""

    parts: tuple[tuple[tuple[str, bool], ...], ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """Parses a template.

        Raises:
            ReferenceSyntaxError: It leads out of its folder, or has an unknown field.
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
        """Whether its last part contains ``{name}`` and thus is the file's name; otherwise all parts are folders."""
        return ("name", True) in self.parts[-1]

    def folders(self, facts: Mapping[str, str | None]) -> tuple[SafeName, ...]:
        """The template as subfolders. Parts with an unknown value are left out."""
        names = (_render(part, facts) for part in self.parts)
        return tuple(name for name in names if name is not None)

    def path(self, facts: Mapping[str, str | None], file_name: SafeName) -> tuple[SafeName, ...]:
        """The template as subfolders and a file name with the extension of ``file_name``.

        ``{name}`` is the stem of ``file_name``. If the last part has an unknown value, the file keeps its name.
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
    # A slash in a model's name is a character, not a folder; safe_name alone would keep only what follows it.
    return safe_name(re.sub(r"[/\\]", "_", "".join(value or "" for value in values)))


def _bad(text: str, reason: str) -> ReferenceSyntaxError:
    return ReferenceSyntaxError(
        f"the template {text!r} can't be used: {reason}", hint="Write it like {base_model}/{name}."
    )
