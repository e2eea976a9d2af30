"""The type of an output that fits every input in ComfyUI: a string that is never unequal to another."""

from __future__ import annotations


class AnyType(str):
    """The type ``*``. The inputs of loaders have lists of names as their types, which all differ."""

    __slots__ = ()

    def __ne__(self, other: object) -> bool:
        """Always false: ComfyUI compares types by ``!=``."""
        return False

    def __eq__(self, other: object) -> bool:
        """Compares as a string."""
        return str.__eq__(self, other) is True

    def __hash__(self) -> int:
        return str.__hash__(self)


ANY = AnyType("*")
