"""``anyfetch sync``: fetches exactly the files in the lock file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.display.care import CareDisplay
from anymatix_fetcher.cli.display.help_layout import Command
from anymatix_fetcher.cli.display.results import error_lines, error_object
from anymatix_fetcher.cli.exit_codes import exit_code_for_all
from anymatix_fetcher.cli.interruption import interruptible
from anymatix_fetcher.cli.options.lock import lock_options
from anymatix_fetcher.cli.options.network import network_options, option
from anymatix_fetcher.cli.options.output import telling_options
from anymatix_fetcher.cli.options.parameters import Folder
from anymatix_fetcher.engine.cancel import CancelToken

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from anymatix_fetcher.cli.options.network import Network
    from anymatix_fetcher.cli.session import Invocation
    from anymatix_fetcher.engine.facts import Job, Result
    from anymatix_fetcher.engine.settings import Options
    from anymatix_fetcher.library.lock_file_format import LockFile
    from anymatix_fetcher.verbs.comparing import Item, LocalFiles
    from anymatix_fetcher.verbs.sync import Tell

_HELP = """\
Fetch exactly the files that `anyfetch lock` recorded, each verified, from any of its sources.

Files that are already here are not fetched. A file that was hashed once is recognized by its size and modification
time. A different file at an entry's path is left unchanged and reported as an error. No files are removed.
"""
_EXAMPLES = (
    "anyfetch sync",
    "anyfetch sync -f project/anyfetch.lock --models ~/ComfyUI/models",
    "anyfetch sync --dry-run --json | jq 'select(.state == \"missing\") | .path'",
    "anyfetch sync --check",
)


_SILENT = {"none", "json"}
"""Values of ``--progress`` for which no live display is drawn while files are read."""


@click.command("sync", cls=Command, help=_HELP, sections={"Examples": _EXAMPLES})
@lock_options
@option(
    "Destination",
    "-d",
    "--directory",
    type=Folder(),
    metavar="DIR",
    help="The folder of files outside the models root. [default: the lock file's folder]",
)
@option("Destination", "--overwrite", is_flag=True, help="Replace files that differ.")
@option("Destination", "--dry-run", is_flag=True, help="Only show which files are here, missing or different.")
@option("Destination", "--check", is_flag=True, help="Read and hash every file that is here.")
@network_options
@telling_options("file")
@click.pass_obj
def command(
    session: Invocation,
    /,
    *,
    file: Path,
    directory: Path | None,
    models: Path | None,
    extra_paths: tuple[Path, ...],
    speed: Options,
    overwrite: bool,
    dry_run: bool,
    check: bool,
    network: Network,
    progress: str,
    as_json: bool,
    quiet: bool,
) -> int:
    """Compares, reports, and fetches."""
    network.refuse_headers("the lock file")
    network.warn(session)
    from anymatix_fetcher.verbs.lock_file import local_files, read_lock  # noqa: PLC0415 - wrong usage needn't wait for it

    lock = read_lock(file)
    session.hide(network.secrets(source for locked in lock.files for source in locked.sources))
    from anymatix_fetcher.cli.download import Report, run  # noqa: PLC0415 - as above
    from anymatix_fetcher.verbs.sync import fetch_items  # noqa: PLC0415 - as above
    from anymatix_fetcher.wiring.composition import open_index  # noqa: PLC0415 - as above

    options: Options = {**network.keywords(), **speed, "overwrite": overwrite}
    with open_index() as index:
        surroundings, models_root = local_files(file, directory, models, extra_paths, index)
        items = looked_at(lock, surroundings, session, check=check, progress=progress, quiet=quiet)
        if dry_run:
            return _show(items, models_root, session, as_json=as_json, quiet=quiet)

        def fetch_all(
            jobs: Sequence[Job], *, cancel: CancelToken | None = None, on_progress: Tell | None = None
        ) -> list[Result]:
            del jobs  # they are made from the items
            several = session.fetch_many
            return fetch_items(
                items, surroundings, fetch_many=several, cancel=cancel, on_progress=on_progress, **options
            )

        return run([], Report(progress=progress, json=as_json, quiet=quiet), session, fetch_many=fetch_all)


def looked_at(
    lock: LockFile,
    surroundings: LocalFiles,
    session: Invocation,
    *,
    progress: str,
    quiet: bool = False,
    check: bool = False,
) -> list[Item]:
    """The state of each locked file. Reading large files shows progress and can be interrupted.

    Raises:
        Interrupted: A signal stopped it.
    """
    from anymatix_fetcher.verbs.comparing import plan_sync  # noqa: PLC0415 - as in command

    cancel = CancelToken()
    silent = quiet or session.verbosity > 0 or progress in _SILENT
    with interruptible(cancel), CareDisplay(session, silent=silent) as display:
        return plan_sync(lock, surroundings, check=check, on_progress=display.care, cancel=cancel)


def _show(items: list[Item], models_root: str, session: Invocation, *, as_json: bool, quiet: bool) -> int:
    if as_json:
        session.out.write("".join(f"{json.dumps(as_object(item, session.secrets))}\n" for item in items))
    elif not quiet:
        session.out.write(table(items, models_root))
    session.out.flush()
    for item in items:
        if item.error is not None:
            session.complain(*error_lines(item.error))
    return exit_code_for_all(item.error for item in items)


def as_object(item: Item, secrets: Iterable[str] = ()) -> dict[str, object]:
    """The state of a locked file as a JSON object; ``secrets`` are removed from error messages."""
    from anymatix_fetcher.core.answers.secrecy import recordable  # noqa: PLC0415 - as in command

    file = item.file
    return {
        "name": file.name,
        "root": file.root.value,
        "folder": "/".join(file.folder),
        "state": item.state.value,
        "path": str(item.path) if item.path else None,
        "size": file.size,
        "verified": item.proof or None,
        "verified_at": None if item.read_at is None else format.timestamp(datetime.fromtimestamp(item.read_at, UTC)),
        "sources": list(map(recordable, file.sources)),
        "error": error_object(item.error, secrets) if item.error else None,
    }


def table(items: list[Item], models_root: str) -> str:
    """The states as lines of text."""
    if not items:
        return "Nothing is locked.\n"
    rows = [(item.state.value, _size(item.file.size), format.printable(str(item.file))) for item in items]
    widths = [max(map(format.cell_width, column)) for column in list(zip(*rows, strict=True))[:2]]
    lines = [f"{state:<{widths[0]}}  {size:>{widths[1]}}  {place}" for state, size, place in rows]
    here = sum(item.state.value == "here" for item in items)
    total = f"{here} of {format.plural(len(items), 'file')} here; models root: {format.printable(models_root)}"
    return "\n".join([*lines, total]) + "\n"


def _size(size: int | None) -> str:
    return format.size(size) if size is not None else "?"
