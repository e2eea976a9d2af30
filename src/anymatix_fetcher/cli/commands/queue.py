"""``anyfetch queue``: the jobs of a running server."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.display.help_layout import Command, Misuse
from anymatix_fetcher.cli.exit_codes import DONE
from anymatix_fetcher.cli.options.network import option
from anymatix_fetcher.cli.options.parameters import REFERENCE, Folder, Parsed, parse_connections, parse_quantity
from anymatix_fetcher.engine.facts import Phase, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anymatix_fetcher.cli.client import QueueClient
    from anymatix_fetcher.cli.session import Invocation

    Job = dict[str, Any]

_SERVER, _WHAT, _TELLS = "Server", "Job", "Output"
_UNFINISHED = ("queued", "active")
_ID_DIGITS = 16
_WATCH_SECONDS = 0.5
_STATES = ("queued", "active", "paused", "done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class QueueInvocation:
    """The state that the subcommands share: the client, and the form of the output."""

    client: QueueClient
    session: Invocation
    as_json: bool

    def jobs(self, state: str | None = None) -> list[Job]:
        """The server's jobs."""
        found = self.client.ask("GET", "/jobs" + (f"?state={state}" if state else ""))["jobs"]
        return found if isinstance(found, list) else []

    def identities(self, given: Sequence[str], *, states: Sequence[str] = _STATES, every: bool = False) -> list[str]:
        """The ids of the selected jobs: whole ids, unambiguous prefixes, or all jobs in ``states``.

        Raises:
            Misuse: No job is named, or a prefix is ambiguous.
        """
        if every:
            return [job["id"] for job in self.jobs() if job["state"] in states]
        if not given:
            raise Misuse("no job is named", "Give its id, as `anyfetch queue ls` shows it, or use --all.")
        known = [] if all(len(text) == _ID_DIGITS for text in given) else [job["id"] for job in self.jobs()]
        return [_meant(text, known) for text in given]

    def tell(self, jobs: Sequence[Job]) -> None:
        """Prints the jobs."""
        for job in jobs:
            text = json.dumps(job) if self.as_json else f"{job['id']}  {job['state']:<9}  {_name(job)}"
            self.session.out.write(text + "\n")
        self.session.out.flush()


def _meant(text: str, known: Sequence[str]) -> str:
    found = [one for one in known if one.startswith(text.lower())]
    if len(found) > 1:
        raise Misuse(f"{text!r} is the beginning of {len(found)} job ids", "Give more characters of the id.")
    return found[0] if found else text


def asking(command: Callable[..., int]) -> Callable[..., int]:
    """Adds the options that select the server to a command, and passes them as one argument ``asking``."""

    @wraps(command)
    def with_server(
        session: Invocation,
        /,
        *,
        server: str | None,
        state_folder: Path | None,
        secret_file: Path | None,
        as_json: bool,
        **others: object,
    ) -> int:
        from anymatix_fetcher.cli.client import client_for  # noqa: PLC0415 - wrong usage needn't wait for it
        from anymatix_fetcher.wiring.state_folder import state_folder as folder_for  # noqa: PLC0415 - as above

        client = client_for(server, folder_for(state_folder), secret_file)
        return command(QueueInvocation(client, session, as_json), **others)

    declared: Callable[..., int] = click.pass_obj(with_server)
    for declare in (
        option(_TELLS, "--json", "as_json", is_flag=True, help="Print one JSON object per job on stdout."),
        option(_SERVER, "--secret-file", type=click.Path(path_type=Path), metavar="FILE",
               help=(
                        "The file that holds the server's secret. [default: $ANYFETCH_SECRET, else the one in the "
                        "state folder]"
                    )),
        option(_SERVER, "--state", "state_folder", type=Folder(), metavar="DIR",
               help="The server's state folder. [default: $ANYFETCH_STATE, else the user's]"),
        option(_SERVER, "--server", metavar="URL",
               help="The server's URL. [default: $ANYFETCH_SERVER, else the one noted in the state folder]"),
    ):  # fmt: skip
        declared = declare(declared)
    return declared


@click.group("queue", no_args_is_help=False)
def command() -> None:
    """Manage the jobs of a running `anyfetch serve`: add, list, pause, resume, cancel, retry, move, limit and watch."""


@command.command("add", cls=Command)
@click.argument("references", metavar="REFERENCE...", nargs=-1, required=True, type=REFERENCE)
@option(
    _WHAT,
    "-t",
    "--type",
    metavar="TYPE",
    help="The model type, which selects a folder below the server's models root.",
)
@option(_WHAT, "-d", "--directory", metavar="DIR", help="The destination folder, relative to the server's.")
@option(_WHAT, "-o", "--output", metavar="NAME", help="The file name, for a single reference.")
@option(_WHAT, "--hash", "digests", multiple=True, metavar="ALG:HEX", help="The expected digest; repeatable.")
@option(_WHAT, "--sha256", metavar="HEX", help="The same as --hash sha256:HEX.")
@option(_WHAT, "--mirror", "mirrors", multiple=True, metavar="URL", help="Another URL of the same file; repeatable.")
@option(
    _WHAT,
    "-c",
    "--connections",
    type=Parsed("N|auto", parse_connections),
    metavar="N|auto",
    help="Connections to each host. [default: auto]",
)
@option(
    _WHAT, "--priority", type=int, default=0, metavar="N", help="Jobs with a higher priority run first. [default: 0]"
)
@option(_WHAT, "--paused", is_flag=True, help="Add the job paused.")
@asking
def add(
    asking: QueueInvocation,
    /,
    *,
    references: tuple[str, ...],
    sha256: str | None,
    digests: tuple[str, ...],
    **wanted: Any,  # noqa: ANN401
) -> int:
    """Adds a job for each reference. Adding the same reference and destination again returns the existing job."""
    asking.session.hide(references)
    body = {name: list(value) if isinstance(value, tuple) else value for name, value in wanted.items() if value}
    if body.get("connections") == "auto":
        del body["connections"]
    every = [*digests, *([f"sha256:{sha256}"] if sha256 else [])]
    found = asking.client.ask("POST", "/jobs", {**body, "references": list(references), "digests": every})["jobs"]
    asking.tell(found if isinstance(found, list) else [])
    return DONE


@command.command("ls", cls=Command)
@option(
    _WHAT,
    "--only",
    type=click.Choice(_STATES),
    metavar="STATE",
    help=f"Only jobs in this state: {', '.join(_STATES)}.",
)
@asking
def ls(asking: QueueInvocation, /, *, only: str | None) -> int:
    """Lists the jobs in the order in which they run."""
    jobs = asking.jobs(only)
    if asking.as_json:
        asking.tell(jobs)
        return DONE
    from anymatix_fetcher.cli.display.table import table  # noqa: PLC0415 - for people only

    out = asking.session.out
    width = shutil.get_terminal_size().columns - 1 if out.isatty() else None
    cells = ((job["id"], job["state"], _part(job), _name(job), _note(job)) for job in jobs)
    rows = [("ID", "STATE", "DONE", "NAME", ""), *cells]
    lines = table(rows, right={2}, optional=(4,), width=width, name=3) if jobs else ["The queue is empty."]
    out.write("".join(f"{line}\n" for line in lines))
    out.flush()
    return DONE


def _changing(name: str, summary: str, states: Sequence[str], ask: Callable[[QueueClient, str], Job]) -> None:
    """Declares a command that applies one request to each selected job."""

    @command.command(name, cls=Command, help=summary)
    @click.argument("jobs", metavar="ID...", nargs=-1)
    @option("Jobs", "--all", "every", is_flag=True, help=f"All jobs that are {' or '.join(states)}.")
    @asking
    def change(asking: QueueInvocation, /, *, jobs: tuple[str, ...], every: bool) -> int:
        for identity in asking.identities(jobs, states=states, every=every):
            asking.tell([ask(asking.client, quote(identity, safe=""))])
        return DONE


_changing("pause", "Pauses jobs. Their partial files are kept.", ("queued", "active"),
          lambda client, identity: client.ask("PATCH", f"/jobs/{identity}", {"state": "paused"}))  # fmt: skip
_changing("resume", "Resumes paused jobs when their turn comes.", ("paused",),
          lambda client, identity: client.ask("PATCH", f"/jobs/{identity}", {"state": "queued"}))  # fmt: skip
_changing("retry", "Retries failed or cancelled jobs, from their partial files.", ("failed",),
          lambda client, identity: client.ask("POST", f"/jobs/{identity}/retry"))  # fmt: skip


@command.command("cancel", cls=Command)
@click.argument("jobs", metavar="ID...", nargs=-1)
@option("Jobs", "--all", "every", is_flag=True, help="All jobs that haven't ended.")
@option("Behaviour", "--remove-part", is_flag=True, help="Remove the partial files; by default they are kept.")
@asking
def cancel(asking: QueueInvocation, /, *, jobs: tuple[str, ...], every: bool, remove_part: bool) -> int:
    """Cancels jobs. A job that has ended is removed from the list. Completed files are never removed."""
    query = "?part=remove" if remove_part else ""
    for identity in asking.identities(jobs, states=("queued", "active", "paused"), every=every):
        ended = asking.client.ask("DELETE", f"/jobs/{quote(identity, safe='')}{query}")
        asking.tell([ended] if ended else [])
    return DONE


@command.command("move", cls=Command)
@click.argument("job", metavar="ID")
@click.argument("position", type=click.IntRange(0), metavar="POSITION")
@asking
def move(asking: QueueInvocation, /, *, job: str, position: int) -> int:
    """Moves a job to another position in the queue; 0 is next."""
    (identity,) = asking.identities([job])
    asking.tell([asking.client.ask("PATCH", f"/jobs/{quote(identity, safe='')}", {"position": position})])
    return DONE


@command.command("limit", cls=Command)
@click.argument("rate", metavar="RATE|none", required=False)
@option(_WHAT, "--max-downloads", type=click.IntRange(1, 1000), metavar="N", help="How many jobs run at a time.")
@asking
def limit(asking: QueueInvocation, /, *, rate: str | None, max_downloads: int | None) -> int:
    """Shows or changes the bandwidth limit of all jobs together and the number of jobs that run at a time."""
    changes: dict[str, object] = {}
    if rate is not None:
        changes["limit_rate"] = None if rate == "none" else _rate(rate)
    if max_downloads is not None:
        changes["max_downloads"] = max_downloads
    settings = asking.client.ask("PATCH", "/settings", changes) if changes else asking.client.ask("GET", "/settings")
    if asking.as_json:
        text = json.dumps(settings)
    else:
        limit_rate = settings.get("limit_rate")
        told = format.rate(limit_rate) if isinstance(limit_rate, int | float) else "no limit"
        text = f"{told}, {settings.get('max_downloads')} at a time"
    asking.session.out.write(text + "\n")
    asking.session.out.flush()
    return DONE


def _rate(text: str) -> int:
    try:
        return parse_quantity(text)
    except ValueError:
        raise Misuse(f"{text!r} is not a rate", "Expected one such as 20M, or none.") from None


@command.command("watch", cls=Command)
@click.argument("jobs", metavar="[ID...]", nargs=-1)
@asking
def watch(asking: QueueInvocation, /, *, jobs: tuple[str, ...]) -> int:
    """Shows progress until none of the jobs is queued or active; all jobs if none is named."""
    from anymatix_fetcher.cli.interruption import interruptible  # noqa: PLC0415 - as in asking
    from anymatix_fetcher.engine.cancel import CancelToken  # noqa: PLC0415 - as above

    named = asking.identities(jobs) if jobs else None
    cancel, show = CancelToken(), _Shown(asking)
    with interruptible(cancel) as interruption:
        try:
            while not cancel.cancelled:
                watched = [job for job in asking.jobs() if named is None or job["id"] in named]
                show.show(watched)
                if not any(job["state"] in _UNFINISHED for job in watched):
                    return next((int(job["error"]["exit_code"]) for job in watched if _has_failed(job)), DONE)
                time.sleep(_WATCH_SECONDS)
        finally:
            show.close()
    return interruption.exit_code or DONE


class _Shown:
    """Shows the jobs' progress, for people or as lines of JSON. Jobs that had ended before are left out."""

    def __init__(self, asking: QueueInvocation) -> None:
        from anymatix_fetcher.cli.download import Report, display_for  # noqa: PLC0415 - for this alone

        self._asking = asking
        self._display = display_for(Report(progress="none" if asking.as_json else "auto"), asking.session)
        self._last: dict[str, Job] = {}

    def show(self, jobs: Sequence[Job]) -> None:
        """Shows their current state."""
        jobs = [job for job in jobs if job["id"] in self._last or job["state"] in _UNFINISHED]
        changed = [job for job in jobs if job != self._last.get(job["id"])]
        self._last = {job["id"]: job for job in jobs}
        if self._asking.as_json:
            self._asking.tell(changed)
        elif jobs:
            self._display.show(tuple(map(_progress, jobs)))

    def close(self) -> None:
        """Erases the display and prints their last state."""
        self._display.close()
        if not self._asking.as_json:
            self._asking.tell(list(self._last.values()))


def _progress(job: Job) -> Progress:
    """The job's progress as the displays expect it."""
    ended = {"done": Phase.DONE, "failed": Phase.FAILED, "cancelled": Phase.CANCELLED}
    phase = ended.get(job["state"]) or (Phase(job["phase"]) if job.get("phase") else Phase.WAITING)
    return Progress(
        job["reference"],
        name=job["name"],
        phase=phase,
        length=job["size"],
        bytes_stored=job["bytes_stored"],
        bytes_verified=job["bytes_verified"],
        bytes_per_second=float(job["bytes_per_second"]),
        eta_seconds=job["eta_seconds"],
        connections=job["connections"],
        note=job["waits_for"] or "",
    )


def _has_failed(job: Job) -> bool:
    return job["state"] == "failed" and bool(job["error"])


def _name(job: Job) -> str:
    return format.printable(job["name"] or job["reference"])


def _part(job: Job) -> str:
    size, stored = job["size"], job["bytes_stored"]
    return format.percentage(stored, size) if size else format.size(stored) if stored else ""


def _note(job: Job) -> str:
    """The job's note: its rate, the reason why it waits, or its error."""
    if job["state"] == "active" and not job["waits_for"]:
        return f"{format.rate(job['bytes_per_second'])}, {format.time_left(job['eta_seconds'])}"
    error = job["error"]
    return format.printable(error["message"] if error else job["waits_for"] or "")
