"""The JSON form of a job's results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.verbs.reporting import error_object, result_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.engine.facts import Result


def as_object(results: Sequence[Result]) -> dict[str, object]:
    """The result as ``--json`` prints it; of several files, the first one's result with all of them in ``files``."""
    objects = [
        result_object(result, None if result.error is None else error_object(result.error)) for result in results
    ]
    return objects[0] if len(objects) == 1 else {**objects[0], "files": objects}
