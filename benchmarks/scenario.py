"""What a scenario is: the line, the servers, the files, who takes part, and what is to be reached."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmarks import contenders as c
from benchmarks.goals import Goal, Speed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.contenders import Contender
    from benchmarks.servers import Misbehaving, Nginx
    from benchmarks.wan.line import Line

MEGABYTE = 1_000_000
_SMALLEST_SCALED = MEGABYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One situation, who is measured in it, and what is to be reached.

    Attributes:
        name: As on the command line.
        summary: What is tried, in a sentence.
        server: Who serves.
        size: Bytes of each file.
        sizes: Bytes of each of ``paths``, where they differ.
        paths: The files. Each contender fetches those that it names; else all with ``together``, or the first one.
        line: The way to the server; ``None`` for loopback.
        contenders: Who takes part.
        goals: What is to be reached.
        together: Whether the files are fetched in one command.
        limit_seconds: When a contender is ended, as one that doesn't get there.
        scalable: Whether ``--size-factor`` applies.
        paced: Whether it tries how the number of connections is found: always on a long line with one file at a time.
        fixed_at_least: The share of our best fixed count's rate that the adaptive one has to reach.
        mirrors: Further places that serve the same files.
        served_bytes_per_second: The most that the servers give over any number of connections; ``None`` for no limit.
    """

    name: str
    summary: str
    server: Nginx | Misbehaving
    size: int = 0
    contenders: tuple[Contender, ...]
    goals: tuple[Goal, ...]
    paths: tuple[str, ...] = ("model.bin",)
    sizes: tuple[int, ...] = ()
    line: Line | None = None
    together: bool = False
    limit_seconds: float = 120.0
    scalable: bool = True
    paced: bool = False
    fixed_at_least: float = 0.96
    mirrors: tuple[Nginx | Misbehaving, ...] = ()
    served_bytes_per_second: float | None = None

    @property
    def served(self) -> tuple[tuple[str, int], ...]:
        """The files' paths, and how many bytes each has."""
        return tuple(zip(self.paths, self.sizes or (self.size,) * len(self.paths), strict=True))

    def indices(self, contender: Contender) -> Sequence[int]:
        """Which of the files the contender fetches."""
        if contender.files is not None:
            return contender.files
        return range(len(self.paths) if self.together else 1)

    def lengths(self, contender: Contender) -> tuple[int, ...]:
        """How many bytes each of those files has."""
        return tuple(self.served[index][1] for index in self.indices(contender))

    def scaled(self, factor: float) -> Scenario:
        """The same with less (or more) to fetch: smaller files, or fewer where there are many of one size."""
        if not self.scalable:
            return self
        if self.sizes:
            return replace(self, sizes=tuple(max(1, round(size * factor)) for size in self.sizes))
        if self.together:
            return replace(self, paths=self.paths[: max(1, round(len(self.paths) * factor))])
        return replace(self, size=max(_SMALLEST_SCALED, round(self.size * factor)))

    def with_fixed(self) -> Scenario:
        """The same with our fixed numbers of connections, which the adaptive one mustn't fall behind."""
        if self.together or (self.line is None and not self.paced):
            return self
        names = tuple(one.name for one in c.FIXED)
        others = tuple(one for one in self.contenders if one.name not in names)
        goal = Speed(subject=c.ANYFETCH.name, against=names, at_least=self.fixed_at_least)
        return replace(self, contenders=(*others, *c.FIXED), goals=(*self.goals, goal))

    def ablated(self) -> Scenario:
        """The same for our controller alone: with all of its rules, and with each one off."""
        if self.together or (self.line is None and not self.paced):
            return self
        return replace(self, contenders=c.ABLATED, goals=())
