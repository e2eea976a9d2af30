"""One other place with the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.http import Validator

if TYPE_CHECKING:
    from anymatix_fetcher.core.answers.address import Address
    from anymatix_fetcher.core.machine.comparison import Comparison
    from anymatix_fetcher.core.pace.hosts import Share


@dataclass(slots=True, eq=False)
class Mirror:
    """One other place.

    Args:
        address: The way to its bytes.
        pace: How many connections its host bears.
        proved: Whether blocks from it have agreed with those that are here.
        comparison: The blocks on trial.
        validator: What it says of the content's identity.
        strikes: Failures since it last brought something new.
        crawls: How often one of its connections had to be replaced for its slowness.
        total: Bytes that it has brought.
        not_before: The earliest time for its next request.
    """

    address: Address
    pace: Share
    proved: bool = False
    comparison: Comparison | None = None
    validator: Validator = Validator()  # noqa: RUF009 - frozen, so sharing it is safe
    strikes: int = 0
    crawls: int = 0
    total: int = 0
    not_before: float = 0.0
    adapted_at: float = float("-inf")
