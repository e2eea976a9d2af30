"""What a job came to, as its record keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.verbs.reporting import error_object, result_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.engine.facts import Result


def as_object(results: Sequence[Result]) -> dict[str, object]:
    """The result of one file as the command prints it; of several the first one's, with all of them in ``files``."""
    objects = [
        result_object(result, None if result.error is None else error_object(result.error)) for result in results
    ]
    return objects[0] if len(objects) == 1 else {**objects[0], "files": objects}
