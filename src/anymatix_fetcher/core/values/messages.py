"""The messages of the machine: the events that it takes, and the commands that it returns.

All are frozen, and none contains bytes of the file. ``Event`` and ``Command`` at the end are their unions.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from anymatix_fetcher.core.values.spans import SpanSet
from anymatix_fetcher.core.values.urls import Origin

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.failures import Failure
    from anymatix_fetcher.core.values.http import Request, ResponseHead
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.core.values.spans import Span
    from anymatix_fetcher.core.values.urls import Url
    from anymatix_fetcher.core.values.validators import Validator
    from anymatix_fetcher.errors import FetchError


class ExchangeId(NamedTuple):
    """The id of one exchange of one download; unique within a session."""

    download: int
    number: int


@dataclass(frozen=True, slots=True)
class Identity:
    """The representation that the part file holds blocks of.

    ``length`` is ``None`` until the server states it. ``validator`` comes from ``origin``, the host of the bytes, and
    can only be compared with that host's responses.
    """

    length: int | None
    validator: Validator
    origin: Origin | None = None

    def completed_by(self, known: Identity | None) -> Identity:
        """This identity, completed by what the same host has stated before about the same representation."""
        if known is None or known.origin != self.origin:
            return self
        return replace(self, validator=self.validator.completed_by(known.validator))


@dataclass(frozen=True, slots=True)
class KeptBlocks:
    """The blocks of an earlier run: recorded in the journal (claimed, not yet proved), and their identity."""

    blocks: SpanSet
    identity: Identity


FOREIGN = Origin("foreign", "", 0)
"""Replaces the host in an identity: another program wrote these bytes, and they weren't compared yet."""


# Events ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Begin:
    """The download may start. ``storage_is_open`` is false while the file's name is unknown."""

    storage_is_open: bool
    kept: KeptBlocks | None = None


@dataclass(frozen=True, slots=True)
class StorageOpened:
    """The part file is open and its lease is held; follows :class:`OpenStorage`."""

    kept: KeptBlocks | None = None


@dataclass(frozen=True, slots=True)
class StorageAwaited:
    """Another process has the lease and may need minutes; may follow :class:`OpenStorage`."""


@dataclass(frozen=True, slots=True)
class StorageFailed:
    """The disk, or the file at the destination, makes the download impossible."""

    error: FetchError


@dataclass(frozen=True, slots=True)
class ContentRefused:
    """The content was examined, and is wrong or dangerous."""

    error: FetchError


@dataclass(frozen=True, slots=True)
class HeadArrived:
    """A final response's head. For a status of 400 or more, ``excerpt`` is the beginning of the body as text."""

    exchange: ExchangeId
    head: ResponseHead
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class BodyStored:
    """The sink has taken these bytes of an accepted body."""

    exchange: ExchangeId
    span: Span


@dataclass(frozen=True, slots=True)
class BeginningSeen:
    """Whether the beginning matches its unwanted type; follows :class:`LookAtBeginning`."""

    is_unwanted: bool


@dataclass(frozen=True, slots=True)
class BodyEnded:
    """The body ended as its framing stated, or was cut at the accepted span's stop; all of it is stored.

    ``goes_on`` tells that it was cut although its head states no length, so that the file is longer than known.
    """

    exchange: ExchangeId
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class ExchangeFailed:
    """The exchange has failed."""

    exchange: ExchangeId
    failure: Failure


@dataclass(frozen=True, slots=True)
class BlocksProved:
    """Kept blocks were read back: ``good`` ones match their checksum, ``bad`` ones don't and are forgotten."""

    good: SpanSet
    bad: SpanSet


@dataclass(frozen=True, slots=True)
class BlockCompared:
    """A recorded block, or a piece of an unfinished one, arrived again and was compared.

    ``filling`` tells that it was part of a body that fills missing blocks.
    """

    span: Span
    equal: bool
    filling: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class PartShortened:
    """Another program has shortened the part file: its content has to be verified again."""


@dataclass(frozen=True, slots=True)
class Verified:
    """The digests of the whole part file; follows :class:`Verify`."""

    digests: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """The file is at its destination; follows :class:`Publish`.

    ``already_there`` tells that a file with the same content had this name, and the new one was deleted.
    """

    already_there: bool = False


@dataclass(frozen=True, slots=True)
class Renewed:
    """The source has renewed the resource's URL; follows :class:`Renew`."""

    resource: Resource


@dataclass(frozen=True, slots=True)
class RenewalFailed:
    """The source can't renew the URL; follows :class:`Renew`."""

    error: FetchError


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """The caller wants to stop; part file and journal are kept."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed without another event; ``limited`` tells that the rate limit is the bottleneck."""

    limited: bool = False


Event: TypeAlias = (
    Begin
    | StorageOpened
    | StorageAwaited
    | StorageFailed
    | ContentRefused
    | BeginningSeen
    | HeadArrived
    | BodyStored
    | BodyEnded
    | ExchangeFailed
    | BlocksProved
    | BlockCompared
    | PartShortened
    | Verified
    | Published
    | Renewed
    | RenewalFailed
    | CancelRequested
    | Tick
)

# Commands -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StartExchange:
    """Send the request and report its head; nothing is stored before :class:`AcceptBody`."""

    exchange: ExchangeId
    request: Request


@dataclass(frozen=True, slots=True)
class AcceptBody:
    """The head is accepted: store the body from ``start``, at most up to ``stop`` (``None``: to its end).

    If the head doesn't state the body's end and the file's length is known, that is the stop, where the body has to end
    by itself. With ``compare``, recorded blocks are compared with the body, and nothing is stored.
    """

    exchange: ExchangeId
    start: int
    stop: int | None
    compare: bool = False


@dataclass(frozen=True, slots=True)
class PeekBody:
    """Read the body up to ``stop`` into memory, to examine it without storing it."""

    exchange: ExchangeId
    stop: int


@dataclass(frozen=True, slots=True)
class LookAtBeginning:
    """Check the peeked body against its header fields; followed by :class:`BeginningSeen`.

    ``coding`` is its stated content coding, empty if it is stated to be a document. ``is_whole`` tells that the body is
    complete.
    """

    coding: str
    is_whole: bool


@dataclass(frozen=True, slots=True)
class NarrowBody:
    """Another exchange takes over the bytes from ``stop``, where this exchange has to end."""

    exchange: ExchangeId
    stop: int


@dataclass(frozen=True, slots=True)
class CancelExchange:
    """Drop the exchange; its later reports are ignored."""

    exchange: ExchangeId


@dataclass(frozen=True, slots=True)
class OpenAhead:
    """``count`` further connections to an origin are likely to be used soon, and may be opened ahead."""

    origin: Origin
    count: int


@dataclass(frozen=True, slots=True)
class OpenStorage:
    """Open part file and journal. ``head`` is the accepted response, which may state the name."""

    head: ResponseHead
    url: Url


@dataclass(frozen=True, slots=True)
class SetIdentity:
    """Record the representation that the part file holds blocks of, and set the file's length."""

    identity: Identity


@dataclass(frozen=True, slots=True)
class ProveBlocks:
    """Read these recorded blocks back and compare their checksums; followed by :class:`BlocksProved`."""

    blocks: SpanSet = field(default_factory=SpanSet)


@dataclass(frozen=True, slots=True)
class ForgetBlocks:
    """Remove these blocks from the journal; their bytes will be fetched again."""

    blocks: SpanSet


@dataclass(frozen=True, slots=True)
class Verify:
    """All bytes are stored: compute the digests of the whole file. ``length`` is final."""

    length: int


@dataclass(frozen=True, slots=True)
class Publish:
    """The file is proved: sync it and rename it to its destination."""


@dataclass(frozen=True, slots=True)
class Renew:
    """The URL has expired: ask the source for a new one."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The download has succeeded. ``verified`` is the algorithm that proved it, or "length", or "none"."""

    verified: str


@dataclass(frozen=True, slots=True)
class Fail:
    """The download has failed; part file and journal are kept."""

    error: FetchError


Command: TypeAlias = (
    StartExchange
    | AcceptBody
    | PeekBody
    | LookAtBeginning
    | NarrowBody
    | CancelExchange
    | OpenAhead
    | OpenStorage
    | SetIdentity
    | ProveBlocks
    | ForgetBlocks
    | Verify
    | Publish
    | Renew
    | Finish
    | Fail
)
