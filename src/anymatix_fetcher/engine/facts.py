"""The values that callers see: jobs, progress and results."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
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
    """One file to fetch, with its settings.

    Args:
        reference: The reference.
        settings: Its settings.
        author: Who wrote the reference and its mirrors. If that may not be the user, no header field of the settings is
            sent.
        part_of: The reference that named several files, this one among them; else empty.
        public_only: Whether only public addresses may be asked for it; what names a service goes where that is.
        auth: Parameters such as ``token=...`` for the query of the reference's own URL. They are sent there and never
            stored.

    Raises:
        ReferenceSyntaxError: The reference isn't text.
    """

    reference: str = field(repr=False)
    settings: Settings = field(default_factory=Settings)
    author: Author = Author.USER
    part_of: str = field(default="", repr=False)
    auth: str = field(default="", repr=False)
    public_only: bool = False

    def __post_init__(self) -> None:
        """Checks the types of the values."""
        forms.reference(self.reference)
        if not isinstance(self.settings, Settings):
            raise ReferenceSyntaxError(
                f"a job's settings are Settings(...), not {type(self.settings).__name__}",
                hint="Expected Job(reference, Settings(directory=..., sha256=...)).",
            )
        if not isinstance(self.author, Author):
            raise ReferenceSyntaxError(
                f"a job's author is an Author, not {type(self.author).__name__}",
                hint="Leave it out: then it is the user.",
            )
        forms.text("part_of", self.part_of)
        forms.text("auth", self.auth)

    @property
    def shown_reference(self) -> str:
        """The reference in a printable form."""
        return shown(self.reference)


def shown(reference: str) -> str:
    """A reference without query and userinfo, which may hold secrets."""
    try:
        return str(Url.parse(reference.strip()))
    except ValueError:
        # In a URL that can't be parsed, the end of a password is unknown.
        scheme, separator, rest = reference.partition("://")
        if separator and _MAY_HOLD_USERINFO.match(rest):
            return f"{scheme}://..."
        return re.split(r"[?#]", reference, maxsplit=1)[0]


class Phase(StrEnum):
    """The activity of a download, for people."""

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
    """The progress of one download at one moment. Byte counts never decrease while a download runs.

    Args:
        reference: The reference as given, without secrets.
        name: The file's name, once known.
        phase: The current activity.
        length: The file's size in bytes; ``None`` if unknown.
        bytes_stored: The bytes written, by this run and earlier ones.
        bytes_resumed: Those of them that an earlier run wrote.
        bytes_verified: The bytes at the file's front that are hashed.
        bytes_per_second: The rate over the last seconds.
        eta_seconds: The estimated remaining time; ``None`` if it can't be estimated.
        connections: The number of connections that transfer a body.
        stored: The spans that are written.
        in_flight: The spans that are requested.
        seconds: The time since the download began.
        note: A remark for people ("the server asks to wait 12 s"); usually empty.
        path: The destination, beside which part file and journal are; ``None`` until it is known.
        digests: The expected digests, as far as known.
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


class Status(StrEnum):
    """The outcome of a download."""

    DOWNLOADED = "downloaded"
    RESUMED = "resumed"
    PRESENT = "present"
    LINKED = "linked"
    FAILED = "failed"


UNPROVED = frozenset({"length", "none"})
"""The values of ``verified`` for content that no digest has verified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result for one file.

    Args:
        reference: The reference as given, without secrets.
        status: The outcome.
        path: The file's absolute path; ``None`` on failure.
        size: The file's size in bytes; ``None`` on failure.
        sha256: Its SHA-256 in 64 lower-case hex digits, computed here; ``None`` if it wasn't computed.
        verified: How the content was verified: the algorithm of a known digest ("sha256", "blake3", "crc32", ...), else
            "length" if the server or the caller stated one, else "none".
        verified_at: When the bytes were read for that, in UTC; ``None`` if the content isn't verified, or the time is
            unknown.
        bytes_downloaded: The payload bytes received in this run.
        bytes_resumed: The payload bytes kept from an earlier run after verification.
        seconds: The duration.
        requests: The number of requests, to all hosts.
        origin_requests: The number of requests to the host that the reference names.
        renewals: The number of renewals of an expired URL.
        connections_peak: The largest number of concurrent bodies.
        engine: The transport: "curl" or "threads"; empty if none was needed.
        http_version: The newest version that the server spoke: "1.0", "1.1", "2" or "3"; empty if there was none.
        error: The error; ``None`` on success.
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
    """A time in seconds since 1970 as a datetime in UTC."""
    from datetime import UTC, datetime  # noqa: PLC0415 - costs start-up time, needed when a download ends

    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def phase_of(result: Result) -> Phase:
    """The last phase of the download."""
    if result.error is None:
        return Phase.DONE
    return Phase.CANCELLED if isinstance(result.error, DownloadCancelled) else Phase.FAILED
