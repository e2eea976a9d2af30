"""Composes the parts of a download."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.machine.coverage import Coverage
from anymatix_fetcher.core.machine.labels import Labels
from anymatix_fetcher.core.machine.matching import Matching
from anymatix_fetcher.core.machine.mirrors import Mirrors
from anymatix_fetcher.core.machine.peers import Peers
from anymatix_fetcher.core.machine.phase import Stage
from anymatix_fetcher.core.machine.proof import Proof
from anymatix_fetcher.core.machine.recovery import Recovery
from anymatix_fetcher.core.machine.requests import Requests
from anymatix_fetcher.core.machine.scheduler import Scheduler

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.machine.segments import Sizes
    from anymatix_fetcher.core.pace.hosts import Share
    from anymatix_fetcher.core.values import messages as m
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.core.values.urls import Origin


@dataclass(frozen=True, slots=True)
class MachineParts:
    """The parts of one download.

    Args:
        out: The commands to return.
        stage: The phase.
        coverage: The stored bytes.
        requests: The requests in progress.
        scheduler: Chooses the next requests.
        recovery: Handles failed requests.
        matching: Matches responses with the stored representation.
        mirrors: The other places.
        peers: The user's own servers among them.
        labels: Whether stated media types and codings are believed.
        proof: The expected digests.
    """

    out: list[m.Command]
    stage: Stage
    coverage: Coverage
    requests: Requests
    scheduler: Scheduler
    recovery: Recovery
    matching: Matching
    mirrors: Mirrors
    peers: Peers
    labels: Labels
    proof: Proof


def parts_of(
    resource: Resource,
    share: Share,
    *,
    number: int,
    random: Callable[[], float],
    one_stream: bool,
    block_size: int,
    sizes: Sizes,
    join: Callable[[Origin], Share] | None,
    as_is: bool,
) -> MachineParts:
    """The parts of a new download; the arguments are those of :class:`Download`."""
    out: list[m.Command] = []
    coverage = Coverage()
    requests = Requests(resource, share, number=number, random=random, one_stream=one_stream, out=out)
    scheduler = Scheduler(requests, coverage, out, sizes)
    matching = Matching(
        requests.address, requests.abilities, coverage, out, block_size=block_size, stated_length=resource.length
    )
    mirrors = Mirrors(requests, scheduler, matching, coverage, out, join)
    return MachineParts(
        out=out,
        stage=Stage(),
        coverage=coverage,
        requests=requests,
        scheduler=scheduler,
        recovery=Recovery(requests, scheduler.free_flow),
        matching=matching,
        mirrors=mirrors,
        peers=Peers(resource, requests, matching, mirrors),
        labels=Labels(as_is=as_is),
        proof=Proof(resource.digests),
    )
