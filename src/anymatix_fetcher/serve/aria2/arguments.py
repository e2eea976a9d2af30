"""The parameters of a call, read by position and kind; what doesn't fit is refused in aria2's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from anymatix_fetcher.serve.aria2.messages import RpcFault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Value = TypeVar("Value")


class Arguments:
    """The parameters of one call, without the secret.

    Args:
        values: As they came.
    """

    def __init__(self, values: Sequence[object]) -> None:
        self._values = values

    def has(self, position: int) -> bool:
        """Whether there is one at ``position``."""
        return position < len(self._values)

    def text(self, position: int) -> str:
        """A string.

        Raises:
            RpcFault: There is none.
        """
        value = self._value(position)
        if not _is_text(value):
            raise _wrong(position)
        return str(value)

    def integer(self, position: int, *, least: int | None = None) -> int:
        """A whole number.

        Raises:
            RpcFault: There is none, or it is below ``least``.
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
        """A list of anything.

        Raises:
            RpcFault: There is none.
        """
        value = self._value(position)
        if not isinstance(value, list):
            raise _wrong(position)
        return value

    def texts(self, position: int) -> tuple[str, ...]:
        """The strings of a list; whatever else stands in it is left out.

        Raises:
            RpcFault: There is no list.
        """
        return tuple(str(entry) for entry in self.entries(position) if _is_text(entry))

    def keys(self, position: int) -> frozenset[str]:
        """The names of the fields that are wanted; empty for all of them.

        Raises:
            RpcFault: Something else is there.
        """
        return frozenset(self.texts(position)) if self.has(position) else frozenset()

    def options(self, position: int) -> Mapping[str, object]:
        """Options by name.

        Raises:
            RpcFault: Something else is there.
        """
        value = self._value(position)
        if not isinstance(value, dict):
            raise _wrong(position)
        return value

    def otherwise(self, position: int, read: Callable[[int], Value], default: Value) -> Value:
        """What ``read`` reads at ``position``; ``default`` where nothing is there."""
        return read(position) if self.has(position) else default

    def _value(self, position: int) -> object:
        if not self.has(position):
            raise RpcFault(f"The parameter at {position} is required but missing.")
        return self._values[position]


def _wrong(position: int) -> RpcFault:
    return RpcFault(f"The parameter at {position} has wrong type.")


def _is_text(value: object) -> bool:
    """Whether it is a string that can be written down: JSON may hold half of a surrogate pair."""
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)
