"""The machine's whole vocabulary: events that go in, commands that come out.

All are frozen; none holds a byte of the file. ``Event`` and ``Command`` at the end name the two unions.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from anymatix_fetcher.core.values.spans import SpanSet
from anymatix_fetcher.core.values.urls import Origin

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.failures import Failure
    from anymatix_fetcher.core.values.http import Request, ResponseHead, Validator
    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.core.values.spans import Span
    from anymatix_fetcher.core.values.urls import Url
    from anymatix_fetcher.errors import FetchError


class ExchangeId(NamedTuple):
    """Names one exchange of one download; never used twice within a session."""

    download: int
    number: int


@dataclass(frozen=True, slots=True)
class Identity:
    """What the part file holds pieces of: one representation.

    ``length`` is ``None`` while the server hasn't said; ``validator`` was given by ``origin``, the host that the
    bytes came from, and is comparable with that host's answers only.
    """

    length: int | None
    validator: Validator
    origin: Origin | None = None

    def completed_by(self, known: Identity | None) -> Identity:
        """This, and where it says nothing what its host has said before of the same representation."""
        if known is None or known.origin != self.origin:
            return self
        return replace(self, validator=self.validator.completed_by(known.validator))


@dataclass(frozen=True, slots=True)
class KeptBlocks:
    """What an earlier run left: journaled blocks (claimed, not yet proved) and the identity they belong to."""

    blocks: SpanSet
    identity: Identity


FOREIGN = Origin("foreign", "", 0)
"""In the place of an identity's host: another program wrote these bytes, and they weren't compared yet."""


# Events ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Begin:
    """The download may start. ``storage_is_open`` is false while the file's name isn't known yet."""

    storage_is_open: bool
    kept: KeptBlocks | None = None


@dataclass(frozen=True, slots=True)
class StorageOpened:
    """The part file is there and locked; answers :class:`OpenStorage`."""

    kept: KeptBlocks | None = None


@dataclass(frozen=True, slots=True)
class StorageFailed:
    """The disk, or what lies at the destination, doesn't let us go on."""

    error: FetchError


@dataclass(frozen=True, slots=True)
class ContentRefused:
    """The content was examined, and is not what is wanted, or is dangerous."""

    error: FetchError


@dataclass(frozen=True, slots=True)
class HeadArrived:
    """A final response's head. For a status of 400 and more, ``excerpt`` holds the body's first bytes, as text."""

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
    """Whether the beginning is as unwanted as its label says; answers :class:`LookAtBeginning`."""

    is_unwanted: bool


@dataclass(frozen=True, slots=True)
class BodyEnded:
    """The body ended as its framing promised, or was cut at the accepted span's stop; all of it is stored.

    ``goes_on`` tells that it was cut although its head hadn't stated so much: only then does it say anything new.
    """

    exchange: ExchangeId
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class ExchangeFailed:
    """The exchange is over without having ended."""

    exchange: ExchangeId
    failure: Failure


@dataclass(frozen=True, slots=True)
class BlocksProved:
    """Kept blocks were read back: ``good`` ones match their checksum, ``bad`` ones don't and are forgotten."""

    good: SpanSet
    bad: SpanSet


@dataclass(frozen=True, slots=True)
class BlockCompared:
    """A block that was already recorded arrived again, or a piece of one that isn't whole: whether it is the same.

    ``filling`` tells that it lay on the way of a body that was to be stored.
    """

    span: Span
    equal: bool
    filling: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class PartShortened:
    """Another program has shortened the part file: its content has to be verified again."""


@dataclass(frozen=True, slots=True)
class Verified:
    """The digests of the whole part file; answers :class:`Verify`."""

    digests: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """The file is at its destination; answers :class:`Publish`.

    ``already_there`` tells that a file of the same content had this name, and the new one was dropped.
    """

    already_there: bool = False


@dataclass(frozen=True, slots=True)
class Renewed:
    """The source gave the resource's address anew; answers :class:`Renew`."""

    resource: Resource


@dataclass(frozen=True, slots=True)
class RenewalFailed:
    """The source can't give the address anew; answers :class:`Renew`."""

    error: FetchError


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """The caller wants to stop; part and journal are kept."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed and nothing else has happened; ``limited`` tells that our own limit on the rate binds."""

    limited: bool = False


Event: TypeAlias = (
    Begin
    | StorageOpened
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
    """Send the request; report its head and wait: no byte is stored before :class:`AcceptBody`."""

    exchange: ExchangeId
    request: Request


@dataclass(frozen=True, slots=True)
class AcceptBody:
    """The head is judged: store the body from ``start`` on, at most up to ``stop`` (``None``: to its end).

    Where the head doesn't state the body's end and the file's length is known, that is the stop: the body has to end
    there by itself.

    With ``compare`` nothing is stored: recorded blocks are compared with what comes, the rest is dropped.
    """

    exchange: ExchangeId
    start: int
    stop: int | None
    compare: bool = False


@dataclass(frozen=True, slots=True)
class PeekBody:
    """Let the body flow up to ``stop``, into memory: it is to be looked at, and not stored."""

    exchange: ExchangeId
    stop: int


@dataclass(frozen=True, slots=True)
class LookAtBeginning:
    """Tell whether what was peeked at is what its label says; answered by :class:`BeginningSeen`.

    ``coding`` is how it is said to be coded, empty where it is said to be a document; ``is_whole`` tells that there is
    no more of it.
    """

    coding: str
    is_whole: bool


@dataclass(frozen=True, slots=True)
class NarrowBody:
    """Another exchange takes the bytes from ``stop`` on: the exchange has to end there."""

    exchange: ExchangeId
    stop: int


@dataclass(frozen=True, slots=True)
class CancelExchange:
    """Drop the exchange; whatever it still reports is ignored."""

    exchange: ExchangeId


@dataclass(frozen=True, slots=True)
class OpenAhead:
    """So many further connections to a place are likely to be wanted soon: they may shake hands meanwhile."""

    origin: Origin
    count: int


@dataclass(frozen=True, slots=True)
class OpenStorage:
    """Open part file and journal. ``head`` is the accepted response, where the name may stand in."""

    head: ResponseHead
    url: Url


@dataclass(frozen=True, slots=True)
class SetIdentity:
    """Write down what the part file holds pieces of, and give the file its length."""

    identity: Identity


@dataclass(frozen=True, slots=True)
class ProveBlocks:
    """Read these recorded blocks back and compare them with their checksums; answered by :class:`BlocksProved`."""

    blocks: SpanSet = field(default_factory=SpanSet)


@dataclass(frozen=True, slots=True)
class ForgetBlocks:
    """Strike these blocks from the journal: their bytes will come again."""

    blocks: SpanSet


@dataclass(frozen=True, slots=True)
class Verify:
    """All bytes are there: tell the whole file's digests. ``length`` is final."""

    length: int


@dataclass(frozen=True, slots=True)
class Publish:
    """The file is proved: sync it and move it to its destination."""


@dataclass(frozen=True, slots=True)
class Renew:
    """The address has expired: ask the source for it anew."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The download is done. ``verified`` is the algorithm that proved it, or "length", or "none"."""

    verified: str


@dataclass(frozen=True, slots=True)
class Fail:
    """The download can't be done; part and journal are kept."""

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
