"""The ``RateLimit`` fields of servers, in the forms of their drafts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.http import WHITE_SPACE, seconds_in, whole_number

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.http import Headers

_FIELDS = frozenset({"ratelimit", "ratelimit-remaining", "x-ratelimit-remaining", "ratelimit-reset"})
_LIST = re.compile(r'(?:[^",]|"[^"]*")+')
_PARAMETER = re.compile(r"(?:^|;)\s*([a-z]+)\s*=\s*\"?(\d{1,19})\"?\s*(?=;|$)", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The rate limit of a server: ``remaining`` requests, and the seconds until the quota is restored."""

    remaining: int | None
    reset_seconds: float | None

    @classmethod
    def parse(cls, headers: Headers) -> RateLimit | None:
        """The lowest quota in ``RateLimit``, in any form of its drafts.

        The forms are ``"name";r=0;t=55`` (a list with one item per policy), ``limit=100, remaining=0, reset=55``, and
        ``RateLimit-Remaining`` with ``RateLimit-Reset``. ``X-RateLimit-Reset`` is ignored, because some servers send a
        date.
        """
        if not headers.has_any(_FIELDS):
            return None
        text = headers.get("RateLimit")
        if text is None:
            found = [
                cls(
                    whole_number(headers.get("RateLimit-Remaining") or headers.get("X-RateLimit-Remaining")),
                    seconds_in(headers.get("RateLimit-Reset")),
                )
            ]
        else:
            items = [_parameters(item.strip(WHITE_SPACE)) for item in _LIST.findall(text)]
            if any("remaining" in item for item in items):
                items = [{name: value for item in items for name, value in item.items()}]
            found = [
                cls(whole_number(item.get("r", item.get("remaining"))), seconds_in(item.get("t", item.get("reset"))))
                for item in items
            ]
        return min((quota for quota in found if quota != cls(None, None)), key=_tightness, default=None)


def _parameters(item: str) -> dict[str, str]:
    return {name.lower(): number for name, number in _PARAMETER.findall(item)}


def _tightness(quota: RateLimit) -> tuple[float, float]:
    remaining = float("inf") if quota.remaining is None else quota.remaining
    return remaining, -(quota.reset_seconds or 0.0)
