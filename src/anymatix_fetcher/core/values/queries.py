"""References that differ in their query only, which messages don't show."""

from __future__ import annotations


def without_query(reference: str) -> str:
    """The reference without query and fragment."""
    return reference.strip().partition("#")[0].partition("?")[0]


def differ_in_query_only(reference: str, other: str) -> bool:
    """Whether two different references are the same without their queries."""
    return reference.strip() != other.strip() and without_query(reference) == without_query(other)
