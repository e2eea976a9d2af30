"""What callers see: settings that go in, progress on the way, and the result. Frozen values, nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.resource import Author
from anymatix_fetcher.core.values.spans import SpanSet
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.engine import forms
from anymatix_fetcher.engine.settings import Settings
from anymatix_fetcher.errors import DownloadCancelled, ReferenceSyntaxError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.errors import FetchError


_MAY_HOLD_USERINFO = re.compile(r"[^/]*@|[^@]*:[^@]*@")


@dataclass(frozen=True, slots=True)
class Job:
    """One file to fetch: what was named, and how to go about it.

    Args:
        reference: What to fetch.
        settings: How.
        author: Who has written the reference and its mirrors: where that may be other people, it leads to no header of
            the settings.
        part_of: What was named, where that stands for several files, this one among them; else empty.
        auth: Parameters, as ``token=...``, for the query of the reference's own address: they are sent there and belong
            to nothing that is kept.

    Raises:
        ReferenceSyntaxError: The reference isn't text.
    """

    reference: str = field(repr=False)
    settings: Settings = field(default_factory=Settings)
    author: Author = Author.USER
    part_of: str = field(default="", repr=False)
    auth: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Refuses at once what is no reference and no settings."""
        forms.reference(self.reference)
        if not isinstance(self.settings, Settings):
            raise ReferenceSyntaxError(f"a job's settings are Settings(...), not {type(self.settings).__name__}")

    @property
    def shown_reference(self) -> str:
        """The reference as it may be printed."""
        return shown(self.reference)


def shown(reference: str) -> str:
    """A reference as it may be printed: without query and userinfo, which may hold secrets."""
    try:
        return str(Url.parse(reference.strip()))
    except ValueError:
        # In a URL that can't be read it isn't known where a password ends.
        scheme, separator, rest = reference.partition("://")
        if separator and _MAY_HOLD_USERINFO.match(rest):
            return f"{scheme}://..."
        return re.split(r"[?#]", reference, maxsplit=1)[0]


class Phase(Enum):
    """What a download is doing, in the words that users see."""

    WAITING = "waiting"
    """Another process downloads to the same destination."""
    OPENING = "opening"
    TRANSFERRING = "transferring"
    VERIFYING = "verifying"
    PUBLISHING = "publishing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Progress:
    """How one download stands, at one moment. Byte counts never go down while a download runs.

    Args:
        reference: As the caller gave it, without secrets.
        name: The file's name, where it is known yet.
        phase: What is going on.
        length: Bytes of the whole file; ``None`` while, or where, unknown.
        bytes_stored: Bytes of the file that are written, this run's and kept ones.
        bytes_resumed: Of those, the ones that an earlier run left.
        bytes_verified: Bytes at the file's front that the digest has gone over.
        bytes_per_second: What arrives, over the last seconds.
        eta_seconds: An honest guess at the time to go; ``None`` where there is no ground for one.
        connections: Exchanges whose bodies flow.
        stored: Which bytes are written.
        in_flight: Which bytes are being asked for.
        seconds: Since the download began.
        note: What a person should know now ("the server asks to wait 12 s"); mostly empty.
        path: The destination that is claimed, beside which part file and journal lie, and where the file is in the
            end; ``None`` while it isn't known.
        digests: What the whole file has to have, as far as that is known.
    """

    reference: str
    name: str | None = None
    phase: Phase = Phase.OPENING
    length: int | None = None
    bytes_stored: int = 0
    bytes_resumed: int = 0
    bytes_verified: int = 0
    bytes_per_second: float = 0.0
    eta_seconds: float | None = None
    connections: int = 0
    stored: SpanSet = field(default_factory=SpanSet)
    in_flight: SpanSet = field(default_factory=SpanSet)
    seconds: float = 0.0
    note: str = ""
    path: Path | None = None
    digests: tuple[Digest, ...] = ()


class Status(Enum):
    """How a download ended."""

    DOWNLOADED = "downloaded"
    RESUMED = "resumed"
    PRESENT = "present"
    LINKED = "linked"
    FAILED = "failed"


UNPROVED = frozenset({"length", "none"})
"""What ``verified`` says where no digest has proved the content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one reference.

    Args:
        reference: As the caller gave it, without secrets.
        status: How it ended.
        path: Where the file is, absolute; ``None`` where it failed.
        size: Bytes of the file; ``None`` where it failed.
        sha256: Its SHA-256 in 64 lower-case hex digits, read from its bytes here; ``None`` where it wasn't computed.
        verified: What proved the content: the algorithm of a known digest ("sha256", "blake3", "crc32", ...), else
            "length" where the server or the caller stated a length, else "none".
        verified_at: When the bytes were read for that, in UTC; ``None`` where nothing proves the content, or where
            the moment isn't known.
        bytes_downloaded: Payload bytes that came over the network in this run.
        bytes_resumed: Payload bytes that an earlier run had left, and that were proved.
        seconds: From start to end.
        requests: How many requests were sent, to all hosts together.
        origin_requests: Of those, the ones to the host that the reference names.
        renewals: How often an expired address was renewed.
        connections_peak: The most bodies that flowed at one time.
        engine: The transport that carried it: "curl" or "threads"; empty where none was needed.
        http_version: Of the last response: "1.0", "1.1", "2" or "3"; empty where there was none.
        error: Why it failed; ``None`` where it didn't.
    """

    reference: str
    status: Status
    path: Path | None = None
    size: int | None = None
    sha256: str | None = None
    verified: str = "none"
    verified_at: datetime | None = None
    bytes_downloaded: int = 0
    bytes_resumed: int = 0
    seconds: float = 0.0
    requests: int = 0
    origin_requests: int = 0
    renewals: int = 0
    connections_peak: int = 0
    engine: str = ""
    http_version: str = ""
    error: FetchError | None = None


def moment(seconds: float | None) -> datetime | None:
    """The moment, in UTC, so many seconds after the beginning of 1970."""
    from datetime import UTC, datetime  # noqa: PLC0415 - costs start-up time, needed when a download ends

    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def phase_of(result: Result) -> Phase:
    """The phase that it ended in."""
    if result.error is None:
        return Phase.DONE
    return Phase.CANCELLED if isinstance(result.error, DownloadCancelled) else Phase.FAILED
