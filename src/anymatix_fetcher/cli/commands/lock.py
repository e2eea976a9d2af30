"""``anyfetch lock REFERENCE|WORKFLOW...``: records exactly which files they resolve to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.display.care import CareDisplay
from anymatix_fetcher.cli.display.help_layout import Command, Misuse
from anymatix_fetcher.cli.display.results import error_lines, error_object
from anymatix_fetcher.cli.exit_codes import exit_code_for_all
from anymatix_fetcher.cli.interruption import interruptible
from anymatix_fetcher.cli.options.lock import lock_options
from anymatix_fetcher.cli.options.network import network_options, option
from anymatix_fetcher.cli.options.output import telling_options
from anymatix_fetcher.cli.options.parameters import REFERENCE, Folder, Parsed, complete_type, parse_url
from anymatix_fetcher.cli.options.places import shown
from anymatix_fetcher.cli.options.selection import glob_options
from anymatix_fetcher.engine.cancel import CancelToken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from anymatix_fetcher.cli.options.network import Network
    from anymatix_fetcher.cli.session import Invocation
    from anymatix_fetcher.engine.facts import Job, Result
    from anymatix_fetcher.engine.settings import Options
    from anymatix_fetcher.library.lock_file_format import LockedFile, LockFile
    from anymatix_fetcher.verbs.computing import ReadContent
    from anymatix_fetcher.verbs.locking import LockChange, LockEntry, Target
    from anymatix_fetcher.verbs.sync import Tell

_HELP = """\
Record exactly which files references and workflows resolve to: name, folder, size, digests and sources, pinned to a
commit or a version if the source has them. `anyfetch sync` fetches exactly these files, on this or any other machine.

A WORKFLOW is a ComfyUI workflow as JSON, or a picture that contains one. Locking again updates existing entries, keeps
the others, and preserves their order. To remove an entry, delete it in an editor. No secrets are written.
"""
_EXAMPLES = (
    "anyfetch lock -t checkpoint civitai:143906",
    "anyfetch lock -d flux hf:black-forest-labs/FLUX.1-schnell --include '*.safetensors'",
    "anyfetch lock flux.json && git add anyfetch.lock",
    "anyfetch lock -t vae https://example.org/vae.safetensors --mirror https://example.net/vae.safetensors --fetch",
)
_DIGITS_SHOWN = 12


@click.command("lock", cls=Command, help=_HELP, sections={"Examples": _EXAMPLES})
@click.argument("wanted", metavar="REFERENCE|WORKFLOW...", nargs=-1, required=True, type=REFERENCE)
@option(
    "Destination",
    "-t",
    "--type",
    "type_",
    shell_complete=complete_type,
    metavar="TYPE",
    default="",
    help="The model type: lora, vae, ...; auto asks the source.",
)
@option(
    "Destination",
    "-d",
    "--directory",
    type=Folder(),
    metavar="DIR",
    help="A folder below the lock file's. [default: that folder]",
)
@lock_options
@glob_options
@option(
    "Selection",
    "--mirror",
    "mirrors",
    type=Parsed("URL", parse_url),
    metavar="URL",
    multiple=True,
    help="Another URL of the same file; repeatable.",
)
@option(
    "Selection",
    "--fetch",
    is_flag=True,
    help="Fetch files for which no source states a strong digest, and compute one.",
)
@network_options
@telling_options("file", quiet="Print only errors.")
@click.pass_obj
def command(
    session: Invocation,
    /,
    *,
    wanted: tuple[str, ...],
    file: Path,
    type_: str,
    directory: Path | None,
    models: Path | None,
    extra_paths: tuple[Path, ...],
    speed: Options,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    mirrors: tuple[str, ...],
    fetch: bool,
    network: Network,
    progress: str,
    as_json: bool,
    quiet: bool,
) -> int:
    """Resolves, locks, fetches files without a digest, writes the lock file, and reports."""
    network.prepare(session, [*wanted, *mirrors])
    if any(Path(word).is_file() for word in wanted):
        network.refuse_headers("the workflow")
    if mirrors and len(wanted) > 1:
        raise Misuse("--mirror is another URL of one file, but several are named", "Run one command for each.")
    if type_ and directory is not None:
        raise Misuse("--type and --directory name two destinations", "Leave one of them out.")
    from anymatix_fetcher.library.lock_file_format import LockFile  # noqa: PLC0415 - as above
    from anymatix_fetcher.verbs.lock_file import read_lock, write_lock  # noqa: PLC0415 - as above
    from anymatix_fetcher.verbs.locking import Target, below, lock_entries  # noqa: PLC0415 - wrong usage needn't wait

    which: Options = {"include": include, "exclude": exclude, "mirrors": mirrors}
    options: Options = {**which, **network.keywords()}
    home, stopped = file.absolute().parent, None
    target = Target(type_, below(directory, home) if directory is not None else ())
    before = read_lock(file) if file.exists() else LockFile()
    display = CareDisplay(session, silent=quiet or progress in {"json", "none"})
    entries = _asked(wanted, target, session, options, display)
    if fetch:
        bringing = _Bringing(session, file, models, extra_paths, {**network.keywords(), **speed}, progress)
        entries, stopped = bringing.bring(entries, before)
    lock, changes = lock_entries(before, entries)
    has_changed = lock != before and write_lock(file, lock)
    if as_json:
        session.out.write("".join(_line_for_programs(change, session.secrets) for change in changes))
    session.out.flush()
    several = len(changes) > 1
    failed = [(entry.error, entry.reference if several else "") for entry, _ in changes if entry.error is not None]
    for lines in dict.fromkeys(tuple(error_lines(*one)) for one in failed):  # of a conflict each side says the same
        session.complain(*lines)
    if not (quiet or as_json):
        session.complain(*_lines(changes), _summary(file, lock, has_changed=has_changed))
    return stopped if stopped is not None else exit_code_for_all(entry.error for entry, _ in changes if not entry.file)


def _asked(
    wanted: tuple[str, ...], target: Target, session: Invocation, options: Options, display: CareDisplay
) -> list[LockEntry]:
    """The entries for each argument; remarks are printed."""
    from anymatix_fetcher.verbs.locking import entries_for  # noqa: PLC0415 - as in command

    def tell(remarks: tuple[str, ...]) -> None:
        display.step_aside()
        session.complain(*(f"note: {format.printable(remark)}" for remark in remarks))

    cancel = CancelToken()
    with interruptible(cancel), display:
        return entries_for(wanted, target, on_remarks=tell, cancel=cancel, **options)


@dataclass(frozen=True, slots=True)
class _Bringing:
    """Fetches the files for which no source states a strong digest, to the paths where ``sync`` expects them."""

    session: Invocation
    file: Path
    models: Path | None
    extra_paths: tuple[Path, ...]
    options: Options
    progress: str

    def bring(self, entries: list[LockEntry], lock: LockFile) -> tuple[list[LockEntry], int | None]:
        """The entries with their computed digests, and the exit code of the signal that interrupted it, if any."""
        from anymatix_fetcher.cli.commands.sync import looked_at  # noqa: PLC0415
        from anymatix_fetcher.cli.download import Report, carry_out  # noqa: PLC0415 - as in command
        from anymatix_fetcher.verbs.computing import contents, fetch_to_hash  # noqa: PLC0415
        from anymatix_fetcher.verbs.lock_file import local_files  # noqa: PLC0415
        from anymatix_fetcher.verbs.locking import unproved, with_digests  # noqa: PLC0415
        from anymatix_fetcher.wiring.composition import open_index  # noqa: PLC0415

        wanted = unproved(entries, lock)
        if not wanted.files:
            return entries, None
        with open_index() as index:
            surroundings, _ = local_files(self.file, None, self.models, self.extra_paths, index)
            items = looked_at(wanted, surroundings, self.session, progress=self.progress)

            def fetch_all(
                jobs: Sequence[Job], *, cancel: CancelToken | None = None, on_progress: Tell | None = None
            ) -> list[Result]:
                del jobs  # they are made from the items
                several, cancel = self.session.fetch_many, cancel or CancelToken()
                return fetch_to_hash(
                    items, surroundings, fetch_many=several, cancel=cancel, on_progress=on_progress, **self.options
                )

            report = Report(progress=self.progress)
            results, stopped, _ = carry_out([], report, self.session, fetch_many=fetch_all)
        return with_digests(entries, wanted, contents(results)), stopped


def _line_for_programs(change: tuple[LockEntry, LockChange], secrets: Iterable[str]) -> str:
    from anymatix_fetcher.core.answers.secrecy import recordable  # noqa: PLC0415 - as in command

    entry, what = change
    file = entry.file
    return (
        json.dumps(
            {
                "reference": entry.reference,
                "change": what.value,
                "name": file.name if file else None,
                "root": file.root.value if file else None,
                "folder": "/".join(file.folder) if file else None,
                "type": (file.type or None) if file else None,
                "size": file.size if file else None,
                "digests": {digest.algorithm: digest.hex for digest in file.digests} if file else {},
                "sources": list(map(recordable, file.sources)) if file else [],
                "computed_from": str(entry.computed.local) if entry.computed and entry.computed.local else None,
                "error": error_object(entry.error, secrets) if entry.error else None,
            }
        )
        + "\n"
    )


def _lines(changes: list[tuple[LockEntry, LockChange]]) -> Iterator[str]:
    for entry, change in changes:
        if entry.file is not None:
            yield f"{change.value}: {format.printable(str(entry.file))}, {_facts(entry.file)}"
            if not entry.file.strong:
                yield ("note: no source states a strong digest of it; use --fetch to fetch the file and compute one")
            elif entry.computed is not None and entry.computed.local is not None:
                yield format.printable(_note(entry.computed, entry.computed.local))
            if entry.is_withheld:
                yield "note: a part of its address is secret, and isn't written: `anyfetch sync` asks without it"


def _note(computed: ReadContent, local: Path) -> str:
    proof = (
        f"its {computed.proof} matches the stated one" if computed.proof else ("it was fetched from this source before")
    )
    return f"note: its digest was computed from {shown(local)}, which was already here: {proof}"


def _facts(file: LockedFile) -> str:
    size = format.size(file.size) if file.size is not None else "of unknown size"
    digest = next(iter(sorted(file.strong, key=lambda digest: digest.algorithm != "sha256")), None)
    return f"{size}, {digest.algorithm} {digest.hex[:_DIGITS_SHOWN]}..." if digest else size


def _summary(file: Path, lock: LockFile, *, has_changed: bool) -> str:
    if not (has_changed or file.exists()):
        return f"nothing was locked; {format.printable(str(file))} was not written"
    how = "wrote" if has_changed else "nothing has changed in"
    return f"{how} {format.printable(str(file))}: {format.plural(len(lock.files), 'file')}"
