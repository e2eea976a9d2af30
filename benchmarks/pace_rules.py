"""The controller's rules, each as the settings with which it does nothing: what is lost then is what it brings."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

from anymatix_fetcher.core.pace.settings import DEFAULT_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anymatix_fetcher.core.pace.settings import PaceSettings

_AS_IT_IS = DEFAULT_SETTINGS

WITHOUT: Mapping[str, PaceSettings] = {
    "fewer": replace(_AS_IT_IS, payoff=inf, payoff_suspected=inf),
    "suspicion": replace(_AS_IT_IS, payoff_suspected=_AS_IT_IS.payoff),
    "confirmation": replace(_AS_IT_IS, confirmed_gain=inf),
    "abandon": replace(_AS_IT_IS, abandoned=0.0),
    "glance": replace(_AS_IT_IS, clear_gain=inf),
    "gain": replace(_AS_IT_IS, gain=0.0),
    "collapse": replace(_AS_IT_IS, collapse=0.0),
    "ceiling": replace(_AS_IT_IS, ceiling_seconds=0.0),
    "release": replace(_AS_IT_IS, release_seconds=0.0),
    "long-path": replace(_AS_IT_IS, long_path_seconds=inf),
    "opening": replace(_AS_IT_IS, opening_answers=0.0),
    "retry": replace(_AS_IT_IS, retry_loss=1.0),
    "fall": replace(_AS_IT_IS, fall=1.0),
    "hold": replace(_AS_IT_IS, hold_seconds=0.0),
    "payback": replace(_AS_IT_IS, payback=0.0),
    "noise": replace(_AS_IT_IS, smoothing=0.0),
    "solo": replace(_AS_IT_IS, solo_seconds=0.0),
    "reader": replace(_AS_IT_IS, full_reader=inf),
}
"""By the rule's name. ``noise`` without its average is the rate's own level, and no margin."""
EVERYTHING = "everything"
"""The name of the settings as they are."""


def settings_without(rule: str) -> PaceSettings:
    """The settings without ``rule``; those as they are for :data:`EVERYTHING`.

    Raises:
        KeyError: There is no such rule.
    """
    return _AS_IT_IS if rule == EVERYTHING else WITHOUT[rule]
