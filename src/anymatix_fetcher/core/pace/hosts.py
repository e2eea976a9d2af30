"""Hosts: what all downloads from one origin share: the number of connections, pauses, and what the server can do.

A server doesn't know that two files are two downloads: it counts connections and requests. So there is one
:class:`Pace` for all downloads of a session from the same origin, and each has its :class:`Share` of what that allows:

* **Everybody gets one, then the oldest gets the rest**: what is begun is finished first. A share says how many
  connections it could use; what the older ones leave is the younger ones'.
* **The pace sees the sum**, while more could be asked for than is under way: a count has to be filled to be judged.
* **A refusal counts all**: "so many it bears" are those of every share together.
* **Many small files** open by requests that share a few connections, where the server speaks HTTP/2: see
  ``shared_connections``. How many at a time grows with each that turned out to be small: a large one begins in turn.
* **A pause** is an origin's, not a download's: no download sends a request there before it is over.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.range_signers import RangeSigners
from anymatix_fetcher.core.pace.allowance import Allowance, OwnLimit, Quota
from anymatix_fetcher.core.pace.controller import Pace
from anymatix_fetcher.core.pace.division import Allotment, Want, in_order
from anymatix_fetcher.core.pace.learned import KnownHost, what_is_known
from anymatix_fetcher.core.pace.observations import Observations
from anymatix_fetcher.core.pace.pause import Pause, current, lengthen
from anymatix_fetcher.core.pace.settings import DEFAULT_SETTINGS, PaceSettings, highest
from anymatix_fetcher.core.pace.shared_connections import MANY_WAITING, MOST_STREAMS, STREAMS_EACH, SharedConnections
from anymatix_fetcher.core.pace.workload import Workload

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.pace.learned import Learned
    from anymatix_fetcher.core.values.http import Request, ResponseHead
    from anymatix_fetcher.core.values.urls import Origin, Url


class Share:
    """One download's part of a host: what its machine takes for the pace. Made by :meth:`Host.join`."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.most = host.most  # connections of one download, at all its places together
        self.demand, self.under_way = 1, 0
        self.streams = host.may_multiplex(host.origin)  # whether all that it asks for is on shared connections
        self.flowing = self.total = 0
        self.rest = inf  # bytes that are still to come, as far as it is known
        self.granted: int | None = None  # its download may leave connections to other places
        self.was_answered = False
        self._behind_seconds: float | None = None
        self._shared: tuple[Origin, int] | None = None

    @property
    def connections(self) -> int:
        """How many exchanges this download may have under way now; none, where others use them up."""
        return self._host.allotted(self).allotted

    @property
    def prospects(self) -> tuple[int, int]:
        """How many exchanges the host would allow by itself, and how many of these are known to pay."""
        wish = min(self._host.allotted(self).most, self.demand)
        return wish, min(self._host.pace.learned.connections, wish)

    def grant(self, connections: int | None) -> None:
        """The download leaves so many of its connections to this place; ``None`` for as many as the host allows."""
        if connections != self.granted:
            self.granted = connections
            self._host.count_anew()

    def foreseen(self, now: float) -> int:
        """How many may soon be allowed, where it is worth opening their connections ahead."""
        return self._host.foreseen(self, now)

    def answered(self, seconds: float) -> None:
        """A head came ``seconds`` after its request."""
        self.was_answered = True
        self._host.heard(self)
        self._host.pace.answered(seconds)

    def refused(self, others: int, now: float) -> None:
        """The server refused one more connection while ``others`` of this download went on."""
        self._host.refused(self, others, self._in_host_time(now))

    def observe(self, total: int, flowing: int, now: float, *, rest: float = inf) -> None:
        """Takes the bytes that have come for this download so far, how many bodies flow, and how much is to come.

        ``now`` may leave out times that don't count; all shares leave out the same ones.
        """
        before, self._host.total = self.counted, self._host.total + total - self.total
        self.total, self.flowing, self.rest = total, flowing, rest
        self._host.flowing += self.counted - before
        self._host.observe(self._in_host_time(now))

    @property
    def counted(self) -> int:
        """How many bodies the pace counts: all that could flow, where nothing is left to ask for."""
        return self.flowing if self.demand > self.under_way else self.demand

    def _in_host_time(self, now: float) -> float:
        if self._behind_seconds is None:
            self._behind_seconds = max(0.0, self._host.now + self._host.unseen_seconds - now)
        return now + self._behind_seconds - self._host.unseen_seconds

    def want(self, under_way: int, more: int, *, streams: int = 0) -> None:
        """Tells how much could be done at once.

        Args:
            under_way: How many exchanges are asked for or flow.
            more: How many beside them could be used.
            streams: How many of those under way are on shared connections.
        """
        before, self.under_way = self.counted, under_way
        demand, only_streams = under_way + more, 0 < under_way + more <= streams
        if (demand, only_streams) != (self.demand, self.streams):
            self._host.count(self, -1)
            self.demand, self.streams = demand, only_streams
            self._host.count(self, 1)
        self._host.flowing += self.counted - before

    def shared_connection(self, url: Url) -> int | None:
        """The connection that the file's first request shares with other files' ones; ``None`` where it may not.

        Where it isn't known yet what an origin speaks, scouts have a connection each, and the others don't wait for
        what they find out.
        """
        origin, hosts = url.origin, self._host.hosts
        is_unknown = origin not in hosts.versions and self._host.shared.opened(origin) >= self._host.scouts
        if is_unknown or not self._host.may_multiplex(origin):
            return None
        self.leave_shared_connection()
        self._shared = origin, self._host.shared.take(origin)
        return self._shared[1]

    def leave_shared_connection(self) -> None:
        """Nothing that was asked for on a shared connection is under way any longer."""
        if self._shared is not None:
            self._host.shared.leave(*self._shared)
            self._shared = None

    def heed(self, request: Request, head: ResponseHead, now: float) -> None:
        """Learns from an answer, whatever it says otherwise, how its host wants to be asked."""
        origin = request.url.origin
        if not request.parallel:
            self._host.hosts.versions[origin] = head.http_version
        if self._shared is not None and self._shared[0] == origin:
            self._host.shared.heard(*self._shared)
        quota = Quota.told_by(head, now)
        if quota is not None and not quota.remaining:
            self._host.hosts.pause(origin, quota.until, "the server's quota is used up")
        elif quota is not None and origin == self._host.origin:
            self._host.grant(quota)

    def turned_out_small(self) -> None:
        """One request brings all of the file."""
        self._host.small_files += 1

    @property
    def range_signers(self) -> RangeSigners:
        """The origins with redirects that are good for one range only; the session's."""
        return self._host.hosts.range_signers

    def pause(self, url: Url, until: float, reason: str) -> None:
        """Pauses requests to the origin of ``url`` until that time."""
        self._host.hosts.pause(url.origin, until, reason)

    def pause_at(self, url: Url, now: float) -> Pause | None:
        """The pause at the origin of ``url``, while there is one."""
        return self._host.hosts.pause_at(url.origin, now) if self._host.hosts.pauses else None


class Host:
    """All downloads of a session from one origin.

    Args:
        origin: Whom the user named.
        pace: How many connections all of them together may have.
        hosts: Where it belongs.
        most_connections: How far that number may go.
    """

    def __init__(self, origin: Origin, pace: Pace, hosts: Hosts, most_connections: int = 32) -> None:
        self.origin = origin
        self.pace = pace
        self.hosts = hosts
        self.most = most_connections
        self.shared = SharedConnections(most_connections)
        self.waiting = self.small_files = 0  # downloads that haven't been begun yet, and files that came at once
        self.now = self.unseen_seconds = 0.0  # a host's time leaves out the unseen one
        self._shares: dict[Share, None] = {}
        self._allotted: dict[Share, Allotment] | None = None
        self._streams, self._demand, self._most_streams = 0, 0, MOST_STREAMS
        self._allowance = Allowance(pace)
        self.total = self.flowing = 0  # kept up with each change: a thousand small files make hundreds of shares
        self._observations = Observations()

    def join(self) -> Share:
        """The share of one more download, the youngest."""
        share = Share(self)
        self._shares[share] = None
        self.flowing += share.counted
        self.count(share, 1)
        self.pace.reach(self.most, self.now)
        return share

    def leave(self, share: Share, total: int) -> None:
        """A download of ``total`` bytes is over."""
        self.total += total - share.total
        self.flowing -= share.counted
        self.count(share, -1)
        share.leave_shared_connection()
        self.heard(share)
        del self._shares[share]
        if share.granted is not None:
            self.count_anew()

    def count(self, share: Share, times: int) -> None:
        """Adds what ``share`` asks for to what all do, or takes it away."""
        if share.streams:
            self._streams += times
        else:
            self._demand += times * share.demand
        self._allotted = None

    @property
    def budget(self) -> int:
        """How many connections all shares together may have, beside those that streams share."""
        granted = self._allowance.connections(len(self._shares) + self.waiting, is_limited=self.hosts.limit.binds)
        return max(1, granted - min(self._streams, self.shared.count)) + self._allowance.unanswered

    def room(self, now: float) -> int:
        """How many more downloads may begin."""
        if self.hosts.pause_at(self.origin, now) is not None:
            return 0
        used = self._demand
        if used < self.budget and self.may_multiplex(self.origin) and self.origin in self.hosts.versions:
            allowed = min(self._most_streams, 1 + STREAMS_EACH * self.small_files)
            return max(0, allowed - self._streams)
        if self.may_multiplex(self.origin) and self.origin not in self.hosts.versions:
            return max(0, self.scouts - len(self._shares))
        unanswered = (share for share in self._shares if share.demand and not share.was_answered)
        if used >= self.budget and self._allowance.look_at_unanswered(unanswered, now):
            self._allotted = None
        sharing = self._allowance.sharing(is_limited=self.hosts.limit.binds)
        return max(0, self.budget - used, sharing - sum(share.demand > 0 for share in self._shares))

    def heard(self, share: Share) -> None:
        """``share`` was answered, or is over."""
        if self._allowance.answered(share):
            self._allotted = None

    def waits_for(self, now: float) -> str:
        """Why a download that could begin doesn't, for people."""
        pause = self.hosts.pause_at(self.origin, now)
        return pause.told(now) if pause is not None else f"waiting for its turn at {self.origin.host}"

    def count_anew(self) -> None:
        """How many connections there are to be had has changed."""
        reach = sum(self.most if share.granted is None else share.granted for share in self._shares)
        self.pace.reach(max(1, min(reach, self.most)), self.now)
        self._allotted = None

    def queue(self, count: int) -> None:
        """So many more downloads wait to begin here, or fewer where ``count`` is below zero."""
        self.waiting += count

    @property
    def scouts(self) -> int:
        """The number of first requests while the server's protocol is unknown."""
        return self.shared.scouts(len(self._shares) + self.waiting)

    def may_multiplex(self, origin: Origin) -> bool:
        """Whether requests to ``origin`` may share a connection: for many files, over TLS, unless it can't."""
        many = len(self._shares) + self.waiting >= MANY_WAITING
        return many and origin.scheme == "https" and self.hosts.versions.get(origin, "2") == "2"

    # The shares' side -------------------------------------------------------------------------------------

    def allotted(self, share: Share) -> Allotment:
        """How many exchanges a share may have."""
        if share.streams:
            return Allotment(1, 1)
        if self._allotted is None:
            wanting = [one for one in self._shares if one.demand and not one.streams]
            allotments = in_order(self.budget, [Want(one.demand, one.granted) for one in wanting])
            self._allotted = dict(zip(wanting, allotments, strict=True))
        return self._allotted.get(share, Allotment())

    def foreseen(self, share: Share, now: float) -> int:
        """What the climb's next step would be, to a share that has all connections for itself; else 0."""
        count = self.pace.foreseen(now)
        is_alone = count > 1 and not self._allowance.has_quota and share.connections == self.pace.connections
        return count if is_alone else 0

    def refused(self, share: Share, others: int, now: float) -> None:
        """The server refused ``share`` one more connection, or one more request on a shared one."""
        if share.streams:
            self._most_streams = max(1, self._streams // 2)
            self.shared.halve()
            return
        others += sum(max(1, other.under_way) for other in self._shares if other is not share and other.demand)
        self.pace.refused(others, now)
        self._allowance.refused(others)
        self._allotted = None

    def grant(self, quota: Quota) -> None:
        """The server grants so many more requests for now."""
        self._allowance.grant(quota)
        self._allotted = None

    def observe(self, now: float) -> None:
        """Lets the pace see the sum."""
        unseen_seconds = self._observations.unseen_seconds(self.total, now - self.now)
        self.unseen_seconds += unseen_seconds
        self.now = max(self.now, now - unseen_seconds)
        if self._allowance.outlives_quota(self.now):
            self._allotted = None
        if not self.waiting and not any(share.demand > share.under_way > 0 for share in self._shares):
            return  # no more could be used
        if not self._observations.is_due(self.now, self.flowing, exact=self._demand > 0):
            return
        rest = inf if self.waiting else sum(share.rest for share in self._shares if share.demand)
        before, total = self.pace.connections, self.total - self._observations.unseen_bytes
        self.pace.observe(total, self.flowing, self.now, rest=rest, busy=self.hosts.workload.share)
        self._allotted = self._allotted if self.pace.connections == before else None

    @property
    def learned(self) -> Learned | None:
        """What the pace has learned, where it had the time for it."""
        return self.pace.learned if self._observations.tell else None


class Hosts:
    """Every host of a session.

    Args:
        settings: The figures of every host's controller.

    Attributes:
        versions: Which version of HTTP an origin spoke last.
        pauses: Origins that aren't asked for a while.
        known: Says what is known about an origin from earlier.
        range_signers: Origins with redirects that are good for one range only.
        limit: Whether a limit of our own holds bytes back.
        workload: How busy the reader of what comes from all of them is.
    """

    def __init__(self, settings: PaceSettings = DEFAULT_SETTINGS) -> None:
        self._settings = settings
        self.versions: dict[Origin, str] = {}
        self.pauses: dict[Origin, Pause] = {}
        self.known: Callable[[Origin], KnownHost | None] = lambda _: None
        self.range_signers = RangeSigners(lambda origin: (self.known(origin) or KnownHost()).signs_range)
        self.workload = Workload(settings)
        self.limit = OwnLimit()
        self._hosts: dict[tuple[Origin, int, int | None], Host] = {}

    def remember_by(self, known: Callable[[Origin], KnownHost | None]) -> None:
        """``known`` tells what earlier runs have learned of a host."""
        self.known = known

    def host(self, origin: Origin, maximum: int, fixed: int | None) -> Host:
        """The host of ``origin`` for downloads with these limits.

        Args:
            origin: Whom the user named.
            maximum: How far the number of connections may climb.
            fixed: The one and only number, where the user wants it so.
        """
        key = (origin, reserve := highest(maximum), fixed)
        if key not in self._hosts:
            known, settings = self.known(origin) or KnownHost(), self._settings
            settled = known.limit is None and (known.start or 0) >= settings.first_step
            pace = Pace(maximum, reserve=reserve, fixed=fixed, start=known.start, settled=settled, settings=settings)
            self._hosts[key] = Host(origin, pace, self, fixed or reserve)
            if known.http2 is not None and origin.scheme == "https":
                self.versions.setdefault(origin, "2" if known.http2 else "1.1")
        return self._hosts[key]

    def heed_limit(self, now: float, *, binds: bool) -> None:
        """Takes note of whether a limit of our own holds bytes back."""
        if self.limit.heed(now, binds=binds):
            for host in self._hosts.values():
                host.count_anew()

    def pause(self, origin: Origin, until: float, reason: str) -> None:
        """Pauses requests to ``origin`` until that time."""
        lengthen(self.pauses, origin, Pause(until, reason))

    def pause_at(self, origin: Origin, now: float) -> Pause | None:
        """The pause at ``origin``, while there is one."""
        return current(self.pauses, origin, now)

    def learned(self, now: float, wall_now: float) -> dict[Origin, KnownHost]:
        """What may be remembered, of every origin that has answered or wants to be left alone."""
        counts = {host.origin: host.learned for host in self._hosts.values()}
        paused = {origin: wall_now + pause.until - now for origin, pause in self.pauses.items() if pause.until > now}
        return what_is_known(self.versions, counts, paused, self.range_signers.proved, seen_at=wall_now)
