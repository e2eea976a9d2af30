"""The results: JSON objects for programs, lines of text for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.redaction import redact
from anymatix_fetcher.engine.facts import Status
from anymatix_fetcher.errors import DownloadCancelled
from anymatix_fetcher.verbs import reporting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anymatix_fetcher.engine.facts import Result
    from anymatix_fetcher.errors import FetchError

_HASH_DIGITS_SHOWN = 12


def result_object(
    result: Result, *, interrupted_code: int | None = None, secrets: Iterable[str] = ()
) -> dict[str, object]:
    """The result as a JSON object.

    Args:
        result: The result of one reference.
        interrupted_code: The exit code of the signal that stopped it, for an error that says "cancelled".
        secrets: Strings that must not be printed, which a server may have repeated in an error.
    """
    error = None if result.error is None else error_object(result.error, secrets, interrupted_code)
    return reporting.result_object(result, error)


def path_line(result: Result) -> str | None:
    """The file's absolute path, for scripts; ``None`` if there is no file."""
    return None if result.path is None or result.error is not None else str(result.path.absolute())


def summary(result: Result) -> str:
    """One line about a success: name, size, time, rate, resumed bytes and verification."""
    facts = [] if result.size is None else [format.size(result.size)]
    match result.status:
        case Status.PRESENT:
            facts.append("already there")
        case Status.LINKED:
            facts.append("linked to a copy on this machine")
        case _ if result.bytes_downloaded and result.seconds > 0:
            average = format.rate(result.bytes_downloaded / result.seconds)
            facts.append(f"{format.duration(result.seconds)} at {average}")
        case _:
            facts.append("nothing left to fetch")
    if result.bytes_resumed:
        facts.append(f"{format.size(result.bytes_resumed)} resumed")
    name = format.printable(result.path.name if result.path else result.reference)
    return f"{name}: {', '.join([*facts, proof(result)])}"


def proof(result: Result) -> str:
    """How the file was verified, in words that claim no more than is known."""
    shown = f"sha256 {result.sha256[:_HASH_DIGITS_SHOWN]}..." if result.sha256 else ""
    match result.verified:
        case "none":
            return "not verified: the server states neither digest nor length" + (f" ({shown})" if shown else "")
        case "length":
            return "verified by its length only" + (f" ({shown})" if shown else "")
        case "sha256":
            return f"verified by {shown or 'sha256'}"
        case algorithm:
            return f"verified by {algorithm}" + (f" ({shown})" if shown else "")


def error_lines(error: FetchError, about: str = "") -> list[str]:
    """The error's message and hint as lines; ``about`` names the reference if there are several."""
    message = redact(error.message).removesuffix(f" ({about})") if about else redact(error.message)
    subject = f"{format.printable(about)}: " if about and about not in message else ""
    lines = [f"error: {subject}{format.printable(message)}"]
    return [*lines, f"hint: {format.printable(error.hint)}"] if error.hint else lines


def error_object(error: FetchError, secrets: Iterable[str], interrupted_code: int | None = None) -> dict[str, object]:
    """The error as a JSON object; ``secrets`` are removed from its texts."""
    said = reporting.error_object(error)
    if interrupted_code and isinstance(error, DownloadCancelled):
        said["exit_code"] = interrupted_code
    return {**said, "message": redact(error.message, secrets), "hint": redact(error.hint, secrets)}
