"""Turns a draft into a plan: the framing (RFC 9112 section 6), the rates, and the ending."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.testing.faults.endings import BreakOff, Close
from anymatix_fetcher.testing.faults.framing import Chunked, CloseDelimited, Extra, Gzip, WrongContentLength
from anymatix_fetcher.testing.faults.heads import Interim, NoHeader
from anymatix_fetcher.testing.faults.timing import Collapse, Delay, SlowHead, Throttle, Trickle
from anymatix_fetcher.testing.messages import Ending, Pace, Plan, body_length
from anymatix_fetcher.testing.responses.making import NO_CONTENT

if TYPE_CHECKING:
    from anymatix_fetcher.testing.messages import Request
    from anymatix_fetcher.testing.responses.making import ChosenFaults, Draft


def planned(request: Request, made: Draft, faults: ChosenFaults) -> Plan:
    """The plan of a draft, with its framing, rates and ending."""
    plan = _framed(request, made, faults)
    closing = faults.all(Close)
    wanted = request.headers.get("connection", "").lower()
    announced = (
        plan.framing == "close"
        or "close" in wanted
        or (request.version == "HTTP/1.0" and "keep-alive" not in wanted)
        or request.method not in ("GET", "HEAD")  # The request's body isn't read.
        or any(fault.announced == "yes" for fault in closing)
    )
    close = announced or plan.close or bool(closing)
    for header in faults.all(NoHeader):
        made.drop(header.name)
    if announced:
        made.put("Connection", "close")
    elif request.version == "HTTP/1.0":
        made.put("Connection", "keep-alive")
    slow, interim = faults.first(SlowHead), faults.all(Interim)
    return replace(
        plan,
        headers=tuple(made.headers),
        body=() if request.method == "HEAD" else plan.body,
        interim=tuple(one.code for one in interim for _ in range(one.count)),
        delay_seconds=sum(delay.seconds for delay in faults.all(Delay)),
        head_bytes_per_second=None if slow is None else slow.rate,
        paces=_paces(made, faults),
        ending=_ending(made, faults),
        close=close,
        signed_url=made.signed_url,
    )


def _framed(request: Request, made: Draft, faults: ChosenFaults) -> Plan:
    """The plan with its framing (RFC 9112 section 6); its fields are added to the draft."""
    plan = Plan(status=made.status, headers=(), body=made.body)
    if made.status in NO_CONTENT:
        return plan
    chunked, close = faults.first(Chunked) or (Chunked() if made.chunked else None), faults.first(CloseDelimited)
    compressed = faults.first(Gzip) is not None
    if compressed:
        made.put("Content-Encoding", "gzip")
        made.put("Vary", "Accept-Encoding")
        plan = replace(plan, compressed=True)
    if close is not None or ((compressed or chunked is not None) and request.version == "HTTP/1.0"):
        version = "HTTP/1.1" if close is None else f"HTTP/{close.version}"
        return replace(plan, framing="close", version=version, close=True)
    length = body_length(made.body)
    if chunked is not None or compressed:
        made.put("Transfer-Encoding", "chunked")
        chunked = chunked or Chunked()
        if chunked.length == "present":
            made.put("Content-Length", str(length))
        broken = chunked.end != "proper"
        return replace(plan, framing="chunked", chunk_bytes=chunked.size, chunk_end=chunked.end, close=broken)
    wrong = faults.first(WrongContentLength)
    said = str(length if made.stated_length is None else made.stated_length)
    if wrong is not None:
        said = str(max(0, length + wrong.by)) if wrong.text is None else wrong.text
    made.put("Content-Length", said)
    is_wrong = wrong is not None or made.stated_length is not None
    return replace(plan, close=is_wrong, extra=_extra(faults.first(Extra)))


def _extra(fault: Extra | None) -> bytes:
    """The bytes after the declared end of the body."""
    if fault is None:
        return b""
    if fault.looks == "response":
        return b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"
    return b"X" * fault.size


def _in_body(made: Draft, after: int | None, offset: int | None) -> int | None:
    """A position in the body: ``after``, or an offset in the file if the body contains it."""
    if offset is None:
        return after
    length = body_length(made.body)
    return offset - made.start if made.start <= offset < made.start + length else None


def _ending(made: Draft, faults: ChosenFaults) -> Ending | None:
    """The earliest of the endings that apply."""
    found: list[Ending] = []
    for fault in faults.all(BreakOff):
        after = _in_body(made, fault.after, fault.offset)
        if fault.offset is None or after is not None:
            found.append(Ending(fault.how, after))
    return min(found, key=lambda ending: -1 if ending.after is None else ending.after, default=None)


def _paces(made: Draft, faults: ChosenFaults) -> tuple[Pace, ...]:
    """The rate limits; responses share a limit if they have the same rule index."""
    paces: list[Pace] = []
    for one in faults.chosen:
        match one.fault:
            case Throttle():
                paces.append(Pace(one.index, one.fault.rate, one.fault.scope))
            case Collapse():
                paces.append(Pace(one.index, one.fault.rate, "total", above=one.fault.above, share=one.fault.share))
            case Trickle():
                after = _in_body(made, one.fault.after or 0, one.fault.offset)
                if after is not None:
                    paces.append(Pace(one.index, one.fault.rate, "body", after=after))
            case _:
                pass
    return tuple(paces)
