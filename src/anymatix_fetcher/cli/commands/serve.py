"""``anyfetch serve``: the queue with its page and its API, until a signal ends it."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.display.help_layout import Command, Misuse
from anymatix_fetcher.cli.exit_codes import DONE
from anymatix_fetcher.cli.options.network import option
from anymatix_fetcher.cli.options.parameters import Parsed, parse_quantity
from anymatix_fetcher.cli.options.places import extra_paths_option, models_option
from anymatix_fetcher.core.values.urls import Url

if TYPE_CHECKING:
    from anymatix_fetcher.cli.session import Invocation
    from anymatix_fetcher.queue.queue import Queue
    from anymatix_fetcher.serve.access import Access
    from anymatix_fetcher.serve.app import AddRoutes
    from anymatix_fetcher.serve.server import ServerAddress

_HELP = """\
Serve the queue: its page, its API and its events, until Ctrl-C or SIGTERM. Jobs outlive it: what was active goes on at
the next start, from its journal.

Requests have to bring the server's secret: $ANYFETCH_SECRET, a file's, or the one that was made at the first start and
lies in the state folder. Pages of other origins can neither read nor change anything.
"""
_EXAMPLES = (
    "anyfetch serve",
    "anyfetch serve --models ~/ComfyUI --limit-rate 20M",
    "ANYFETCH_SECRET=... anyfetch serve --host 0.0.0.0 --allow-origin https://models.example.org",
)
_WHERE, _WHAT, _WHO = "Where it listens", "What it does", "Who may ask"
PORT = 6800


@click.command("serve", cls=Command, help=_HELP, sections={"Examples": _EXAMPLES})
@option(_WHERE, "--host", default="127.0.0.1", metavar="ADDRESS", help="[default: 127.0.0.1, this machine alone]")
@option(_WHERE, "--port", type=click.IntRange(0, 65535), default=PORT, metavar="N", help="0: any free. [default: 6800]")
@option(
    _WHO, "--secret-file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Holds the secret."
)
@option(_WHO, "--no-secret", is_flag=True, help="Every program on this machine may ask; on loopback only.")
@option(
    _WHO,
    "--allow-origin",
    "origins",
    multiple=True,
    metavar="ORIGIN",
    help="Pages of it may ask, and its name is this server's too, as https://models.example.org; repeatable.",
)
@models_option(_WHAT)
@extra_paths_option(_WHAT)
@option(_WHAT, "-d", "--directory", type=click.Path(path_type=Path), default=Path(), metavar="DIR",
        help="Where files of no type go. [default: here]")  # fmt: skip
@option(_WHAT, "--state", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
        help="Where the queue is kept. [default: $ANYFETCH_STATE, else the user's state folder]")  # fmt: skip
@option(
    _WHAT,
    "--max-downloads",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="How many jobs run at a time. [default: 5]",
)
@option(_WHAT, "--limit-rate", type=Parsed("RATE", parse_quantity), metavar="RATE",
        help="Bytes a second in sum. [default: as before]")  # fmt: skip
@option(
    _WHO,
    "--share",
    is_flag=True,
    help="Lend files to other machines, by their SHA-256: those that were read here, and what has arrived of others.",
)
@option("What it tells", "--json", "as_json", is_flag=True, help="Its URL and process as one JSON object on stdout.")
@click.pass_obj
def command(
    session: Invocation,
    /,
    *,
    host: str,
    port: int,
    secret_file: Path | None,
    no_secret: bool,
    origins: tuple[str, ...],
    models: Path | None,
    extra_paths: tuple[Path, ...],
    directory: Path,
    state: Path | None,
    max_downloads: int | None,
    limit_rate: int | None,
    share: bool,
    as_json: bool,
) -> int:
    """Opens the queue, and serves it."""
    try:
        from anymatix_fetcher.serve import log, server  # noqa: PLC0415 - aiohttp is an extra, and nothing else needs it
    except ImportError as error:
        raise Misuse(f"serving needs {error.name}, which isn't here", "pip install 'anymatix-fetcher[serve]'") from None
    from anymatix_fetcher.cli.log import server_log  # noqa: PLC0415 - wrong usage needn't wait for it
    from anymatix_fetcher.queue import opening  # noqa: PLC0415 - as above
    from anymatix_fetcher.queue.state import state_folder  # noqa: PLC0415 - as above

    if no_secret and not server.is_loopback(host):
        raise Misuse(f"without a secret everything that reaches {host} could use this server", "leave out --no-secret")
    folder = state_folder(state)
    where = opening.destinations(directory, models, extra_paths)
    with server_log(session, log.JsonFormatter(), log.ACCESS_LOGGER), ExitStack() as held:
        queue = opening.open_queue(folder, where)
        held.callback(queue.close)
        _set(queue, max_downloads, limit_rate)
        access = _access(folder, secret_file, origins, no_secret=no_secret)
        session.secrets = tuple(filter(None, [access.secret]))
        listening = server.bound(host, port)

        def announce(running: ServerAddress) -> None:
            server.leave_address(folder, running)
            words = [f"serving at {running.url}", *_about_secret(folder, secret_file, access), "Ctrl-C ends it."]
            session.out.write("".join(f"{line}\n" for line in ([running.as_json()] if as_json else words)))
            session.out.flush()

        server.serve(queue, access, listening, announce, add_routes=_shared(queue) if share else ())
    return DONE


def _shared(queue: Queue) -> list[AddRoutes]:
    from anymatix_fetcher.serve.share import Sharing  # noqa: PLC0415 - as in command
    from anymatix_fetcher.wiring.composition import open_index  # noqa: PLC0415 - as above

    return [Sharing(queue, open_index()).add_routes]


def _set(queue: Queue, max_downloads: int | None, limit_rate: int | None) -> None:
    """What is said on the command line goes before what was set earlier."""
    settings = queue.settings
    if max_downloads is not None:
        settings = replace(settings, max_downloads=max_downloads)
    if limit_rate is not None:
        settings = replace(settings, limit_rate=float(limit_rate))
    if settings != queue.settings:
        queue.change_settings(settings)


def _access(state: Path, secret_file: Path | None, origins: tuple[str, ...], *, no_secret: bool) -> Access:
    """Who may ask."""
    from anymatix_fetcher.queue.state import SECRET_VARIABLE  # noqa: PLC0415 - as above
    from anymatix_fetcher.serve.access import Access  # noqa: PLC0415 - as in command
    from anymatix_fetcher.serve.secret import own_secret, read_secret  # noqa: PLC0415 - as above

    allowed = frozenset(map(_origin, origins))
    if no_secret:
        return Access(None, allowed)
    if secret_file is not None:
        return Access(read_secret(secret_file), allowed)
    return Access(os.environ.get(SECRET_VARIABLE, "").strip() or own_secret(state), allowed)


def _origin(text: str) -> str:
    """An origin as browsers write it.

    Raises:
        Misuse: It is none.
    """
    try:
        url = Url.parse(text)
    except ValueError:
        raise Misuse(f"{text!r} is no origin", "an origin is written as https://models.example.org") from None
    if url.path.strip("/") or url.has_query:
        raise Misuse(f"{text!r} is more than an origin", f"write it as {url.origin}")
    return str(url.origin)


def _about_secret(state: Path, secret_file: Path | None, access: Access) -> list[str]:
    from anymatix_fetcher.queue.state import SECRET_FILE, SECRET_VARIABLE  # noqa: PLC0415 - as in command

    if access.secret is None:
        return ["no secret is asked for"]
    if secret_file is not None:
        return [f"its secret is the one in {secret_file}"]
    if os.environ.get(SECRET_VARIABLE, "").strip():
        return [f"its secret is ${SECRET_VARIABLE}"]
    return [f"its secret is in {state / SECRET_FILE}"]
