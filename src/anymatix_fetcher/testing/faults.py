"""The vocabulary of misbehaviour: one frozen value for each thing that servers do wrong.

A fault says what goes wrong; *when* it does is said by the `Match` beside it (see `script`). The first line of
each docstring and the parameters' `Parameter` are also the text of ``rules_help()``, and the types decide how
a rule string is read, so a new fault needs no second place to be described in.

Offsets named ``after`` count bytes of the one body that is being sent; those named ``offset`` count bytes of the
file. Both may be given as ``300000``, ``64KiB`` or ``10M`` in rule strings.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, ClassVar, Literal


class Kind(Enum):
    """How a parameter's text is read."""

    SIZE = "bytes"
    RATE = "bytes/s"
    SECONDS = "seconds"
    COUNT = "number"
    SHARE = "0..1"
    TEXT = "text"
    CHOICE = "choice"
    SPAN = "start-stop"
    ORDINAL = "n, n- or m-n"
    OFFSETS = "offsets joined by +"
    YES_NO = "yes|no"


@dataclass(frozen=True, slots=True)
class Parameter:
    """How a parameter is read from text, and what it means."""

    kind: Kind
    meaning: str


def _non_negative(**values: float | None) -> None:
    for name, value in values.items():
        if value is not None and value < 0:
            raise ValueError(f"{name}: {value} is negative")


def _positive(**values: float | None) -> None:
    for name, value in values.items():
        if value is not None and value <= 0:
            raise ValueError(f"{name}: {value} is not above zero")


_AFTER = Parameter(Kind.SIZE, "after this many bytes of the body; without it, before the head")
_BODY_AFTER = Parameter(Kind.SIZE, "after this many bytes of the body")
_OFFSET = Parameter(Kind.SIZE, "when the body reaches this offset of the file")
_LABELS = Parameter(Kind.CHOICE, "whether Content-Range says what is sent or what was asked for")
_RETRY_AFTER = Parameter(Kind.TEXT, "Retry-After: seconds, 'date+2' for a date 2 s from now, anything else as it is")

# ---- What happens to a connection as soon as it is accepted ----


@dataclass(frozen=True, slots=True)
class Refuse:
    """The connection is reset as soon as it was accepted."""

    example: ClassVar[str] = "refuse:connections_above=4"


@dataclass(frozen=True, slots=True)
class Deaf:
    """The connection is accepted and never read, not even for a TLS handshake."""

    example: ClassVar[str] = "deaf:connection=2"


@dataclass(frozen=True, slots=True)
class Banner:
    """The connection is greeted with a line of another protocol and closed."""

    example: ClassVar[str] = "banner:connection=1"
    text: Annotated[str, Parameter(Kind.TEXT, "the line, without its end")] = "SSH-2.0-OpenSSH_9.6"


# ---- How fast and how far a body gets ----


@dataclass(frozen=True, slots=True)
class Throttle:
    """Bytes leave at a limited rate, for each connection or for all of them together."""

    example: ClassVar[str] = "throttle:rate=10M"
    rate: Annotated[float, Parameter(Kind.RATE, "the limit")]
    scope: Annotated[Literal["connection", "total"], Parameter(Kind.CHOICE, "what shares the rate")] = "connection"

    def __post_init__(self) -> None:
        _positive(rate=self.rate)


@dataclass(frozen=True, slots=True)
class Trickle:
    """The body slows down to a trickle, at once or from some point on."""

    example: ClassVar[str] = "trickle:rate=100,after=1M,request=2"
    rate: Annotated[float, Parameter(Kind.RATE, "what is left")]
    after: Annotated[int | None, _BODY_AFTER] = None
    offset: Annotated[int | None, _OFFSET] = None

    def __post_init__(self) -> None:
        _positive(rate=self.rate)
        _non_negative(after=self.after, offset=self.offset)


@dataclass(frozen=True, slots=True)
class Collapse:
    """The sum over all connections falls to a fraction once too many transfers run."""

    example: ClassVar[str] = "collapse:rate=50M,above=4,share=0.2"
    rate: Annotated[float, Parameter(Kind.RATE, "the sum while all is well")]
    above: Annotated[int, Parameter(Kind.COUNT, "how many transfers are borne")]
    share: Annotated[float, Parameter(Kind.SHARE, "what is left of the sum beyond")] = 0.25

    def __post_init__(self) -> None:
        _positive(rate=self.rate, share=self.share)
        _non_negative(above=self.above)


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing more is sent, and the connection stays open."""

    example: ClassVar[str] = "silence:after=300000,request=2"
    after: Annotated[int | None, _AFTER] = None
    offset: Annotated[int | None, _OFFSET] = None

    def __post_init__(self) -> None:
        _non_negative(after=self.after, offset=self.offset)


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset (RST); what the client hasn't read yet may be lost with it."""

    example: ClassVar[str] = "reset:after=300000,request=2"
    after: Annotated[int | None, _AFTER] = None
    offset: Annotated[int | None, _OFFSET] = None

    def __post_init__(self) -> None:
        _non_negative(after=self.after, offset=self.offset)


@dataclass(frozen=True, slots=True)
class Truncate:
    """The connection is closed cleanly (FIN; over TLS without close_notify) before all was sent."""

    example: ClassVar[str] = "truncate:after=1M,times=3"
    after: Annotated[int | None, _AFTER] = None
    offset: Annotated[int | None, _OFFSET] = None

    def __post_init__(self) -> None:
        _non_negative(after=self.after, offset=self.offset)


@dataclass(frozen=True, slots=True)
class Delay:
    """The head of the response comes late."""

    example: ClassVar[str] = "delay:seconds=0.2"
    seconds: Annotated[float, Parameter(Kind.SECONDS, "how late")]

    def __post_init__(self) -> None:
        _non_negative(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class SlowHead:
    """The head of the response itself trickles."""

    example: ClassVar[str] = "slow-head:rate=20"
    rate: Annotated[float, Parameter(Kind.RATE, "how fast the head is sent")]

    def __post_init__(self) -> None:
        _positive(rate=self.rate)


@dataclass(frozen=True, slots=True)
class Flip:
    """The lowest bit of the bytes at these offsets of the file is wrong, wherever they are sent."""

    example: ClassVar[str] = "flip:offsets=5000+9000,times=1"
    offsets: Annotated[tuple[int, ...], Parameter(Kind.OFFSETS, "offsets in the file")]

    def __post_init__(self) -> None:
        if not self.offsets:
            raise ValueError("offsets: none given")
        for offset in self.offsets:
            _non_negative(offsets=offset)


@dataclass(frozen=True, slots=True)
class Extra:
    """More bytes follow after the declared end of the body, on a connection that goes on."""

    example: ClassVar[str] = "extra:size=100"
    size: Annotated[int, Parameter(Kind.SIZE, "how many; ignored for a response")] = 1
    looks: Annotated[Literal["junk", "response"], Parameter(Kind.CHOICE, "junk, or a whole valid response")] = "junk"

    def __post_init__(self) -> None:
        _non_negative(size=self.size)


@dataclass(frozen=True, slots=True)
class Close:
    """The connection closes after a complete response, announced or not."""

    example: ClassVar[str] = "close:announced=no"
    announced: Annotated[Literal["yes", "no"], Parameter(Kind.CHOICE, "whether the head says so")] = "yes"


# ---- What a range is answered with ----


@dataclass(frozen=True, slots=True)
class IgnoreRange:
    """A request for a range is answered with 200 and the whole file."""

    example: ClassVar[str] = "ignore-range:request=5-"


@dataclass(frozen=True, slots=True)
class Slice200:
    """A request for a range is answered with 200, a Content-Range and the slice."""

    example: ClassVar[str] = "slice-200:ranged=yes"


@dataclass(frozen=True, slots=True)
class Whole206:
    """A request for a range is answered with 206, labelled and filled with the whole file."""

    example: ClassVar[str] = "whole-206:request=1"


@dataclass(frozen=True, slots=True)
class Multipart:
    """A single range is answered as multipart/byteranges."""

    example: ClassVar[str] = "multipart:request=2"


@dataclass(frozen=True, slots=True)
class Shorter:
    """A 206 brings at most so many bytes, whatever was asked for."""

    example: ClassVar[str] = "shorter:limit=64KiB"
    limit: Annotated[int, Parameter(Kind.SIZE, "the most that is sent")]
    labels: Annotated[Literal["honest", "false"], _LABELS] = "honest"

    def __post_init__(self) -> None:
        _positive(limit=self.limit)


@dataclass(frozen=True, slots=True)
class Longer:
    """A 206 brings more than was asked for, as far as the file goes."""

    example: ClassVar[str] = "longer:by=1000,labels=false"
    by: Annotated[int, Parameter(Kind.SIZE, "how much more")]
    labels: Annotated[Literal["honest", "false"], _LABELS] = "honest"

    def __post_init__(self) -> None:
        _positive(by=self.by)


@dataclass(frozen=True, slots=True)
class Shift:
    """A 206 is labelled rightly and holds bytes from somewhere else in the file."""

    example: ClassVar[str] = "shift:by=1,starts=1M-2M"
    by: Annotated[int, Parameter(Kind.SIZE, "how far on the bytes come from; may be negative")] = 1


@dataclass(frozen=True, slots=True)
class WrongContentRange:
    """The Content-Range of a 206 lies, and the bytes are those that were asked for."""

    example: ClassVar[str] = "content-range:start=1,request=2"
    start: Annotated[int, Parameter(Kind.SIZE, "added to the first position")] = 0
    stop: Annotated[int, Parameter(Kind.SIZE, "added to the last position")] = 0
    total: Annotated[int, Parameter(Kind.SIZE, "added to the complete length")] = 0
    unknown_total: Annotated[Literal["yes", "no"], Parameter(Kind.CHOICE, "'*'*' for the complete length")] = "no"
    unit: Annotated[str, Parameter(Kind.TEXT, "the unit")] = "bytes"
    text: Annotated[str | None, Parameter(Kind.TEXT, "the whole value instead")] = None


@dataclass(frozen=True, slots=True)
class NoContentRange:
    """A 206 has no Content-Range."""

    example: ClassVar[str] = "no-content-range:request=2"


@dataclass(frozen=True, slots=True)
class Unsatisfiable:
    """Any range is answered with 416."""

    example: ClassVar[str] = "unsatisfiable:request=3"
    total: Annotated[str, Parameter(Kind.TEXT, "'known', 'absent' for no Content-Range, or a wrong length")] = "known"


# ---- Framing ----


@dataclass(frozen=True, slots=True)
class WrongContentLength:
    """The Content-Length disagrees with the body, and the connection closes after what there is."""

    example: ClassVar[str] = "content-length:by=-100"
    by: Annotated[int, Parameter(Kind.SIZE, "added to the truth; may be negative")] = 0
    text: Annotated[str | None, Parameter(Kind.TEXT, "the value itself, such as '+10' or '10, 10'")] = None


@dataclass(frozen=True, slots=True)
class Chunked:
    """The body comes in chunks, without a length."""

    example: ClassVar[str] = "chunked:end=missing"
    size: Annotated[int, Parameter(Kind.SIZE, "the most in one chunk")] = 65536
    end: Annotated[
        Literal["proper", "missing", "broken"],
        Parameter(Kind.CHOICE, "proper, without the last chunk, or a chunk size that is no number"),
    ] = "proper"
    length: Annotated[
        Literal["absent", "present"], Parameter(Kind.CHOICE, "whether a Content-Length stands beside it")
    ] = "absent"

    def __post_init__(self) -> None:
        _positive(size=self.size)


@dataclass(frozen=True, slots=True)
class CloseDelimited:
    """The body ends where the connection does, as in HTTP/1.0, and no length is said."""

    example: ClassVar[str] = "close-delimited:version=1.0"
    version: Annotated[Literal["1.0", "1.1"], Parameter(Kind.CHOICE, "the version in the status line")] = "1.0"


@dataclass(frozen=True, slots=True)
class Gzip:
    """The body is compressed although nobody asked, whole or slice."""

    example: ClassVar[str] = "gzip:request=1"


# ---- Answers that aren't the file ----


@dataclass(frozen=True, slots=True)
class Status:
    """The request is answered with an error, or any other status."""

    example: ClassVar[str] = "status:code=429,retry_after=2,requests_above=4"
    code: Annotated[int, Parameter(Kind.COUNT, "the status code")]
    retry_after: Annotated[str | None, _RETRY_AFTER] = None
    text: Annotated[str | None, Parameter(Kind.TEXT, "the body; without it, one line that says the status")] = None
    content_type: Annotated[str, Parameter(Kind.TEXT, "the body's type")] = "text/plain; charset=utf-8"

    def __post_init__(self) -> None:
        if not 200 <= self.code <= 999:  # noqa: PLR2004 - the status codes of a final response
            raise ValueError(f"code: {self.code} is no final status code")


@dataclass(frozen=True, slots=True)
class Page:
    """A page or an error document comes instead of the file, by default with 200."""

    example: ClassVar[str] = "page:of=html"
    of: Annotated[
        Literal["html", "json", "xml", "lfs"],
        Parameter(Kind.CHOICE, "a login page, an API's error, a store's error, a Git LFS pointer"),
    ] = "html"
    code: Annotated[int, Parameter(Kind.COUNT, "the status code")] = 200


@dataclass(frozen=True, slots=True)
class RequireToken:
    """Requests without the right bearer token are answered with 401."""

    example: ClassVar[str] = "token:value=secret"
    value: Annotated[str, Parameter(Kind.TEXT, "the token")]


@dataclass(frozen=True, slots=True)
class Redirect:
    """The request is redirected: over several hops, in a loop, relatively, or anywhere."""

    example: ClassVar[str] = "redirect:hops=3,form=relative"
    hops: Annotated[int, Parameter(Kind.COUNT, "how many redirects lead to the file")] = 1
    code: Annotated[int, Parameter(Kind.COUNT, "the status code")] = 302
    form: Annotated[
        Literal["absolute", "path", "relative", "network", "target"],
        Parameter(Kind.CHOICE, "a URL, /path, ?query only, //host/path, or a URL on the second origin"),
    ] = "absolute"
    loop: Annotated[
        Literal["no", "same", "growing"],
        Parameter(Kind.CHOICE, "never arrive: to the same URL, or one that always differs"),
    ] = "no"
    location: Annotated[
        str | None,
        Parameter(Kind.TEXT, "the value itself; {origin}, {target}, {host} and {path} are filled in"),
    ] = None

    def __post_init__(self) -> None:
        _positive(hops=self.hops)
        if not 300 <= self.code <= 399:  # noqa: PLR2004 - RFC 9110 section 15.4
            raise ValueError(f"code: {self.code} is no redirect")


# ---- Another representation ----


@dataclass(frozen=True, slots=True)
class Changed:
    """The file was replaced: other bytes, another entity tag, or only one of both."""

    example: ClassVar[str] = "changed:request=3-"
    etag: Annotated[Literal["new", "same"], Parameter(Kind.CHOICE, "the entity tag")] = "new"
    content: Annotated[Literal["new", "same"], Parameter(Kind.CHOICE, "the bytes")] = "new"
    if_range: Annotated[
        Literal["honoured", "ignored"],
        Parameter(Kind.CHOICE, "whether If-Range with the old tag is answered with the whole new file"),
    ] = "honoured"
    version: Annotated[str, Parameter(Kind.TEXT, "what tells this new file from other ones")] = "2"


@dataclass(frozen=True, slots=True)
class Grow:
    """The file is longer than before; the bytes that it had stay the same."""

    example: ClassVar[str] = "grow:by=1M,request=2-"
    by: Annotated[int, Parameter(Kind.SIZE, "how much longer; negative for a file that shrank")]


@dataclass(frozen=True, slots=True)
class Validators:
    """The entity tag and the date are others: weak, malformed, or none at all."""

    example: ClassVar[str] = "validators:etag=weak,last_modified=none"
    etag: Annotated[str, Parameter(Kind.TEXT, "'strong', 'weak', 'none', 'malformed', or the value itself")] = "strong"
    last_modified: Annotated[str, Parameter(Kind.TEXT, "'fixed', 'none', 'now', or the value itself")] = "fixed"


# ---- Headers ----


@dataclass(frozen=True, slots=True)
class Header:
    """A response header is added, in place of one of the same name."""

    example: ClassVar[str] = "header:name=X-Linked-Etag,value={sha256}"
    name: Annotated[str, Parameter(Kind.TEXT, "the field's name")]
    value: Annotated[
        str,
        Parameter(Kind.TEXT, "its value; {sha256}, {sha256_base64}, {size}, {etag} are the file's"),
    ]


@dataclass(frozen=True, slots=True)
class NoHeader:
    """A response header is left out."""

    example: ClassVar[str] = "no-header:name=Accept-Ranges"
    name: Annotated[str, Parameter(Kind.TEXT, "the field's name")]


@dataclass(frozen=True, slots=True)
class Disposition:
    """A Content-Disposition names the file, as hostile as you like."""

    example: ClassVar[str] = "disposition:filename=../../evil.sh"
    filename: Annotated[str, Parameter(Kind.TEXT, "the name")]
    form: Annotated[
        Literal["plain", "extended", "both"],
        Parameter(Kind.CHOICE, "filename=, filename*= (RFC 8187), or both"),
    ] = "plain"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Rate limit headers tell what may still be asked."""

    example: ClassVar[str] = "rate-limit:remaining=3,reset=30"
    remaining: Annotated[int, Parameter(Kind.COUNT, "requests left")]
    reset: Annotated[int, Parameter(Kind.COUNT, "seconds until the window starts again")]
    limit: Annotated[int, Parameter(Kind.COUNT, "requests in a window")] = 100
    form: Annotated[
        Literal["structured", "separate", "x"],
        Parameter(Kind.CHOICE, "RateLimit and RateLimit-Policy, RateLimit-*, or X-RateLimit-*"),
    ] = "structured"


@dataclass(frozen=True, slots=True)
class BigHead:
    """The head is huge: many fields, or one endless one."""

    example: ClassVar[str] = "big-head:size=1M"
    size: Annotated[int, Parameter(Kind.SIZE, "bytes of padding in all")] = 1 << 20
    fields: Annotated[int, Parameter(Kind.COUNT, "over how many fields")] = 1

    def __post_init__(self) -> None:
        _positive(size=self.size, fields=self.fields)


@dataclass(frozen=True, slots=True)
class Interim:
    """Interim responses (1xx) come before the real head."""

    example: ClassVar[str] = "interim:code=103,count=3"
    code: Annotated[int, Parameter(Kind.COUNT, "the status code")] = 103
    count: Annotated[int, Parameter(Kind.COUNT, "how many")] = 1

    def __post_init__(self) -> None:
        _non_negative(count=self.count)
        if not 100 <= self.code <= 199:  # noqa: PLR2004 - RFC 9110 section 15.2
            raise ValueError(f"code: {self.code} is no interim status code")


ConnectionFault = Refuse | Deaf | Banner
"""What is decided when a connection is accepted."""

RequestFault = (
    Throttle
    | Trickle
    | Collapse
    | Silence
    | Reset
    | Truncate
    | Delay
    | SlowHead
    | Flip
    | Extra
    | Close
    | IgnoreRange
    | Slice200
    | Whole206
    | Multipart
    | Shorter
    | Longer
    | Shift
    | WrongContentRange
    | NoContentRange
    | Unsatisfiable
    | WrongContentLength
    | Chunked
    | CloseDelimited
    | Gzip
    | Status
    | Page
    | RequireToken
    | Redirect
    | Changed
    | Grow
    | Validators
    | Header
    | NoHeader
    | Disposition
    | RateLimit
    | BigHead
    | Interim
)
"""What is decided when a request was read."""

AnyFault = ConnectionFault | RequestFault


class Fault:
    """Every fault by the name that it has in rules, for ``Fault.reset(after=300_000)``."""

    refuse = Refuse
    deaf = Deaf
    banner = Banner
    throttle = Throttle
    trickle = Trickle
    collapse = Collapse
    silence = Silence
    reset = Reset
    truncate = Truncate
    delay = Delay
    slow_head = SlowHead
    flip = Flip
    extra = Extra
    close = Close
    ignore_range = IgnoreRange
    slice_200 = Slice200
    whole_206 = Whole206
    multipart = Multipart
    shorter = Shorter
    longer = Longer
    shift = Shift
    content_range = WrongContentRange
    no_content_range = NoContentRange
    unsatisfiable = Unsatisfiable
    content_length = WrongContentLength
    chunked = Chunked
    close_delimited = CloseDelimited
    gzip = Gzip
    status = Status
    page = Page
    token = RequireToken
    redirect = Redirect
    changed = Changed
    grow = Grow
    validators = Validators
    header = Header
    no_header = NoHeader
    disposition = Disposition
    rate_limit = RateLimit
    big_head = BigHead
    interim = Interim


FAULTS: dict[str, type[AnyFault]] = {
    name.replace("_", "-"): value for name, value in vars(Fault).items() if not name.startswith("__")
}
"""Every fault's class by its name in rule strings."""

FAULT_NAMES: dict[type[AnyFault], str] = {fault: name for name, fault in FAULTS.items()}
"""The other way round."""
