"""Merges several mentions of a model into one need, and detects conflicts."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import strongest
from anymatix_fetcher.workflows.needs import Conflict, Need

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anymatix_fetcher.core.values.digests import Digest


def merged(found: Iterable[Need]) -> tuple[tuple[Need, ...], tuple[Need, ...], tuple[Conflict, ...]]:
    """The needs with a URL, those without one, and the conflicts among the former.

    Needs with the same URL, folder and name are one, whether or not all state the digest. A need without a URL is
    merged into the first one with a URL for its folder and name. They are ordered by the first mention of their path.
    """
    places: dict[tuple[str, str | None], list[Need]] = {}
    for need in found:
        places.setdefault(need.place, []).append(need)
    with_address: list[Need] = []
    without: list[Need] = []
    conflicts: list[Conflict] = []
    for (directory, name), needs in places.items():
        addressed = _by_address(need for need in needs if need.url is not None)
        bare = [need for need in needs if need.url is None]
        if addressed and name is not None:
            addressed[0] = _joined([addressed[0], *bare])
        else:
            without += _by_digest(bare)
        if name is not None and len(addressed) > 1:
            conflicts.append(Conflict(directory, name, tuple(addressed)))
        with_address += addressed
    return tuple(with_address), tuple(without), tuple(conflicts)


def _by_address(needs: Iterable[Need]) -> list[Need]:
    """One need for each URL, or several if their digests contradict each other."""
    groups: dict[str, list[Need]] = {}
    for need in needs:
        # At Hugging Face this query changes one response field and nothing else.
        address = need.url.reveal().removesuffix("?download=true") if need.url else ""
        groups.setdefault(address, []).append(need)
    return [unit for group in groups.values() for unit in _by_digest(group)]


def _by_digest(needs: list[Need]) -> list[Need]:
    """One need, or one for each contradicting digest; the first includes those that state none."""
    digests = list(dict.fromkeys(need.digest for need in needs if need.digest is not None))
    if len({digest.algorithm for digest in digests}) == len(digests):
        return [_joined(needs)] if needs else []
    units: dict[Digest, list[Need]] = {digest: [] for digest in digests}
    for need in needs:
        units[need.digest or digests[0]].append(need)
    return [_joined(unit) for unit in units.values()]


def _joined(unit: list[Need]) -> Need:
    """The first need, with the strongest stated digest, and the nodes of all."""
    nodes = dict.fromkeys(chain.from_iterable(need.nodes for need in unit))
    digests = tuple(need.digest for need in unit if need.digest is not None)
    return replace(unit[0], digest=strongest(digests), nodes=tuple(nodes))
