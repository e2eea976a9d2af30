"""The faults of the test origin: one frozen value for each kind of server misbehaviour.

A fault says what goes wrong; its `Match` says when (see `script`). The first line of each docstring and the `Parameter`
of each field are also the text of ``rules_help()``, and the types determine how a rule string is parsed. So a new fault
is
described in one place, and gets its name here.

Offsets named ``after`` count bytes of the one body that is being sent; those named ``offset`` count bytes of the
file. Both may be given as ``300000``, ``64KiB`` or ``10M`` in rule strings.
"""

from __future__ import annotations

from anymatix_fetcher.testing.faults.connections import Banner, ConnectionFault, Deaf, Refuse
from anymatix_fetcher.testing.faults.endings import Close, EndingFault, Reset, Silence, Truncate
from anymatix_fetcher.testing.faults.framing import (
    Chunked,
    CloseDelimited,
    Extra,
    FramingFault,
    Gzip,
    WrongContentLength,
)
from anymatix_fetcher.testing.faults.heads import BigHead, Disposition, Header, HeadFault, Interim, NoHeader, RateLimit
from anymatix_fetcher.testing.faults.ranges import (
    IgnoreRange,
    Longer,
    Multipart,
    NoContentRange,
    RangeFault,
    Shift,
    Shorter,
    Slice200,
    Unsatisfiable,
    Whole206,
    WrongContentRange,
)
from anymatix_fetcher.testing.faults.refusals import Page, Redirect, RefusalFault, RequireToken, Status
from anymatix_fetcher.testing.faults.representations import Changed, Flip, Grow, RepresentationFault, Validators
from anymatix_fetcher.testing.faults.timing import Collapse, Delay, SlowHead, Throttle, TimingFault, Trickle

RequestFault = TimingFault | EndingFault | RangeFault | FramingFault | RefusalFault | RepresentationFault | HeadFault
"""The faults that are chosen for a request."""

AnyFault = ConnectionFault | RequestFault


class Fault:
    """All faults by their names in rules, as in ``Fault.reset(after=300_000)``."""

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
"""The name in rule strings by fault class."""
