"""Signatures and help texts of calls that take ``**options``: each keyword with its type, default and description."""

from __future__ import annotations

import re
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, TypeVar

from anymatix_fetcher.engine.settings import DEFAULTS, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.engine.settings import GettingThere

Function = TypeVar("Function", bound="Callable[..., Any]")

_ENTRY = re.compile(r"^ {8}(\w+): .*\n(?: {12}.*\n)*", re.MULTILINE)
_OPTIONS = re.compile(r"^ {8}\*\*options: .*\n(?: {12}.*\n)*", re.MULTILINE)


def explained(table: type[GettingThere]) -> Callable[[Function], Function]:
    """Makes ``help`` and ``inspect.signature`` show the keywords of ``table`` instead of ``**options``."""
    texts = {entry[1]: entry[0] for entry in _ENTRY.finditer(Settings.__doc__ or "")}
    names = [name for name in ("sha256", *DEFAULTS) if name in table.__annotations__]
    names.sort(key=list(texts or names).index)

    def explain(function: Function) -> Function:
        own = signature(function)
        keywords = [_parameter(name, table.__annotations__[name]) for name in names]
        others = [one for one in own.parameters.values() if one.kind is not Parameter.VAR_KEYWORD]
        vars(function)["__signature__"] = own.replace(parameters=[*others, *keywords])
        shown = "".join(texts.get(name, "") for name in names)
        function.__doc__ = function.__doc__ and _OPTIONS.sub(lambda _: shown, function.__doc__)
        return function

    return explain


class Spelled:
    """A type as source text: its names belong to the module of the settings, not to that of the call.

    Args:
        text: The annotation.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text

    def __eq__(self, other: object) -> bool:
        return repr(other) == self._text if isinstance(other, Spelled) else other == self._text

    def __hash__(self) -> int:
        return hash(self._text)


def _parameter(name: str, form: object) -> Parameter:
    annotation = Spelled(str(getattr(form, "__forward_arg__", form)))
    return Parameter(name, Parameter.KEYWORD_ONLY, default=DEFAULTS.get(name), annotation=annotation)
