from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import errors
from anymatix_fetcher.cli.exit_codes import BUG, MEANINGS, exit_code_for_all, exit_code_for_signal
from anymatix_fetcher.verbs.reporting import exit_code_of

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = {
    errors.ReferenceSyntaxError: 2,
    errors.NotFoundError: 3,
    errors.AccessDeniedError: 4,
    errors.NetworkError: 5,
    errors.UnexpectedAnswerError: 5,
    errors.RetriesExhaustedError: 5,
    errors.IntegrityError: 6,
    errors.RepresentationChangedError: 6,
    errors.DigestMismatchError: 6,
    errors.NotAModelError: 6,
    errors.UnsafeModelError: 6,
    errors.StorageError: 7,
    errors.DiskFullError: 7,
    errors.DestinationExistsError: 7,
    errors.DestinationLockedError: 8,
    errors.DownloadCancelled: 130,
}


@pytest.mark.parametrize("kind", TABLE)
def test_each_error_has_its_code(kind: type[errors.FetchError]) -> None:
    assert exit_code_of(kind("it happened")) == TABLE[kind]


def descendants(kind: type[errors.FetchError]) -> Iterator[type[errors.FetchError]]:
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


def test_only_a_bug_has_the_code_of_a_bug() -> None:
    ours = [kind for kind in descendants(errors.FetchError) if kind.__module__.startswith("anymatix_fetcher.")]
    assert [kind.__name__ for kind in ours if exit_code_of(kind("it happened")) == BUG] == ["InternalError"]


def test_the_first_failure_decides_in_the_order_of_the_references() -> None:
    missing, full = errors.NotFoundError("gone"), errors.DiskFullError("full")
    assert exit_code_for_all([None, full, missing]) == 7
    assert exit_code_for_all([missing, None, full]) == 3
    assert exit_code_for_all([None, None]) == 0


def test_signals_have_the_shells_codes() -> None:
    assert exit_code_for_signal(signal.SIGINT) == 130
    assert exit_code_for_signal(signal.SIGTERM) == 143
    if hasattr(signal, "SIGHUP"):
        assert exit_code_for_signal(signal.SIGHUP) == 143


def test_the_help_speaks_of_every_code() -> None:
    spoken = {int(code) for codes, _ in MEANINGS for code in codes.split(", ")}
    assert spoken == {0, 1, *TABLE.values(), 143}
