"""The simulator has teeth: bugs are planted here, through the seams that tests may use, and have to be caught."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from anymatix_fetcher.core.answers.judge import judge
from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.core.values.journal import BlockRecorded
from anymatix_fetcher.storage.journal_file import JournalFile
from anymatix_fetcher.storage.store import Store
from tests.simulation.simulation import Simulation

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.answers.judge import Known, Verdict
    from anymatix_fetcher.core.values.http import Request, ResponseHead
    from anymatix_fetcher.core.values.journal import JournalHeader, Record
    from anymatix_fetcher.storage.opening import OpenedFiles

ENOUGH_SEEDS = 200


class GreedyJournal(JournalFile):
    """A journal that claims a block too much: with each block the one after it, which mostly isn't there yet."""

    def __init__(self, journal: JournalFile) -> None:
        self._journal = journal

    def begin(self, header: JournalHeader, *records: Record) -> None:
        self._journal.begin(header, *records)

    def append(self, record: Record) -> None:
        self._journal.append(record)
        if isinstance(record, BlockRecorded):
            self._journal.append(replace(record, index=record.index + 1))

    def close(self) -> None:
        self._journal.close()


class GreedyStore(Store):
    """Storage that records through a :class:`GreedyJournal`."""

    def __init__(self, opened: OpenedFiles, **options: Any) -> None:  # noqa: ANN401 - hands everything on
        greedy: Any = GreedyJournal(opened.journal)
        super().__init__(replace(opened, journal=greedy), **options)


def gullible(request: Request, head: ResponseHead, known: Known, excerpt: str = "") -> Verdict:
    """A judge that accepts a shifted range: it believes that what comes is what was asked for."""
    label = head.content_range
    if request.span is not None and label is not None and label.span is not None and label.total is not None:
        stop = request.span.start + len(label.span)
        claimed = f"bytes {request.span.start}-{stop - 1}/{max(label.total, stop)}"
        others = (field for field in head.headers if field[0] != "Content-Range")
        head = replace(head, headers=Headers((*others, ("Content-Range", claimed))))
    return judge(request, head, known, excerpt)


def first_objection(simulation: Callable[[int], Simulation]) -> str:
    """What the oracle says first."""
    for seed in range(ENOUGH_SEEDS):
        try:
            simulation(seed).run()
        except AssertionError as error:
            return str(error)
    return ""


@pytest.mark.parametrize(
    ("simulation", "rule"),
    [
        (lambda seed: Simulation(seed, open_store=GreedyStore.open), "rule 3"),
        (lambda seed: Simulation(seed, judge=gullible), "rule 3"),
    ],
    ids=["a journal that claims a block too much", "a judge that accepts a shifted range"],
)
def test_a_planted_bug_is_caught(simulation: Callable[[int], Simulation], rule: str) -> None:
    assert first_objection(simulation).startswith(rule)


def test_without_the_planted_bugs_the_same_seeds_are_fine() -> None:
    assert first_objection(Simulation) == ""
