"""A cache of the responses to sources, so that the files of one model share requests. Its size and age are limited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.sources.base import Answer

GOOD_FOR_SECONDS = 300.0
MOST_REMEMBERED = 512


class Answers(Protocol):
    """A cache of responses. A dictionary is one that never forgets."""

    def get(self, request: Request, /) -> Answer | None:
        """The cached response, or ``None``."""

    def __setitem__(self, request: Request, answer: Answer, /) -> None: ...


class RecentAnswers:
    """The responses of the last minutes; implements :class:`Answers`.

    Args:
        clock: The monotonic time in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._answers: dict[Request, tuple[float, Answer]] = {}

    def get(self, request: Request, /) -> Answer | None:
        """Implements ``Answers.get``."""
        answered_at, answer = self._answers.get(request, (float("-inf"), None))
        return answer if self._clock() - answered_at < GOOD_FOR_SECONDS else None

    def __setitem__(self, request: Request, answer: Answer, /) -> None:
        self.forget_old()
        if len(self._answers) >= MOST_REMEMBERED:
            del self._answers[next(iter(self._answers))]
        self._answers.pop(request, None)  # moves it to the end, among the newest
        self._answers[request] = self._clock(), answer

    def __len__(self) -> int:
        return len(self._answers)

    def forget_old(self) -> None:
        """Drops expired responses; the oldest come first."""
        while self._answers:
            oldest = next(iter(self._answers))
            if self._clock() - self._answers[oldest][0] < GOOD_FOR_SECONDS:
                return
            del self._answers[oldest]
