"""The entry point of ``anyfetch``: runs the command and turns every error into a message and an exit code."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli import exit_codes
from anymatix_fetcher.cli.display.help_layout import DOWNLOAD, Program
from anymatix_fetcher.cli.display.streams import open_missing_streams
from anymatix_fetcher.cli.interruption import Interrupted
from anymatix_fetcher.cli.session import Invocation, fetch_by_api
from anymatix_fetcher.core.values.shortages import SHORTAGES
from anymatix_fetcher.errors import FetchError, InternalError
from anymatix_fetcher.verbs import reporting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.verbs.callables import FetchMany

_NAME = "anyfetch"
_COMPLETE = "_ANYFETCH_COMPLETE"

PROGRAM = Program(
    _NAME,
    {
        DOWNLOAD: "anymatix_fetcher.cli.commands.download_command:command",
        "bench": "anymatix_fetcher.cli.commands.bench:command",
        "auth": "anymatix_fetcher.cli.commands.auth:auth_command",
        "login": "anymatix_fetcher.cli.commands.auth:login_command",
        "workflow": "anymatix_fetcher.cli.commands.workflow:command",
        "lock": "anymatix_fetcher.cli.commands.lock:command",
        "sync": "anymatix_fetcher.cli.commands.sync:command",
        "resolve": "anymatix_fetcher.cli.commands.resolve:command",
        "ls": "anymatix_fetcher.cli.commands.ls:command",
        "verify": "anymatix_fetcher.cli.commands.verify:command",
        "rm": "anymatix_fetcher.cli.commands.rm:command",
        "adopt": "anymatix_fetcher.cli.commands.adopt:command",
        "prune": "anymatix_fetcher.cli.commands.prune:command",
        "dedupe": "anymatix_fetcher.cli.commands.dedupe:command",
        "inspect": "anymatix_fetcher.cli.commands.inspect:command",
        "doctor": "anymatix_fetcher.cli.commands.doctor:command",
        "aria2c": "anymatix_fetcher.cli.commands.aria2c:command",
        "serve": "anymatix_fetcher.cli.commands.serve:command",
        "queue": "anymatix_fetcher.cli.commands.queue:command",
        "demo": "anymatix_fetcher.cli.commands.demo:command",
        "testserver": "anymatix_fetcher.cli.commands.testserver:command",
    },
)


def main(argv: Sequence[str] | None = None, *, fetch_many: FetchMany = fetch_by_api) -> int:
    """Runs the command line ``argv`` (``None``: the process's own) and returns its exit code.

    ``fetch_many`` is the function that downloads.
    """
    open_missing_streams()
    arguments = list(_own_arguments() if argv is None else argv)
    session = Invocation(fetch_many)
    try:
        code = _run(arguments, session)
    except OSError as error:  # not even what reports errors could be imported
        session.complain(
            f"error: the system: {error.strerror}",
            f"hint: {SHORTAGES.get(error.errno or 0, 'Check the installation and the disk.')}",
        )
        code = exit_codes.STORAGE
    session.out.flush()
    if session.out.failure is not None:
        session.complain(f"error: standard output can't be written: {session.out.failure.strerror}")
        code = code or exit_codes.STORAGE
    session.err.flush()
    return code


def _own_arguments() -> list[str]:
    """The process's arguments. If it was started as ``aria2c``, they are those of ``anyfetch aria2c``."""
    program, *arguments = sys.argv
    return ["aria2c", *arguments] if Path(program).stem == "aria2c" else arguments


def _run(arguments: list[str], session: Invocation) -> int:
    try:
        return _invoke(arguments, session)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.UsageError as error:
        hint = getattr(error, "hint", "") or f"Run `{_help_command(error)}` for all options."
        session.complain(f"error: {_sentence(error.format_message())}", f"hint: {hint}")
        return exit_codes.USAGE
    except Interrupted as stopped:
        session.complain(f"Interrupted. {str(stopped)[:1].upper()}{str(stopped)[1:]}.")
        return stopped.exit_code
    except FetchError as error:
        from anymatix_fetcher.cli.display.results import error_lines  # noqa: PLC0415 - rarely needed

        session.complain(*error_lines(error))
        return reporting.exit_code_of(error)
    except (click.Abort, KeyboardInterrupt):
        session.complain("Interrupted.")
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        _silence_streams()
        return exit_codes.DONE
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback, since it may hold secrets
        return _last_defence(error, session)


def _invoke(arguments: list[str], session: Invocation) -> int:
    # click's own main() turns a closed pipe into exit code 1, which means a bug here.
    instruction = os.environ.get(_COMPLETE)
    if instruction:
        from click.shell_completion import shell_complete  # noqa: PLC0415 - only shells that complete need it

        return shell_complete(PROGRAM, {"obj": session}, _NAME, _COMPLETE, instruction)
    with PROGRAM.make_context(_NAME, arguments, obj=session) as context:
        code = PROGRAM.invoke(context)
    return code if isinstance(code, int) else exit_codes.DONE


def _help_command(error: click.UsageError) -> str:
    verbs: list[str] = []
    context = error.ctx
    while context is not None and context.parent is not None:
        verbs.insert(0, context.info_name or "")
        context = context.parent
    return " ".join([_NAME, *(verb for verb in verbs if verb != DOWNLOAD), "--help"])


def _sentence(message: str) -> str:
    return message[:1].lower() + message[1:].rstrip(".")


def _last_defence(error: Exception, session: Invocation) -> int:
    """Reports an error of the operating system as a storage error; anything else is a bug."""
    from anymatix_fetcher.cli.display.results import error_lines  # noqa: PLC0415 - rarely needed
    from anymatix_fetcher.core.values.disk_errors import error_of  # noqa: PLC0415 - as above

    ours = error_of(error)
    if isinstance(ours, InternalError):
        _report_bug(error, session)
    else:
        session.complain(*error_lines(ours))
    return reporting.exit_code_of(ours)


def _report_bug(bug: Exception, session: Invocation) -> None:
    lines = [f"error: {type(bug).__name__}: this is a bug in anyfetch"]
    if session.verbosity:
        import traceback  # noqa: PLC0415 - for bugs only

        from anymatix_fetcher.cli.redaction import redact_log  # noqa: PLC0415 - for bugs only

        lines.append(redact_log("".join(traceback.format_exception(bug)), session.secrets).rstrip())
    else:
        lines.append("hint: Run it again with --verbose, and report the output.")
    session.complain(*lines)


def _silence_streams() -> None:
    from anymatix_fetcher.cli.display.streams import silence  # noqa: PLC0415 - rarely needed

    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            silence(stream)
