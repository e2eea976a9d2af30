"""``anyfetch serve``: runs the queue with its web page and API until a signal ends it."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.display.help_layout import Command, Misuse
from anymatix_fetcher.cli.exit_codes import DONE
from anymatix_fetcher.cli.options.network import option, peers_option
from anymatix_fetcher.cli.options.parameters import Folder, Parsed, parse_quantity
from anymatix_fetcher.cli.options.places import extra_paths_option, models_option
from anymatix_fetcher.core.values.urls import Url

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.cli.session import Invocation
    from anymatix_fetcher.queue.queue import Queue
    from anymatix_fetcher.serve.access import Access
    from anymatix_fetcher.serve.app import AddRoutes
    from anymatix_fetcher.serve.server import ServerAddress

_HELP = """\
Serve the queue's web page, API and events until Ctrl-C or SIGTERM. Jobs outlive the server: active ones continue from
their journals at the next start.

Requests need the server's secret: $ANYFETCH_SECRET, that of --secret-file, or the one that was generated at the first
start and stored in the state folder. Pages of other origins can neither read nor change anything.
"""
_EXAMPLES = (
    "anyfetch serve",
    "anyfetch serve --models ~/ComfyUI --limit-rate 20M",
    "ANYFETCH_SECRET=... anyfetch serve --host 0.0.0.0 --allow-origin https://models.example.org",
)
_WHERE, _WHAT, _WHO = "Address", "Behaviour", "Access"
PORT = 6800


@click.command("serve", cls=Command, help=_HELP, sections={"Examples": _EXAMPLES})
@option(
    _WHERE,
    "--host",
    default="127.0.0.1",
    metavar="ADDRESS",
    help="The address to listen on. [default: 127.0.0.1, this machine only]",
)
@option(
    _WHERE,
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    metavar="N",
    help="The port to listen on; 0 for any free one. [default: 6800]",
)
@option(
    _WHO,
    "--secret-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The file that holds the secret.",
)
@option(_WHO, "--no-secret", is_flag=True, help="Let every program on this machine use the server; on loopback only.")
@option(
    _WHO,
    "--allow-origin",
    "origins",
    multiple=True,
    metavar="ORIGIN",
    help=(
        "Another origin under which the server is reached; its pages may use the server. "
        "For example https://models.example.org; repeatable."
    ),
)
@models_option(_WHAT)
@extra_paths_option(_WHAT)
@option(_WHAT, "-d", "--directory", type=Folder(), default=Path(), metavar="DIR",
        help="The destination of files without a type. [default: the current folder]")  # fmt: skip
@option(_WHAT, "--state", type=Folder(), metavar="DIR",
        help="The queue's state folder. [default: $ANYFETCH_STATE, else the user's]")  # fmt: skip
@option(
    _WHAT,
    "--max-downloads",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="How many jobs run at a time. [default: 5]",
)
@option(_WHAT, "--limit-rate", type=Parsed("RATE", parse_quantity), metavar="RATE",
        help="Bytes per second for all jobs together. [default: as before]")  # fmt: skip
@option(
    _WHO,
    "--share",
    is_flag=True,
    help="Serve files to other machines by SHA-256: files verified here, and parts of active downloads.",
)
@option(
    "Output",
    "--json",
    "as_json",
    is_flag=True,
    help="Print the server's URL and process id as one JSON object on stdout.",
)
@peers_option(_WHAT)
@option(_WHAT, "--stop-with-stdin", is_flag=True, hidden=True, help="End when standard input is closed.")
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
    peers: tuple[str, ...],
    as_json: bool,
    stop_with_stdin: bool,
) -> int:
    """Opens the queue and serves it."""
    try:
        from anymatix_fetcher.serve import log, pauses, server  # noqa: PLC0415 - aiohttp is an extra, and nothing else needs it
    except ImportError as error:
        raise Misuse(
            f"serving needs {error.name}, which isn't installed", "Run `pip install 'anymatix-fetcher[serve]'`."
        ) from None
    from anymatix_fetcher.cli.log import server_log  # noqa: PLC0415 - wrong usage needn't wait for it
    from anymatix_fetcher.queue import opening  # noqa: PLC0415 - as above
    from anymatix_fetcher.wiring.state_folder import state_folder  # noqa: PLC0415 - as above

    if no_secret and secret_file is not None:
        raise Misuse("--no-secret and --secret-file exclude each other", "Give one of them.")
    if no_secret and not server.is_loopback(host):
        raise Misuse(f"every program that reaches {host} could use a server without a secret", "Leave out --no-secret.")
    folder = state_folder(state)
    where = opening.destinations(directory, models, extra_paths)
    with server_log(session, log.JsonFormatter(), log.ACCESS_LOGGER), ExitStack() as held:
        queue = opening.open_queue(folder, where, peers=peers)
        held.callback(queue.close)
        _set(queue, max_downloads, limit_rate)
        access = _access(folder, secret_file, origins, no_secret=no_secret)
        session.hide(tuple(filter(None, [access.secret])))
        listening = server.bound(host, port)

        def announce(running: ServerAddress) -> None:
            server.leave_address(folder, running)
            pauses.keep_pauses_short()
            words = [
                f"serving at {running.url}",
                *_about_secret(folder, secret_file, access),
                ("Press Ctrl-C to stop."),
            ]
            session.out.write("".join(f"{line}\n" for line in ([running.as_json()] if as_json else words)))
            session.out.flush()

        server.serve(
            queue,
            access,
            listening,
            announce,
            add_routes=_shared(queue) if share else (),
            take_stop=_end_with_stdin if stop_with_stdin else _never,
        )
    return DONE


def _shared(queue: Queue) -> list[AddRoutes]:
    from anymatix_fetcher.serve.share import Sharing  # noqa: PLC0415 - as in command
    from anymatix_fetcher.wiring.composition import open_index  # noqa: PLC0415 - as above

    return [Sharing(queue, open_index()).add_routes]


def _never(stop: Callable[[], None]) -> None:
    """Does nothing: only signals end the server."""


def _end_with_stdin(stop: Callable[[], None]) -> None:
    """Ends the server when its standard input is closed, which means that the parent process has ended."""

    def read() -> None:
        with suppress(OSError):
            while os.read(0, 4096):
                pass
        stop()

    threading.Thread(target=read, name="anymatix-stdin", daemon=True).start()


def _set(queue: Queue, max_downloads: int | None, limit_rate: int | None) -> None:
    """Applies the limits given on the command line. They override those that were stored."""
    settings = queue.settings
    if max_downloads is not None:
        settings = replace(settings, max_downloads=max_downloads)
    if limit_rate is not None:
        settings = replace(settings, limit_rate=float(limit_rate))
    if settings != queue.settings:
        queue.change_settings(settings)


def _access(state: Path, secret_file: Path | None, origins: tuple[str, ...], *, no_secret: bool) -> Access:
    """The rules for who may use the server."""
    from anymatix_fetcher.serve.access import Access  # noqa: PLC0415 - as in command
    from anymatix_fetcher.serve.secret import own_secret, read_secret  # noqa: PLC0415 - as above
    from anymatix_fetcher.wiring.state_folder import SECRET_VARIABLE  # noqa: PLC0415 - as above

    allowed = frozenset(map(_origin, origins))
    if no_secret:
        return Access(None, allowed)
    if secret_file is not None:
        return Access(read_secret(secret_file), allowed)
    return Access(os.environ.get(SECRET_VARIABLE, "").strip() or own_secret(state), allowed)


def _origin(text: str) -> str:
    """An origin as browsers serialize it.

    Raises:
        Misuse: ``text`` is not an origin.
    """
    try:
        url = Url.parse(text)
    except ValueError:
        raise Misuse(f"{text!r} is not an origin", "Write an origin as in https://models.example.org.") from None
    if url.path.strip("/") or url.has_query:
        raise Misuse(f"{text!r} has more than an origin: a path, a query or a fragment", f"Write it as {url.origin}.")
    return str(url.origin)


def _about_secret(state: Path, secret_file: Path | None, access: Access) -> list[str]:
    from anymatix_fetcher.wiring.state_folder import SECRET_FILE, SECRET_VARIABLE  # noqa: PLC0415 - as in command

    if access.secret is None:
        return ["no secret is required"]
    if secret_file is not None:
        return [f"the secret is in {secret_file}"]
    if os.environ.get(SECRET_VARIABLE, "").strip():
        return [f"the secret is ${SECRET_VARIABLE}"]
    return [f"the secret is in {state / SECRET_FILE}"]
