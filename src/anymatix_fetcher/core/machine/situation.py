"""Collects what is known when a refusal arrives, so that ``reaction`` can decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.reaction import Situation
from anymatix_fetcher.core.answers.signature_faults import PARTICULAR, has_expired, signature_fault
from anymatix_fetcher.errors import AccessDeniedError

if TYPE_CHECKING:
    from anymatix_fetcher.core.machine.coverage import Coverage
    from anymatix_fetcher.core.machine.exchange import Exchange
    from anymatix_fetcher.core.machine.requests import Requests
    from anymatix_fetcher.core.values.http import Refused

FRESH_SECONDS = 10.0
"""No URL expires this soon; if it refuses some of several concurrent requests, it limits them."""


def situation_of(
    exchange: Exchange,
    refused: Refused,
    requests: Requests,
    coverage: Coverage,
    length: int | None,
    now: float,
    *,
    is_known: bool,
    has_digest: bool,
) -> Situation:
    """The situation of a refusal of ``exchange``.

    Args:
        exchange: The refused exchange.
        refused: The refusal.
        requests: The download's requests.
        coverage: The stored bytes.
        length: The file's length; ``None`` if unknown.
        now: The time.
        is_known: Whether any response was accepted.
        has_digest: Whether a digest will verify the whole.
    """
    request, head, address = exchange.request, exchange.head, requests.address
    fault = signature_fault(refused.status, refused.headers, refused.excerpt)
    particular = address.particular(refused, request)
    stated = None if head is None else head.complete_length
    return Situation(
        is_current=_is_current(exchange, requests),
        derived=address.derived,
        served=address.served,
        redirected=exchange.hops > 0,
        others_flow=requests.exchanges.first_flowing > 0,
        was_accepted=exchange.flowing,
        in_company=exchange.in_company,
        may_be_bound=address.may_be_bound(request.span),
        range_refused=address.range_signers.is_suspected(exchange.led_by),
        is_fresh=now - requests.settled_at < FRESH_SECONDS,
        expired=has_expired(fault, address.seconds_left(request.url, now, refused.headers)),
        second_chance=requests.patience.second_chance,
        ranged=request.span is not None,
        accepted=requests.abilities.accepted,
        is_explained=fault in PARTICULAR or particular is not None,
        is_denied=isinstance(particular, AccessDeniedError),
        had_if_range=request.headers.get("If-Range") is not None,
        length=length,
        is_known=is_known,
        holds_bytes=bool(coverage.held),
        has_digest=has_digest,
        tags_disagree=requests.abilities.tags_disagree,
        same_length=length in (None, stated),
        contradictions=requests.abilities.contradictions,
    )


def _is_current(exchange: Exchange, requests: Requests) -> bool:
    """Whether a response is relevant to the current target, or to resolving the next one."""
    if requests.address.settled:
        return requests.address.is_current(exchange.request.url)
    return exchange.from_origin  # any other was sent to a URL that was dropped meanwhile
