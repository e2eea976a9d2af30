"""Scripted servers in memory: what they have, how they behave, and what goes wrong, all drawn from one seed."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.http import Headers, ResponseHead
from tests.simulation.faults import Fault
from tests.simulation.servers import Answer, Ending, Host, IfRange, Ranges, Tag

if TYPE_CHECKING:
    from random import Random

    from anymatix_fetcher.core.values.http import Request

BLOCK = 16_384
"""Bytes of a block in the simulation; production has a MiB."""
TOKEN = "Bearer planted-token-4711"
SIGNATURE = "planted-signature-0815"
PATH = "/model.safetensors"
ORIGIN = "https://origin.test"
REFERENCE = f"{ORIGIN}{PATH}"
NEIGHBOUR = "https://neighbour.test/other.bin"
NEIGHBOURS_CONTENT = bytes(range(256)) * (5 * BLOCK // 256)
"""What a download beside the one that is looked at brings."""
DATE = "Mon, 23 Nov 2026 10:00:00 GMT"


_SOUND = Host(
    "neighbour",
    0.05,
    1e5,
    Tag.NONE,
    modified=False,
    ranges=Ranges.SERVED,
    if_range=IfRange.HONOURED,
    limit=100,
    limit_answer=Fault.THROTTLED,
    states_digest=False,
)


_ELSEWHERE = replace(_SOUND, name="elsewhere", rate=3e6)


@dataclass
class World:
    """Every server that there is.

    ``contents`` are the versions of the file, of which ``current`` is served; ``met`` collects the faults that were
    served since it was last emptied, ``flipped`` tells whether wrong bytes were ever sent under right labels.
    """

    random: Random
    contents: list[bytes]
    hosts: list[Host]
    hops: int
    lifetime: float | None
    moves: bool
    """Whether each renewal leads to the next host."""
    faults: list[Fault]
    fault_rate: float
    faults_until: float
    ending: Ending = Ending.NONE
    elsewhere: list[bytes] = field(default_factory=list)
    """What other places have under the same name; it may be something else."""
    cut_at: float = 0.5
    """Which part of a body comes before it is cut short."""
    current: int = 0
    calm: bool = False
    started_at: float = 0.0
    flipped: bool = False
    unstated: list[bytes] = field(default_factory=list)
    """Bodies that were too short or too long, whose heads stated no length: nothing else tells them from the file."""
    met: set[Fault] = field(default_factory=set)
    expired: bool = False
    _signed: int = 0
    _ranges_lost: set[str] = field(default_factory=set)

    @property
    def tells_changes(self) -> bool:
        """Whether a change of the content can be noticed on every host."""
        lengths = {len(content) for content in self.contents}
        tagged = all(host.tag in (Tag.STRONG, Tag.WEAK) or host.modified for host in self.hosts)
        return len(lengths) == len(self.contents) or tagged

    def answer(self, request: Request, now: float, busy: int) -> Answer:
        """What ``request`` gets; ``busy`` other exchanges are under way at its host."""
        url = request.url.reveal()
        if url == NEIGHBOUR:
            start, stop = (request.span.start, request.span.stop) if request.span else (0, len(NEIGHBOURS_CONTENT))
            stop = min(stop, len(NEIGHBOURS_CONTENT))
            label = f"bytes {start}-{stop - 1}/{len(NEIGHBOURS_CONTENT)}"
            return self._slice(_SOUND, NEIGHBOURS_CONTENT, (start, stop), label, [])
        place = request.url.host
        if place.startswith("elsewhere"):
            return self._serve(_ELSEWHERE, request, self.elsewhere[int(place[9])])
        if self.ending is not Ending.NONE:
            return self._end(url)
        if place == "origin.test" and self.hops:
            return self._redirect(1, now)
        if place.startswith("hop"):
            return self._redirect(int(place[3]) + 1, now)
        host = self.hosts[0] if place == "origin.test" else self.hosts[int(place[3])]
        if self.lifetime is not None and place != "origin.test" and now > float(url.rpartition("=")[2]):
            self.expired = True
            return self._status(host.latency, 403, "<Error><Code>AccessDenied</Code></Error>")
        if busy >= host.limit:
            self.met.add(host.limit_answer)
            return self._fault(host.limit_answer, host, request)
        if not self.calm and now - self.started_at < self.faults_until and self.random.random() < self.fault_rate:
            fault = self.random.choice(self.faults)
            self.met.add(fault)
            return self._fault(fault, host, request)
        return self._serve(host, request)

    # Ways to the bytes ------------------------------------------------------------------------------------

    def _end(self, url: str) -> Answer:
        match self.ending:
            case Ending.MISSING:
                return self._status(0.05, 404, "no such file")
            case Ending.DENIED:
                return self._status(0.05, 401, "who are you?")
            case Ending.LOGIN_PAGE:
                return self._page(0.05)
            case Ending.CUT_SHORT:
                return self._cut_short()
            case Ending.DOWNGRADE:
                return self._location(url.replace("https", "http", 1))
            case _:
                return self._location(f"{ORIGIN}{PATH}?again={self.random.randrange(1000)}")

    def _cut_short(self) -> Answer:
        host, content = self.hosts[0], self.contents[self.current]
        answer = self._whole(host, content, self._identity(host, self.current))
        answer.breaks_at = int(self.cut_at * len(content))
        return answer

    def _redirect(self, step: int, now: float) -> Answer:
        if step < self.hops:
            return self._location(f"https://hop{step}.test{PATH}?signature={SIGNATURE}")
        self._signed += 1
        number = self._signed % len(self.hosts) if self.moves else 0
        expires = now + (self.lifetime or 1e9)
        return self._location(f"https://cdn{number}.test{PATH}?signature={SIGNATURE}{self._signed}&expires={expires}")

    @staticmethod
    def _location(url: str) -> Answer:
        return Answer(0.05, head=ResponseHead(302, Headers((("Location", url),))))

    @staticmethod
    def _status(delay: float, status: int, excerpt: str, *fields: tuple[str, str]) -> Answer:
        return Answer(delay, head=ResponseHead(status, Headers(fields)), excerpt=excerpt)

    @staticmethod
    def _page(delay: float) -> Answer:
        page = b"<html><body>Please log in</body></html>"
        fields = (("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(page))))
        return Answer(delay, head=ResponseHead(200, Headers(fields)), body=memoryview(page))

    # Honest answers ---------------------------------------------------------------------------------------

    def _identity(self, host: Host, version: int) -> list[tuple[str, str]]:
        tag = f"v{version}-{host.name}"
        shown = {Tag.STRONG: f'"{tag}"', Tag.WEAK: f'W/"{tag}"', Tag.MALFORMED: tag, Tag.NONE: None}[host.tag]
        fields = [("Date", DATE)]
        if shown is not None:
            fields.append(("ETag", shown))
        if host.modified:
            fields.append(("Last-Modified", f"Mon, 23 Nov 2026 0{version}:00:00 GMT"))
        if host.states_digest:
            digest = base64.b64encode(hashlib.sha256(self.contents[version]).digest()).decode()
            fields.append(("Repr-Digest", f"sha-256=:{digest}:"))
        return fields

    def _serves_range(self, host: Host, request: Request, identity: list[tuple[str, str]]) -> bool:
        if request.span is None or host.ranges in (Ranges.IGNORED, Ranges.CHUNKED):
            return False
        if host.ranges is Ranges.LOST_LATER:
            if self.random.random() < 0.1:
                self._ranges_lost.add(host.name)
            if host.name in self._ranges_lost:
                return False
        condition = request.headers.get("If-Range")
        if condition is None or host.if_range is IfRange.IGNORED:
            return True
        known = {value for name, value in identity if name in ("ETag", "Last-Modified")}
        return host.if_range is IfRange.HONOURED and condition in known

    def _serve(self, host: Host, request: Request, content: bytes | None = None) -> Answer:
        content = self.contents[self.current] if content is None else content
        identity = self._identity(host, self.current)
        if not self._serves_range(host, request, identity) or request.span is None:
            return self._whole(host, content, identity)
        start, stop = request.span.start, min(request.span.stop, len(content))
        if start >= len(content):
            label = ("Content-Range", f"bytes */{len(content)}")
            return self._status(host.latency, 416, "", label, *identity)
        if host.ranges is Ranges.LIMITED:
            stop = min(stop, start + 3 * BLOCK)
        total = "*" if host.ranges is Ranges.WITHOUT_TOTAL else str(len(content))
        return self._slice(host, content, (start, stop), f"bytes {start}-{stop - 1}/{total}", identity)

    @staticmethod
    def _whole(host: Host, content: bytes, identity: list[tuple[str, str]]) -> Answer:
        states_length = host.ranges is not Ranges.CHUNKED
        framing = ("Content-Length", str(len(content))) if states_length else ("Transfer-Encoding", "chunked")
        head = ResponseHead(200, Headers((*identity, framing)))
        body = memoryview(content)
        return Answer(host.latency, head=head, body=body, rate=host.rate, states_length=states_length)

    @staticmethod
    def _slice(
        host: Host,
        content: bytes,
        span: tuple[int, int],
        label: str | None,
        identity: list[tuple[str, str]],
        *fields: tuple[str, str],
    ) -> Answer:
        start, stop = span
        labels = () if label is None else (("Content-Range", label),)
        length = () if any(name == "Content-Length" for name, _ in fields) else (("Content-Length", str(stop - start)),)
        head = ResponseHead(206, Headers((*identity, *labels, *length, *fields)))
        return Answer(host.latency, head=head, body=memoryview(content)[start:stop], offset=start, rate=host.rate)

    def _unstated(self, host: Host, request: Request, *, goes_on: bool) -> Answer:
        """A whole that is too short or too long, and doesn't say how long it should be; tagged or not."""
        content, random = self.contents[self.current], self.random
        body = content + random.randbytes(random.choice((1, BLOCK)))
        if not goes_on:
            body = content[: random.randrange(len(content) + 1)]
        self.unstated.append(body)
        identity = self._identity(host, self.current) if random.random() < 0.5 else []
        framing = random.choice(((("Transfer-Encoding", "chunked"),), (("Connection", "close"),)))
        del request
        return Answer(
            host.latency,
            head=ResponseHead(200, Headers((*identity, *framing))),
            body=memoryview(body),
            states_length=False,
        )

    # Faults -----------------------------------------------------------------------------------------------

    def _fault(self, fault: Fault, host: Host, request: Request) -> Answer:  # noqa: C901, PLR0911, PLR0912 - one for each
        random = self.random
        match fault:
            case Fault.NOT_CONNECTED:
                return Answer(host.latency, failure=Failure(FailureKind.CONNECT))
            case Fault.RESET_BEFORE_HEAD:
                return Answer(host.latency, failure=Failure(FailureKind.LOST))
            case Fault.SILENT:
                return Answer(float("inf"))
            case Fault.SERVER_ERROR:
                return self._status(host.latency, random.choice((500, 502, 504, 520)), "oops")
            case Fault.THROTTLED:
                patience = random.choice(((), (("Retry-After", str(random.choice((0, 1, 3, 20)))),)))
                return self._status(host.latency, random.choice((429, 503)), "slow down", *patience)
            case Fault.UNSATISFIABLE:
                return self._status(host.latency, 416, "", *random.choice(((), (("Content-Range", "bytes */1"),))))
            case Fault.LOGIN_PAGE:
                return self._page(host.latency)
            case Fault.FORBIDDEN:
                return self._status(host.latency, 403, "no")
            case Fault.MISSING:
                return self._status(host.latency, 404, "gone?")
            case Fault.CUT_UNSTATED | Fault.LONG_UNSTATED:
                return self._unstated(host, request, goes_on=fault is Fault.LONG_UNSTATED)
            case Fault.WHOLE:
                return self._whole(host, self.contents[self.current], self._identity(host, self.current))
            case Fault.BROKEN_BODY | Fault.STALLED_BODY | Fault.DRIP | Fault.BIT_FLIP | Fault.OTHER_TAG:
                return self._spoiled(fault, self._serve(host, request))
            case _:
                return self._mislabelled(fault, host, request)

    def _spoiled(self, fault: Fault, answer: Answer) -> Answer:
        size = len(answer.body)
        if fault is Fault.BROKEN_BODY:
            answer.breaks_at = self.random.randint(0, max(0, size - 1))
        elif fault is Fault.STALLED_BODY:
            answer.stalls_at = self.random.randint(0, max(0, size - 1))
        elif fault is Fault.DRIP:
            answer.rate = 100.0
        elif fault is Fault.OTHER_TAG and answer.head is not None:
            fields = [(name, '"other-replica"' if name == "ETag" else value) for name, value in answer.head.headers]
            answer.head = ResponseHead(answer.head.status, Headers(tuple(fields)))
        elif size and answer.head is not None and answer.head.status in (200, 206):
            spoiled = bytearray(answer.body)
            spoiled[self.random.randrange(size)] ^= 1 << self.random.randrange(8)
            answer.body = memoryview(bytes(spoiled))
            self.flipped = True
        return answer

    def _mislabelled(self, fault: Fault, host: Host, request: Request) -> Answer:
        honest = self._serve(host, request)
        if honest.head is None or honest.head.status != 206 or request.span is None:  # nothing to label wrongly
            return honest
        random, content = self.random, self.contents[self.current]
        identity = self._identity(host, self.current)
        start, stop = honest.offset, honest.offset + len(honest.body)
        total = len(content)
        fields: tuple[tuple[str, str], ...] = ()
        label: str | None = None
        match fault:
            case Fault.SHORT_SLICE:
                stop = random.randint(start + 1, stop)
            case Fault.LONG_SLICE:
                stop = random.randint(stop, total)
            case Fault.SHIFTED_SLICE:
                length = stop - start
                start = random.randint(0, total - length)
                stop = start + length
            case Fault.GROWN_TOTAL:
                label = f"bytes {start}-{stop - 1}/{total + random.choice((1, BLOCK, 10 * BLOCK))}"
            case Fault.OTHER_UNIT:
                label = f"blocks {start}-{stop - 1}/{total}"
            case Fault.MULTIPART:
                fields = (("Content-Type", "multipart/byteranges; boundary=x"),)
            case Fault.COMPRESSED:
                fields = (("Content-Encoding", "gzip"),)
            case Fault.LENGTHS_DISAGREE:
                fields = (("Content-Length", str(stop - start + random.choice((-1, 1, 100)))),)
            case _:
                return self._slice(host, content, (start, stop), None, identity)
        return self._slice(
            host, content, (start, stop), label or f"bytes {start}-{stop - 1}/{total}", identity, *fields
        )
