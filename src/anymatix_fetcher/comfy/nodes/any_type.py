"""The type of an output that fits every input, in ComfyUI's manner: a text that differs from no other."""

from __future__ import annotations


class AnyType(str):
    """``*``. Loaders have lists of names as the types of their inputs, and each has another one."""

    __slots__ = ()

    def __ne__(self, other: object) -> bool:
        """ComfyUI asks this of types that are to fit."""
        return False

    def __eq__(self, other: object) -> bool:
        """As text."""
        return str.__eq__(self, other) is True

    def __hash__(self) -> int:
        return str.__hash__(self)


ANY = AnyType("*")
