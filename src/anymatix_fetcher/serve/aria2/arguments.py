"""Reads the positional parameters of a call; errors have aria2's messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from anymatix_fetcher.serve.aria2.messages import RpcFault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Value = TypeVar("Value")


class Arguments:
    """The parameters of one call, without the secret.

    Args:
        values: The parameters.
    """

    def __init__(self, values: Sequence[object]) -> None:
        self._values = values

    def has(self, position: int) -> bool:
        """Whether a parameter was given at ``position``."""
        return position < len(self._values)

    def text(self, position: int) -> str:
        """The string at ``position``.

        Raises:
            RpcFault: The parameter is missing or has another type.
        """
        value = self._value(position)
        if not _is_text(value):
            raise _wrong(position)
        return str(value)

    def integer(self, position: int, *, least: int | None = None) -> int:
        """The integer at ``position``.

        Raises:
            RpcFault: The parameter is missing, has another type, or is below ``least``.
        """
        value = self._value(position)
        if not isinstance(value, int) or isinstance(value, bool):
            raise _wrong(position)
        if least is not None and value < least:
            raise RpcFault(
                f"The integer parameter at {position} has invalid value: "
                f"the value must be greater than or equal to {least}."
            )
        return value

    def entries(self, position: int) -> Sequence[object]:
        """The list at ``position``.

        Raises:
            RpcFault: The parameter is missing or has another type.
        """
        value = self._value(position)
        if not isinstance(value, list):
            raise _wrong(position)
        return value

    def texts(self, position: int) -> tuple[str, ...]:
        """The strings in the list at ``position``; other elements are skipped.

        Raises:
            RpcFault: The parameter is missing or not a list.
        """
        return tuple(str(entry) for entry in self.entries(position) if _is_text(entry))

    def keys(self, position: int) -> frozenset[str]:
        """The names of the requested fields; empty for all of them.

        Raises:
            RpcFault: The parameter is not a list.
        """
        return frozenset(self.texts(position)) if self.has(position) else frozenset()

    def options(self, position: int) -> Mapping[str, object]:
        """The options by name.

        Raises:
            RpcFault: The parameter is missing or not an object.
        """
        value = self._value(position)
        if not isinstance(value, dict):
            raise _wrong(position)
        return value

    def otherwise(self, position: int, read: Callable[[int], Value], default: Value) -> Value:
        """The result of ``read`` at ``position``; ``default`` if no parameter was given."""
        return read(position) if self.has(position) else default

    def _value(self, position: int) -> object:
        if not self.has(position):
            raise RpcFault(f"The parameter at {position} is required but missing.")
        return self._values[position]


def _wrong(position: int) -> RpcFault:
    return RpcFault(f"The parameter at {position} has wrong type.")


def _is_text(value: object) -> bool:
    """Whether a value is an encodable string: JSON may contain an unpaired surrogate."""
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)
