"""``anyfetch queue``: the jobs of a running server, from the command line."""

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
from anymatix_fetcher.cli.options.parameters import REFERENCE, Parsed, parse_connections, parse_quantity
from anymatix_fetcher.engine.facts import Phase, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anymatix_fetcher.cli.client import QueueClient
    from anymatix_fetcher.cli.session import Invocation

    Job = dict[str, Any]

_SERVER, _WHAT, _TELLS = "Which server", "What is wanted", "What it tells"
_UNFINISHED = ("queued", "active")
_ID_DIGITS = 16
_WATCH_SECONDS = 0.5
_STATES = ("queued", "active", "paused", "done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class QueueInvocation:
    """What every one of these commands has: whom it asks, and how it tells."""

    client: QueueClient
    session: Invocation
    as_json: bool

    def jobs(self, state: str | None = None) -> list[Job]:
        """The jobs of the server."""
        found = self.client.ask("GET", "/jobs" + (f"?state={state}" if state else ""))["jobs"]
        return found if isinstance(found, list) else []

    def identities(self, given: Sequence[str], *, states: Sequence[str] = _STATES, every: bool = False) -> list[str]:
        """The ids that are meant: whole ones, the beginnings of single ones, or those of all jobs in these states.

        Raises:
            Misuse: None is named, or a beginning is that of several.
        """
        if every:
            return [job["id"] for job in self.jobs() if job["state"] in states]
        if not given:
            raise Misuse("no job is named", "name it by its id, as `anyfetch queue ls` shows it, or say --all")
        known = [] if all(len(text) == _ID_DIGITS for text in given) else [job["id"] for job in self.jobs()]
        return [_meant(text, known) for text in given]

    def tell(self, jobs: Sequence[Job]) -> None:
        """Shows what became of jobs."""
        for job in jobs:
            text = json.dumps(job) if self.as_json else f"{job['id']}  {job['state']:<9}  {_name(job)}"
            self.session.out.write(text + "\n")
        self.session.out.flush()


def _meant(text: str, known: Sequence[str]) -> str:
    found = [one for one in known if one.startswith(text.lower())]
    if len(found) > 1:
        raise Misuse(f"{len(found)} jobs have ids that begin with {text!r}", "give more of it")
    return found[0] if found else text


def asking(command: Callable[..., int]) -> Callable[..., int]:
    """Gives a command the options that say which server, and ``asking`` as their sum."""

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
        from anymatix_fetcher.queue.state import state_folder as folder_for  # noqa: PLC0415 - as above

        client = client_for(server, folder_for(state_folder), secret_file)
        return command(QueueInvocation(client, session, as_json), **others)

    declared: Callable[..., int] = click.pass_obj(with_server)
    for declare in (
        option(_TELLS, "--json", "as_json", is_flag=True, help="One JSON object a job on stdout instead."),
        option(_SERVER, "--secret-file", type=click.Path(path_type=Path), metavar="FILE",
               help="Holds its secret. [default: $ANYFETCH_SECRET, else the one in the state folder]"),
        option(_SERVER, "--state", "state_folder", type=click.Path(path_type=Path), metavar="DIR",
               help="The state folder of the server. [default: $ANYFETCH_STATE, else the user's]"),
        option(_SERVER, "--server", metavar="URL",
               help="Where it is. [default: $ANYFETCH_SERVER, else where the state folder says]"),
    ):  # fmt: skip
        declared = declare(declared)
    return declared


@click.group("queue", no_args_is_help=False)
def command() -> None:
    """The jobs of a running `anyfetch serve`: add, list, pause, resume, cancel, retry, move, limit and watch them."""


@command.command("add", cls=Command)
@click.argument("references", metavar="REFERENCE...", nargs=-1, required=True, type=REFERENCE)
@option(_WHAT, "-t", "--type", metavar="TYPE", help="Its folder of the server's models gets the file.")
@option(_WHAT, "-d", "--directory", metavar="DIR", help="The folder, below the server's own where it is relative.")
@option(_WHAT, "-o", "--output", metavar="NAME", help="The file's name, for one reference.")
@option(_WHAT, "--hash", "digests", multiple=True, metavar="ALG:HEX", help="What it must have; repeatable.")
@option(_WHAT, "--sha256", metavar="HEX", help="The same as --hash sha256:HEX.")
@option(_WHAT, "--mirror", "mirrors", multiple=True, metavar="URL", help="Another place of it; repeatable.")
@option(
    _WHAT,
    "-c",
    "--connections",
    type=Parsed("N|auto", parse_connections),
    metavar="N|auto",
    help="At a time. [default: auto]",
)
@option(_WHAT, "--priority", type=int, default=0, metavar="N", help="The higher one goes first. [default: 0]")
@option(_WHAT, "--paused", is_flag=True, help="It waits to be resumed.")
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
    """Adds a job for each reference; the same reference to the same destination is the same job."""
    asking.session.secrets = references
    body = {name: list(value) if isinstance(value, tuple) else value for name, value in wanted.items() if value}
    if body.get("connections") == "auto":
        del body["connections"]
    every = [*digests, *([f"sha256:{sha256}"] if sha256 else [])]
    found = asking.client.ask("POST", "/jobs", {**body, "references": list(references), "digests": every})["jobs"]
    asking.tell(found if isinstance(found, list) else [])
    return DONE


@command.command("ls", cls=Command)
@option(_WHAT, "--only", type=click.Choice(_STATES), metavar="STATE", help=f"Only those: {', '.join(_STATES)}.")
@asking
def ls(asking: QueueInvocation, /, *, only: str | None) -> int:
    """Lists the jobs, in the order in which they go."""
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
    """Declares a command that does the same to each of the jobs that are named."""

    @command.command(name, cls=Command, help=summary)
    @click.argument("jobs", metavar="ID...", nargs=-1)
    @option("Which jobs", "--all", "every", is_flag=True, help=f"All that are {' or '.join(states)}.")
    @asking
    def change(asking: QueueInvocation, /, *, jobs: tuple[str, ...], every: bool) -> int:
        for identity in asking.identities(jobs, states=states, every=every):
            asking.tell([ask(asking.client, quote(identity, safe=""))])
        return DONE


_changing("pause", "Pauses jobs; what has arrived is kept.", ("queued", "active"),
          lambda client, identity: client.ask("PATCH", f"/jobs/{identity}", {"state": "paused"}))  # fmt: skip
_changing("resume", "Lets paused jobs go on when their turn comes.", ("paused",),
          lambda client, identity: client.ask("PATCH", f"/jobs/{identity}", {"state": "queued"}))  # fmt: skip
_changing("retry", "Tries jobs again that failed or were cancelled, from what has arrived.", ("failed",),
          lambda client, identity: client.ask("POST", f"/jobs/{identity}/retry"))  # fmt: skip


@command.command("cancel", cls=Command)
@click.argument("jobs", metavar="ID...", nargs=-1)
@option("Which jobs", "--all", "every", is_flag=True, help="All that haven't ended.")
@option("What becomes of them", "--remove-part", is_flag=True, help="What has arrived is removed; else it is kept.")
@asking
def cancel(asking: QueueInvocation, /, *, jobs: tuple[str, ...], every: bool, remove_part: bool) -> int:
    """Ends jobs; one that has ended already is taken out of the list. A finished file is never removed."""
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
    """Moves a job to another place in line; 0 is next."""
    (identity,) = asking.identities([job])
    asking.tell([asking.client.ask("PATCH", f"/jobs/{quote(identity, safe='')}", {"position": position})])
    return DONE


@command.command("limit", cls=Command)
@click.argument("rate", metavar="RATE|none", required=False)
@option(_WHAT, "--max-downloads", type=click.IntRange(1, 1000), metavar="N", help="How many jobs run at a time.")
@asking
def limit(asking: QueueInvocation, /, *, rate: str | None, max_downloads: int | None) -> int:
    """Tells the bandwidth of all jobs together and their number at a time, or changes them."""
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
        raise Misuse(f"{text!r} is no rate", "expected one such as 20M, or none") from None


@command.command("watch", cls=Command)
@click.argument("jobs", metavar="[ID...]", nargs=-1)
@asking
def watch(asking: QueueInvocation, /, *, jobs: tuple[str, ...]) -> int:
    """Shows how jobs get on until none of them is queued or active; all where none is named."""
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
    """How jobs get on, for people or as lines of JSON. Those that had ended before are left out."""

    def __init__(self, asking: QueueInvocation) -> None:
        from anymatix_fetcher.cli.download import Report, display_for  # noqa: PLC0415 - for this alone

        self._asking = asking
        self._display = display_for(Report(progress="none" if asking.as_json else "auto"), asking.session)
        self._last: dict[str, Job] = {}

    def show(self, jobs: Sequence[Job]) -> None:
        """How they stand now."""
        jobs = [job for job in jobs if job["id"] in self._last or job["state"] in _UNFINISHED]
        changed = [job for job in jobs if job != self._last.get(job["id"])]
        self._last = {job["id"]: job for job in jobs}
        if self._asking.as_json:
            self._asking.tell(changed)
        elif jobs:
            self._display.show(tuple(map(_progress, jobs)))

    def close(self) -> None:
        """Clears the picture, and says how they stood at last."""
        self._display.close()
        if not self._asking.as_json:
            self._asking.tell(list(self._last.values()))


def _progress(job: Job) -> Progress:
    """A job as the displays show it."""
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
    """What there is to say of it: its rate, what it waits for, or what went wrong."""
    if job["state"] == "active" and not job["waits_for"]:
        return f"{format.rate(job['bytes_per_second'])}, {format.time_left(job['eta_seconds'])}"
    error = job["error"]
    return format.printable(error["message"] if error else job["waits_for"] or "")
