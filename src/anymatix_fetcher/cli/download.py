"""Downloads the references, shows progress, and reports the results."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.exit_codes import exit_code_for_all
from anymatix_fetcher.cli.interruption import interruptible
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.engine.facts import Phase
from anymatix_fetcher.errors import DownloadCancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import TypeAlias

    from anymatix_fetcher.cli.display.displays import Display
    from anymatix_fetcher.cli.session import Invocation
    from anymatix_fetcher.engine.facts import Job, Progress, Result
    from anymatix_fetcher.verbs.callables import FetchMany

    AsObjects: TypeAlias = "Callable[[Sequence[Result], int | None], Iterable[dict[str, object]]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The form of the output: progress, results, and verbosity."""

    progress: str = "auto"
    json: bool = False
    quiet: bool = False


def run(jobs: Sequence[Job], report: Report, session: Invocation, *, fetch_many: FetchMany) -> int:
    """Downloads, shows progress, reports; returns the exit code."""
    results, stopped = told(jobs, report, session, fetch_many=fetch_many)
    return exit_code_of(results, stopped)


def exit_code_of(results: Sequence[Result], stopped: int | None) -> int:
    """The first failure's code, or the signal's, so that a shell loop around the command stops as well."""
    return stopped if stopped is not None else exit_code_for_all(result.error for result in results)


def told(
    jobs: Sequence[Job],
    report: Report,
    session: Invocation,
    *,
    fetch_many: FetchMany,
    as_objects: AsObjects | None = None,
) -> tuple[Sequence[Result], int | None]:
    """Downloads, shows progress, and reports.

    Args:
        jobs: The downloads.
        report: The form of the output.
        session: The streams.
        fetch_many: The function that downloads.
        as_objects: Makes the JSON objects from the results and the exit code of the signal that stopped them; by
            default one for each result.

    Returns:
        The results, and the exit code of the signal that stopped them, if any.
    """
    results, stopped, last = carry_out(jobs, report, session, fetch_many=fetch_many)
    _tell(results, report, session, stopped)
    if report.json:
        session.print_json(*(as_objects(results, stopped) if as_objects else _objects(results, stopped, session)))
    session.out.flush()
    if not (report.quiet or report.json or report.progress == "json"):
        session.complain(*_warnings(last), *_parts(results))
    if stopped is not None:
        session.complain(_interrupted(last))
    return results, stopped


def _objects(results: Sequence[Result], stopped: int | None, session: Invocation) -> Iterator[dict[str, object]]:
    from anymatix_fetcher.cli.display.results import result_object  # noqa: PLC0415 - see _LateDisplay

    for result in results:
        yield result_object(result, interrupted_code=stopped, secrets=session.secrets)


def carry_out(
    jobs: Sequence[Job], report: Report, session: Invocation, *, fetch_many: FetchMany
) -> tuple[Sequence[Result], int | None, Sequence[Progress]]:
    """Downloads and shows progress.

    Returns:
        The results; the exit code of the signal that stopped them, if any; the last progress of each.
    """
    cancel = CancelToken()
    display = _LateDisplay(lambda: display_for(report, session))
    results: list[Result] | None = None
    with interruptible(cancel) as interruption:
        try:
            results = fetch_many(jobs, cancel=cancel, on_progress=display.show)
        finally:
            display.close(results)
    return results, interruption.exit_code if any(map(_was_cancelled, results)) else None, display.last


class _LateDisplay:
    """A display that is created on first use: the first requests don't wait for its imports.

    It keeps the last progress for the message about partial files.
    """

    def __init__(self, make: Callable[[], Display]) -> None:
        self._display = cache(make)
        self.last: tuple[Progress, ...] = ()

    def show(self, progress: tuple[Progress, ...]) -> None:
        self.last = progress
        self._display().show(progress)

    def close(self, results: Sequence[Result] | None) -> None:
        self._display().close(results)


def display_for(report: Report, session: Invocation) -> Display:
    """The display that the options ask for."""
    from anymatix_fetcher.cli.display.displays import JsonDisplay, NoDisplay, PlainDisplay  # noqa: PLC0415 - see _LateDisplay

    match report.progress:
        case "json":
            return JsonDisplay(session.err)
        case "none":
            return NoDisplay()
        case "auto" if report.quiet:
            return NoDisplay()
        case "auto" if session.verbosity:
            # Log lines and a live display would overwrite each other.
            return PlainDisplay(session.err)
        case "bar":
            forced = True
        case _:
            forced = False
    if not (forced or session.err.isatty()):
        return PlainDisplay(session.err)
    from anymatix_fetcher.cli.display.live import live_display  # noqa: PLC0415 - rich takes a tenth of a second to import

    return live_display(session.err, forced=forced) or PlainDisplay(session.err)


def _tell(results: Sequence[Result], report: Report, session: Invocation, stopped: int | None) -> None:
    from anymatix_fetcher.cli.display.results import error_lines, path_line, summary  # noqa: PLC0415 - as above

    # Where a program reads JSON, no lines for people are mixed in, except errors.
    for_people = not (report.quiet or report.json or report.progress == "json")
    for result in results:
        if result.error is None:
            if for_people:
                session.complain(summary(result))
        elif stopped is None or not _was_cancelled(result):
            session.complain(*error_lines(result.error, result.reference if len(results) > 1 else ""))
        if not report.json and (path := path_line(result)):
            session.out.write_path(path)


def _warnings(last: Sequence[Progress]) -> list[str]:
    """Warnings about finished files, which would vanish with the live display."""
    from anymatix_fetcher.cli.display.picture import name_of  # noqa: PLC0415 - as above

    return [
        f"warning: {name_of(one)} is {format.printable(one.note)}"
        for one in last
        if one.phase is Phase.DONE and one.note
    ]


def _parts(results: Sequence[Result]) -> list[str]:
    """A note for each model with missing parts, once per model."""
    from anymatix_fetcher.formats.splits import part_by_name  # noqa: PLC0415 - as above

    lacking: dict[Path, str] = {}
    for result in results:
        part = part_by_name(result.path.name) if result.path is not None and result.error is None else None
        if part is None or result.path is None:
            continue
        missing = [name for name in part.names if not (result.path.parent / name).exists()]
        if missing:
            which = format.printable(missing[0] if len(missing) == 1 else f"{missing[0]} and {len(missing) - 1} more")
            text = (
                f"note: {format.printable(result.path.name)} is part {part.number} of {part.count}; not here: {which}"
            )
            lacking.setdefault(result.path.parent / part.names[0], text)
    return list(lacking.values())


def _was_cancelled(result: Result) -> bool:
    return isinstance(result.error, DownloadCancelled)


def _interrupted(last: Sequence[Progress]) -> str:
    from anymatix_fetcher.cli.display.picture import FINAL_PHASES, name_of  # noqa: PLC0415 - as above

    kept = [
        f"{name_of(one)}.part"
        for one in last
        if one.bytes_stored and (one.phase not in FINAL_PHASES or one.phase is Phase.CANCELLED)
    ]
    if not kept:
        return "Interrupted. Nothing was downloaded yet."
    return f"Interrupted. The partial download is kept in {', '.join(kept)}; run the same command again to continue."
