"""How much a mirror may bring before it has been checked."""

from __future__ import annotations

from anymatix_fetcher.core.machine.checks import (
    CHECKED_BYTES,
    UNCHECKED_BYTES,
    UNPROVED_BYTES,
    allowance,
    to_be_checked,
)

MIB = 1 << 20


def test_of_a_large_file_so_much_is_checked_and_of_a_small_one_a_part() -> None:
    assert to_be_checked(2000 * MIB, MIB) == CHECKED_BYTES
    assert to_be_checked(100 * MIB, MIB) == 4 * MIB
    assert to_be_checked(3 * MIB, MIB) == MIB


def test_one_that_has_been_checked_may_bring_anything() -> None:
    assert allowance(agreed=20 * MIB, wanted=20 * MIB, others_bytes_per_second=1e9, is_patient=True) is None


def test_where_checking_takes_a_moment_it_is_waited_for() -> None:
    assert allowance(agreed=MIB, wanted=20 * MIB, others_bytes_per_second=5e7, is_patient=True) == UNCHECKED_BYTES


def test_and_not_for_ever() -> None:
    assert allowance(agreed=MIB, wanted=20 * MIB, others_bytes_per_second=5e7, is_patient=False) is None


def test_beside_a_slow_place_one_block_that_agrees_is_enough() -> None:
    assert allowance(agreed=MIB, wanted=20 * MIB, others_bytes_per_second=3e6, is_patient=True) is None
    assert allowance(agreed=0, wanted=20 * MIB, others_bytes_per_second=3e6, is_patient=True) == UNPROVED_BYTES


def test_what_may_come_of_one_that_lies_stays_within_32_mib() -> None:
    assert UNCHECKED_BYTES + CHECKED_BYTES <= UNPROVED_BYTES == 32 * MIB
