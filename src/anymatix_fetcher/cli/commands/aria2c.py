"""``anyfetch aria2c``: aria2c's command line, for programs that run aria2c as a helper."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anymatix_fetcher import __version__
from anymatix_fetcher.cli.display.help_layout import Command, Misuse
from anymatix_fetcher.cli.exit_codes import DONE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from anymatix_fetcher.cli.session import Invocation
    from anymatix_fetcher.queue.destinations import Destinations
    from anymatix_fetcher.serve.aria2.command_line import Aria2CommandLine
    from anymatix_fetcher.serve.server import ServerAddress

_HELP = """\
Behave like aria2c, for programs that run it: with --enable-rpc, serve its JSON-RPC until the process named by
--stop-with-process ends; without it, download the given URLs.

All of aria2's options are accepted. These have an effect: dir, out, header, referer, user-agent, checksum,
max-connection-per-server, split, max-concurrent-downloads, max-overall-download-limit, max-download-limit, all-proxy,
allow-overwrite, check-certificate, ca-certificate, input-file, conf-path, force-sequential, quiet, stop, and those that
begin with rpc-. A link named aria2c to anyfetch does the same.
"""
_EXAMPLES = (
    "anyfetch aria2c --enable-rpc --rpc-listen-port=6800 --stop-with-process=4711",
    "anyfetch aria2c -x16 -d models -o model.safetensors https://example.org/model.safetensors",
)
_PORT = 6800
_PROBE_SECONDS = 0.05
_OF_ONE = frozenset({"out", "checksum", "gid", "pause", "index-out"})
"""Options that apply to a single download."""
_VERSION = f"""\
aria2 version 1.37.0
anyfetch {__version__}: AnymatixFetcher behind aria2's interface

** Configuration **
Enabled Features: GZip, HTTPS, Message Digest, Metalink
"""


class _RawCommand(Command):
    """A command that passes its arguments on unparsed."""

    def __init__(self, *arguments: object, **settings: object) -> None:
        super().__init__(*arguments, **settings)  # type: ignore[arg-type] # passed through
        self.params = []  # -v, too, belongs to aria2c's command line

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The arguments as they are, unless they ask for help."""
        if args and args[0] in {"--help", "-h"}:
            return super().parse_args(ctx, ["--help"])
        ctx.params["arguments"] = tuple(args)
        return []


@click.command("aria2c", cls=_RawCommand, help=_HELP, sections={"Examples": _EXAMPLES})
@click.pass_obj
def command(session: Invocation, /, *, arguments: tuple[str, ...] = ()) -> int:
    """Starts a server, or downloads."""
    from anymatix_fetcher.serve.aria2.command_line import parse_command_line  # noqa: PLC0415 - no help needs it

    line = _configured(parse_command_line(arguments))
    if line.is_set("version"):
        session.out.write(_VERSION)
        return DONE
    if line.is_set("enable-rpc"):
        return _detached(arguments, line) if line.is_set("daemon") else _serve(line, session)
    return _download(line, session)


def _configured(line: Aria2CommandLine) -> Aria2CommandLine:
    """The command line, completed by the options in its configuration file."""
    from anymatix_fetcher.serve.aria2.command_line import parse_configuration  # noqa: PLC0415 - as above

    named = line.options.get("conf-path", "")
    if not named or line.is_set("no-conf"):
        return line
    return replace(line, options={**parse_configuration(_text(named, "conf-path")), **line.options})


def _text(name: str, option: str) -> str:
    try:
        return Path(name).expanduser().read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise Misuse(f"--{option} {name!r} can't be read: {error.strerror}", "Name a file that exists.") from None


def _lines_of(line: Aria2CommandLine) -> list[Aria2CommandLine]:
    """The downloads, one command line each. Without ``-Z`` all URIs of one are mirrors of one file."""
    from anymatix_fetcher.serve.aria2.command_line import parse_input_file  # noqa: PLC0415 - as above

    own = {name: value for name, value in line.options.items() if name in _OF_ONE}
    uris = [(uri,) for uri in line.uris] if line.is_set("force-sequential") else [line.uris] if line.uris else []
    named = line.options.get("input-file", "")
    listed = parse_input_file(_text(named, "input-file").splitlines()) if named else []
    return [replace(line, options=own, uris=one) for one in uris] + listed


# In the background ----------------------------------------------------------------------------------------


def _detached(arguments: Sequence[str], line: Aria2CommandLine) -> int:
    """Starts the server in another process. Returns once that process listens, or its exit code if it ends before."""
    import socket  # noqa: PLC0415 - rarely needed
    import subprocess  # noqa: PLC0415 - as above
    import sys  # noqa: PLC0415 - as above

    at = arguments.index("--") if "--" in arguments else len(arguments)
    own = [*arguments[:at], "--daemon=false", *arguments[at:]]
    process = subprocess.Popen(  # noqa: S603 - this program itself
        [sys.executable, "-m", "anymatix_fetcher", "aria2c", *own],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    port, never = _number(line, "rpc-listen-port", _PORT), threading.Event()
    while process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return DONE
        never.wait(_PROBE_SECONDS)
    return process.returncode


# Serving --------------------------------------------------------------------------------------------------


def _serve(line: Aria2CommandLine, session: Invocation) -> int:
    try:
        from anymatix_fetcher.serve import server  # noqa: PLC0415 - aiohttp is an extra, and nothing else needs it
    except ImportError as error:
        raise Misuse(
            f"serving needs {error.name}, which isn't installed", "Run `pip install 'anymatix-fetcher[serve]'`."
        ) from None
    from anymatix_fetcher.queue.opening import open_queue  # noqa: PLC0415 - as above
    from anymatix_fetcher.serve.access import ANY_ORIGIN, Access  # noqa: PLC0415 - as above
    from anymatix_fetcher.serve.aria2.adding import add_listed  # noqa: PLC0415 - as above
    from anymatix_fetcher.serve.aria2.desk import Desk  # noqa: PLC0415 - as above
    from anymatix_fetcher.serve.aria2.steering import changed_settings  # noqa: PLC0415 - as above

    secret = line.options.get("rpc-secret") or None
    session.hide(tuple(filter(None, [secret])))
    everywhere, host = line.is_set("rpc-listen-all"), "127.0.0.1"
    if everywhere and secret is None:
        raise Misuse(
            "every program that reaches this machine could use a server without a secret",
            "Give it one by --rpc-secret.",
        )
    is_open = line.is_set("rpc-allow-origin-all") and secret is not None
    options = _read(line.options)
    common = {name: value for name, value in options.items() if name not in _OF_ONE | {"dir"}}
    with ExitStack() as held:
        listening = server.bound("0.0.0.0" if everywhere else host, _number(line, "rpc-listen-port", _PORT))  # noqa: S104 - it was asked for
        held.callback(listening.close)
        queue = open_queue(
            _state(line, held),
            _destinations(line, is_trusted=secret is not None),
            ca_file=_ca_file(line),
            verify_tls=line.options.get("check-certificate") != "false",
        )
        held.callback(queue.close)
        queue.change_settings(changed_settings(queue.settings, options))
        add_listed(Desk(queue, common, stop=lambda: None), [(one.uris, _read(one.options)) for one in _lines_of(line)])

        def announce(running: ServerAddress) -> None:
            if not line.is_set("quiet"):
                session.out.write(f"[NOTICE] RPC: listening at {running.url}\n")
                session.out.flush()

        access = Access(secret, frozenset({ANY_ORIGIN}) if is_open else frozenset())
        server.serve(
            queue, access, listening, announce, aria2_options=common, take_stop=lambda stop: _end_with(line, stop)
        )
    return DONE


def _read(given: Mapping[str, str]) -> dict[str, str]:
    from anymatix_fetcher.serve.aria2.messages import RpcFault  # noqa: PLC0415 - as above
    from anymatix_fetcher.serve.aria2.options import read_options  # noqa: PLC0415 - as above

    try:
        return read_options(given)
    except RpcFault as fault:
        raise Misuse(fault.message, "See the option in aria2's manual.") from None


def _number(line: Aria2CommandLine, name: str, default: int) -> int:
    text = line.options.get(name, str(default))
    if not text.isascii() or not text.isdigit() or len(text) > 9:  # noqa: PLR2004 - more is no number here
        raise Misuse(f"--{name} takes a number, not {text[:40]!r}", f"Give a number, as in --{name}={default}.")
    return int(text)


def _state(line: Aria2CommandLine, held: ExitStack) -> Path:
    """The state folder. As with aria2, the queue outlives the process only if a session file is given."""
    session = line.options.get("save-session", "")
    if session:
        from anymatix_fetcher.wiring.state_folder import state_folder  # noqa: PLC0415 - as above

        named = str(Path(session).expanduser().absolute())
        return state_folder() / f"aria2c-{hashlib.sha256(named.encode()).hexdigest()[:16]}"
    folder = tempfile.mkdtemp(prefix="anyfetch-aria2c-")
    held.callback(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _destinations(line: Aria2CommandLine, *, is_trusted: bool) -> Destinations:
    """The folders that downloads may write to: any for a client with the secret, else the server's."""
    from anymatix_fetcher.queue.opening import destinations  # noqa: PLC0415 - as above

    where = destinations(Path(line.options.get("dir", "")).expanduser())
    return replace(where, others=_file_systems()) if is_trusted else where


def _file_systems() -> tuple[Path, ...]:
    here = Path(Path.cwd().anchor)
    drives = (Path(f"{letter}:\\") for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ") if here.drive else ()
    return tuple(dict.fromkeys((here, *(drive for drive in drives if drive.exists()))))


def _ca_file(line: Aria2CommandLine) -> Path | None:
    named = line.options.get("ca-certificate", "")
    return Path(named).expanduser() if named else None


def _end_with(line: Aria2CommandLine, stop: Callable[[], None]) -> None:
    """Ends the server with another process or after a time, if the options say so."""
    from anymatix_fetcher.serve.processes import wait_for_end  # noqa: PLC0415 - as above

    pid, seconds = _number(line, "stop-with-process", 0), _number(line, "stop", 0)

    def watch() -> None:
        wait_for_end(pid)
        stop()

    if pid:
        threading.Thread(target=watch, name="anyfetch-parent", daemon=True).start()
    if seconds:
        timer = threading.Timer(seconds, stop)
        timer.daemon = True
        timer.start()


# Downloading ----------------------------------------------------------------------------------------------


def _download(line: Aria2CommandLine, session: Invocation) -> int:
    from anymatix_fetcher.cli.download import Report, run  # noqa: PLC0415 - wrong usage needn't wait for it
    from anymatix_fetcher.engine.facts import Job  # noqa: PLC0415 - as above
    from anymatix_fetcher.engine.settings import Settings  # noqa: PLC0415 - as above
    from anymatix_fetcher.serve.aria2.options import wanted_of  # noqa: PLC0415 - as above
    from anymatix_fetcher.serve.aria2.steering import limit_of  # noqa: PLC0415 - as above

    lines = _lines_of(line)
    if not lines:
        raise Misuse("there is nothing to download, and --enable-rpc isn't given", "Run `anyfetch aria2c --help`.")
    common = _read({name: value for name, value in line.options.items() if name not in _OF_ONE})
    jobs = []
    for one in lines:
        wanted = wanted_of(one.uris, {**common, **_read(one.options)})
        directory = Path(wanted.directory).expanduser()
        settings = Settings(
            output=Path(wanted.output) if wanted.output else None,
            directory=directory,
            digests=wanted.digests,
            mirrors=wanted.mirrors,
            max_connections=wanted.max_connections or Settings().max_connections,
            limit_rate=limit_of(common) or wanted.limit_rate,
            headers=wanted.headers,
            proxy=wanted.proxy or None,
            overwrite=wanted.overwrite,
            ca_file=_ca_file(line),
            verify_tls=line.options.get("check-certificate") != "false",
        )
        jobs.append(Job(wanted.reference, settings))
    session.hide(tuple(value for job in jobs for _, value in job.settings.headers))
    return run(jobs, Report(quiet=line.is_set("quiet")), session, fetch_many=session.fetch_many)
