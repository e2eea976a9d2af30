"""What servers and networks do wrong, one answer at a time, and which errors each of these may honestly end in."""

from __future__ import annotations

from enum import Enum, auto

from anymatix_fetcher.errors import (
    AccessDeniedError,
    DigestMismatchError,
    FetchError,
    NotAModelError,
    NotFoundError,
    RepresentationChangedError,
    RetriesExhaustedError,
    UnexpectedAnswerError,
)


class Fault(Enum):
    """One answer's fault; after it the server may be as honest as any."""

    NOT_CONNECTED = auto()
    RESET_BEFORE_HEAD = auto()
    SILENT = auto()
    BROKEN_BODY = auto()
    STALLED_BODY = auto()
    DRIP = auto()
    SERVER_ERROR = auto()
    THROTTLED = auto()
    SHORT_SLICE = auto()
    LONG_SLICE = auto()
    SHIFTED_SLICE = auto()
    GROWN_TOTAL = auto()
    NO_LABEL = auto()
    OTHER_UNIT = auto()
    MULTIPART = auto()
    COMPRESSED = auto()
    LENGTHS_DISAGREE = auto()
    WHOLE = auto()
    UNSATISFIABLE = auto()
    LOGIN_PAGE = auto()
    FORBIDDEN = auto()
    MISSING = auto()
    BIT_FLIP = auto()
    OTHER_TAG = auto()
    CUT_UNSTATED = auto()
    """The whole without a stated length, as from a proxy that closes too soon: it seems to end by itself."""
    LONG_UNSTATED = auto()
    """The same, and more bytes than the file has."""


UNSTATED = frozenset({Fault.CUT_UNSTATED, Fault.LONG_UNSTATED})
"""Drawn apart from the others."""

NETWORK: frozenset[type[FetchError]] = frozenset({RetriesExhaustedError})
"""What any outage may end in."""
LIES: frozenset[type[FetchError]] = frozenset({RetriesExhaustedError, UnexpectedAnswerError})

EXCUSES: dict[Fault, frozenset[type[FetchError]]] = {
    **dict.fromkeys(Fault, LIES),
    **dict.fromkeys(
        (
            Fault.NOT_CONNECTED,
            Fault.RESET_BEFORE_HEAD,
            Fault.SILENT,
            Fault.BROKEN_BODY,
            Fault.STALLED_BODY,
            Fault.DRIP,
            Fault.SERVER_ERROR,
            Fault.THROTTLED,
        ),
        NETWORK,
    ),
    Fault.SHORT_SLICE: frozenset(),
    Fault.LONG_SLICE: frozenset(),
    Fault.GROWN_TOTAL: LIES | {RepresentationChangedError, NotAModelError},
    Fault.UNSATISFIABLE: LIES | {RepresentationChangedError},
    Fault.LOGIN_PAGE: frozenset({NotAModelError}),
    Fault.FORBIDDEN: frozenset({AccessDeniedError}),
    Fault.MISSING: frozenset({NotFoundError}),
    Fault.BIT_FLIP: frozenset({DigestMismatchError, RepresentationChangedError, NotAModelError}),
    Fault.OTHER_TAG: frozenset({RepresentationChangedError}),
    **dict.fromkeys(UNSTATED, LIES | {RepresentationChangedError, DigestMismatchError, NotAModelError}),
}
"""The errors that a run may end in because of a fault that it met."""
