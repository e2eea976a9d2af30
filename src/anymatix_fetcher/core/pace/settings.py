"""The controller's figures, as one value: an experiment is another value, and nothing is patched.

Where a figure comes from, by what is said of it:

* *lines*: chosen on simulated lines (``tests/simulation/lines.py``); what happens without its rule, on 6000 of them,
  is given as the change of the mean, and of the 5th and the 1st percentile of the goodput, as parts of the best fixed
  count's. ``python benchmarks/pace_lines.py --ablate`` measures it again, ``python -m benchmarks --ablate`` does so
  over real TCP.
* *path*: measured over the emulated path (``benchmarks/wan``).
* *host*: what servers are seen to do.

Two digits are all that the measurements give: a change by a fifth of any figure moves the mean by less than 0.002.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceSettings:
    """What the controller measures for how long, which gains it asks for, and how long it backs off.

    Attributes:
        first_step: The count after one, and the factor of the climb's first step; then it doubles, as slow start does.
            (lines: 3 or 6 cost 0.04 at p5.)
        solo_seconds: For so long the first connection is alone on a short path: what one brings, and how busy it keeps
            the reader, isn't known before. (path: on loopback a second sender would only take the reader's time.)
        initial_answer_seconds: How long an answer is taken to last until one was quicker. (lines: half of it -0.001,
            -0.003, -0.009; twice as much changes nothing.)
        long_path_seconds: An answer that takes so long, handshakes included, comes over a long path: congestion windows
            open further while the next step's connections shake hands. (lines: -0.002, -0.005, -0.008.)
        glance_seconds: A rate over so long shows what is clear. (lines: half as much again costs 0.001.)
        window_seconds: A rate over so long is believed. (lines: the mean is flat from 0.3 to 0.4.)
        opening_answers: After so many times what an answer takes, about ten round trips, a congestion window is open.
            (lines: -0.001, -0.002, -0.012.)
        filling_seconds: A trial with connections that don't flow by then is judged as it is, and what hasn't
            reopened by then won't. (lines: half a second costs 0.002, 0.002, 0.010.)
        gain: What twice as many connections have to bring, beyond the noise, to be kept: with less, fewer are kinder to
            the server. (lines: none costs 0.001, 0.000, 0.002.)
        clear_gain: The same where a glance decides. (lines: without glances -0.003, -0.019, -0.012.)
        tolerance: The sum has stayed where it is above this part of what it was.
        abandoned: A trial of fewer ends at a glance below this part. (lines: -0.007, -0.011, -0.011.)
        collapse: More connections that leave less than this part are undone at once, and ruled out. (lines: -0.006,
            -0.015, -0.006.)
        retry_loss: A step is tried again at once where, after it was undone, this part of what it had brought is
            missing. (lines: -0.002, -0.005, -0.016.)
        payoff: Fewer are tried where the rest of the file lasts so many times what the trial may cost.
        payoff_suspected: The same while fewer are likely to be better: after a climb, and after fewer were. (lines: the
            same payoff for both -0.003, -0.001, -0.093.)
        confirmed_gain: The climb's last step has paid where so many times as much comes as when its connections had
            just begun to flow: fewer aren't suspected to be better then. (path: without it half of the connections
            are closed once their windows are open, which costs a tenth of 400 MB on a lossy line.)
        hold_seconds: A direction rests for so long at least. (lines: flat from 1.0 to 1.5 s; with 3 s -0.003, -0.011,
            -0.034.)
        payback: A second's worth of bytes that a trial has missed is followed by so many seconds without one. (lines:
            -0.004, -0.028, -0.008.)
        ceiling_seconds: A count that was refused or has collapsed isn't tried for so long, and for twice as long each
            further time. (lines: with one second -0.004, -0.005, -0.003.)
        release_seconds: A server may count a connection for so long after it was given up here. (host: nginx counts
            until its worker has noticed; lines: -0.012, -0.030, -0.317.)
        fall: A sum that falls by so much by itself makes what was learned stale. (lines: -0.005, -0.004, -0.021.)
        smoothing: The weight of one rate in the averages of level and noise; at twenty a second they remember two
            seconds and a half.
        full_reader: A reader that is busy for so much of the time reads as fast as it can: to ask whether there is
            something takes the rest. (path: loopback.)
    """

    first_step: int = 4
    solo_seconds: float = 0.1
    initial_answer_seconds: float = 0.4
    long_path_seconds: float = 0.1
    glance_seconds: float = 0.1
    window_seconds: float = 0.35
    opening_answers: float = 4.0
    filling_seconds: float = 3.0
    gain: float = 0.06
    clear_gain: float = 0.5
    tolerance: float = 0.95
    abandoned: float = 0.75
    collapse: float = 0.6
    retry_loss: float = 0.1
    payoff: float = 50.0
    payoff_suspected: float = 10.0
    confirmed_gain: float = 1.3
    hold_seconds: float = 1.25
    payback: float = 60.0
    ceiling_seconds: float = 15.0
    release_seconds: float = 3.0
    fall: float = 0.15
    smoothing: float = 0.02
    full_reader: float = 0.99

    @property
    def alarm_seconds(self) -> float:
        """What has broken down shows within this. A shorter look isn't believed: servers that limit rates pulse."""
        return 2 * self.glance_seconds

    @property
    def settling_seconds(self) -> float:
        """After a change of the count nothing is measured for so long."""
        return self.glance_seconds

    @property
    def reopened(self) -> float:
        """The sum is back after a failed trial where it is above this part of what it was."""
        return 2 * self.tolerance - 1


DEFAULT_SETTINGS = PaceSettings()


class Unstated(int):
    """A maximum of connections that the user hasn't stated: where more pay after the climb, it may be passed.

    On a lossy line each connection's share decays for ten seconds, and 32 of them carry less and less of it. A server
    that limits each connection gives more of them more. A maximum that the user has stated is never passed.
    """

    @property
    def highest(self) -> int:
        """The most connections.

        (path: at 500 Mbit/s, 100 ms and 0.05 % loss 64 fill the line to the end, 96 bring no more.)
        """
        return 2 * self


DEFAULT_MAXIMUM = Unstated(32)
"""Where the user states none. Most lines are filled by fewer, and servers take offence at many more."""


def highest(maximum: int) -> int:
    """The most connections that this maximum allows."""
    return maximum.highest if isinstance(maximum, Unstated) else maximum
