"""``anyfetch testserver``: an origin server on this machine with configurable faults."""

from __future__ import annotations

import json
import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.display.folding import folded_text
from anymatix_fetcher.cli.display.help_layout import Command, Misuse, Option
from anymatix_fetcher.cli.interruption import interruptible
from anymatix_fetcher.cli.options import testhosts
from anymatix_fetcher.cli.options.parameters import Parsed
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.testing import Ledger, Origin, Rule, load, parse_rule, parse_size, rules_help

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from anymatix_fetcher.cli.session import Invocation
    from anymatix_fetcher.testing import File
    from anymatix_fetcher.testing.hosts import Hosts

_DEFAULT_FILE = ("/model.safetensors", 100_000_000)
_MOST_HASHED_BYTES = 256_000_000
# A longer drain would delay a server that could already serve.
_POLL_SECONDS = 0.1
_DEFAULT_TTL_SECONDS = 300.0
_LISTENERS = {"origin": "the origin", "target": "the target"}
"""Labels that differ from the listeners' names."""

_EXAMPLES = (
    "anyfetch testserver --file /model.safetensors=2GB --rule reset:after=300000,request=2",
    "anyfetch testserver --signed /model.safetensors=500MB --ttl 20 --rate 10M",
    "anyfetch testserver --spec reported-server.json --json",
    "anyfetch testserver --hosts --port 9000 --rate 10M",
)


def _parse_file(text: str) -> tuple[str, int]:
    path, separator, size = text.rpartition("=")
    if not separator or not path.startswith("/") or path.startswith("/_"):
        raise ValueError("expected PATH=SIZE, such as /model.safetensors=2GB; paths that begin with /_ are reserved")
    return path, parse_size(size)


_FILE = Parsed("PATH=SIZE", _parse_file)


class _ServerCommand(Command):
    """Adds the list of rules to the help."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Writes the rules' help."""
        lines = [line for text in rules_help().splitlines() for line in folded_text(text, formatter.width) or [""]]
        formatter.write("\n" + "\n".join(lines) + "\n")


@click.command(
    "testserver",
    cls=_ServerCommand,
    help="Serve generated files with the faults that the rules describe, until Ctrl-C; then print a summary of "
    "all requests.\n\nThere are two origins: the first redirects signed files to the second. The files use "
    "neither disk nor memory. GET /_ledger returns the requests so far.",
    sections={"Examples": _EXAMPLES},
)
@click.option(
    "--host", cls=Option, group="Where", metavar="ADDRESS", help="The address to listen on. [default: 127.0.0.1]"
)
@click.option(
    "--port",
    cls=Option,
    group="Where",
    type=click.IntRange(0, 65535),
    metavar="N",
    help="The port to listen on. [default: any free one]",
)
@click.option("--tls", cls=Option, group="Where", nargs=2, metavar="CERT KEY", help="Serve https with these PEM files.")
@click.option(
    "--seed", cls=Option, group="What", type=int, metavar="N", help="The seed of the generated content. [default: 0]"
)
@click.option(
    "--file", "files", cls=Option, group="What", type=_FILE, multiple=True, help="Serve a plain file; repeatable."
)
@click.option(
    "--signed",
    cls=Option,
    group="What",
    type=_FILE,
    multiple=True,
    help="Serve a file behind signed URLs; repeatable.",
)
@click.option(
    "--ttl",
    cls=Option,
    group="What",
    type=click.FloatRange(0, min_open=True),
    metavar="S",
    help="Seconds until a signed URL expires. [default: 300, or the hosts' own]",
)
@click.option(
    "--rate",
    cls=Option,
    group="What",
    type=Parsed("RATE", parse_size),
    metavar="RATE",
    help="Bytes per second for each connection: 500K, 10M, in powers of 1000 as in rules.",
)
@click.option(
    "--rule",
    "rules",
    cls=Option,
    group="What",
    type=Parsed("RULE", parse_rule),
    multiple=True,
    help="A fault to inject; see below.",
)
@click.option(
    "--spec",
    cls=Option,
    group="What",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A JSON description of the server, which other options extend.",
)
@click.option(
    "--hosts",
    cls=Option,
    group="What",
    is_flag=True,
    help="Serve stand-ins for Civitai, Hugging Face, GitHub and others, and print the variables that select them.",
)
@click.option(
    "--pin-ranges/--no-pin-ranges",
    "pin_ranges",
    cls=Option,
    group="What",
    default=None,
    help="With --hosts: Hugging Face signs each URL for the Range of the request that it redirects.",
)
@click.option(
    "--json",
    "as_json",
    cls=Option,
    group="Help",
    is_flag=True,
    help="Print two JSON objects on stdout: the offer and the ledger.",
)
@click.pass_obj
def command(
    session: Invocation,
    /,
    *,
    host: str | None,
    port: int | None,
    tls: tuple[str, str] | None,
    seed: int | None,
    files: Sequence[tuple[str, int]],
    signed: Sequence[tuple[str, int]],
    ttl: float | None,
    rate: int | None,
    rules: Sequence[Rule],
    spec: Path | None,
    hosts: bool,
    pin_ranges: bool | None,
    as_json: bool,
) -> int:
    """Builds the origin or the hosts, and serves."""
    if hosts:
        if files or signed or spec:
            raise Misuse(
                "--hosts can't be combined with --file, --signed or --spec",
                "Leave them out: the hosts have files of their own.",
            )
        running = testhosts.hosts(
            address=host,
            first_port=port,
            seed=seed,
            url_seconds=ttl,
            bytes_per_second=rate,
            pins_range=pin_ranges,
            tls=_context(tls) if tls else None,
        )
        running.script(*rules)
        return serve(running, lambda: testhosts.offer(running, as_json=as_json), session, as_json=as_json)
    if pin_ranges is not None:
        raise Misuse("--pin-ranges needs --hosts", "Add --hosts.")
    described = _described(spec, {"host": host, "port": port, "seed": seed}, tls)
    origin = _origin(described, tls)
    offered: dict[str, File | None] = dict.fromkeys(_paths_of(described))
    if not (offered or files or signed):
        files = [_DEFAULT_FILE]
    offered |= {path: origin.add(path, size=size) for path, size in files}
    seconds = _DEFAULT_TTL_SECONDS if ttl is None else ttl
    offered |= {path: origin.sign(path, size=size, ttl_seconds=seconds) for path, size in signed}
    if rate is not None:
        origin.script(f"throttle:rate={rate}")
    origin.script(*rules)
    return serve(origin, lambda: _offer(origin, offered, as_json=as_json), session, as_json=as_json)


def serve(server: Origin | Hosts, offer: Callable[[], str], session: Invocation, *, as_json: bool) -> int:
    """Serves until a signal arrives, then prints the ledger. A signal is the regular end: exit code 0.

    ``offer`` returns the text to print once the server listens.
    """
    cancel = CancelToken()
    with interruptible(cancel):
        try:
            server.start()
        except OSError as error:
            raise Misuse(
                f"can't listen on this address: {error.strerror or type(error).__name__}",
                "Choose another --port, or leave it out.",
            ) from None
        try:
            session.out.write(offer())
            session.out.flush()
            # Not an Event: a signal handler that sets one while its lock is held would deadlock.
            while not cancel.cancelled:
                time.sleep(_POLL_SECONDS)
        finally:
            server.close()
    ledger = server.ledger()
    _tell_ledger(ledger if isinstance(ledger, Ledger) else ledger.all, session, as_json=as_json)
    return 0


def _described(spec: Path | None, given: dict[str, Any], tls: tuple[str, str] | None) -> dict[str, Any]:
    described: dict[str, Any] = {}
    if spec is not None:
        if tls:
            raise Misuse("--tls and --spec can't be combined", "Give the files and rules as options.")
        try:
            described = json.loads(spec.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise Misuse(f"{str(spec)!r} can't be read as JSON", "Run `anyfetch testserver --help`.") from None
        if not isinstance(described, dict):
            raise Misuse(f"{str(spec)!r} holds no JSON object", "Run `anyfetch testserver --help`.")
    return {**described, **{key: value for key, value in given.items() if value is not None}}


def _origin(described: dict[str, Any], tls: tuple[str, str] | None) -> Origin:
    try:
        return Origin(**described, tls=_context(tls)) if tls else load(described)
    except ValueError as error:
        raise Misuse(str(error), "Run `anyfetch testserver --help`.") from None


def _context(tls: tuple[str, str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(*tls)
    except OSError:
        raise Misuse("the certificate or its key can't be read", "Give two PEM files: --tls CERT KEY.") from None
    return context


def _paths_of(described: dict[str, Any]) -> list[str]:
    entries: list[dict[str, str]] = []
    for key in ("files", "signed"):
        given = described.get(key, [])
        entries += [given] if isinstance(given, dict) else given
    return [entry["path"] for entry in entries]


def _offer(origin: Origin, offered: Mapping[str, File | None], *, as_json: bool) -> str:
    """The files on offer, as text or as JSON; a file is ``None`` if the specification describes it."""
    if as_json:
        files = [_file_object(path, origin.url(path), file) for path, file in offered.items()]
        return json.dumps({"origin": origin.url("/"), "target": origin.target_url("/"), "files": files}) + "\n"
    first = origin.url(next(iter(offered)))
    lines = [f"origin {origin.url('/')}", f"target {origin.target_url('/')}"]
    lines += [f"  {origin.url(path)}{f'  {format.size(file.size)}' if file else ''}" for path, file in offered.items()]
    lines += ["try:", f"  anyfetch {first}", f"  curl -LO {first}", "Press Ctrl-C to stop."]
    return "\n".join(lines) + "\n"


def _file_object(path: str, url: str, file: File | None) -> dict[str, object]:
    hashed = file is not None and file.size <= _MOST_HASHED_BYTES
    return {
        "path": path,
        "url": url,
        "size": file.size if file else None,
        "sha256": file.sha256() if file and hashed else None,
    }


def _tell_ledger(ledger: Ledger, session: Invocation, *, as_json: bool) -> None:
    if as_json:
        session.out.write(json.dumps(ledger.as_json()) + "\n")
    else:
        requests = ", ".join(f"{count} to {_LISTENERS.get(name, name)}" for name, count in ledger.origins.items())
        lines = [
            f"{format.plural(ledger.requests, 'request')}" + (f" ({requests})" if requests else ""),
            f"{format.size(ledger.bytes_sent)} sent, {ledger.connections} connections, {ledger.peak_requests} at once",
            *(f"  {name} happened {format.plural(count, 'time')}" for name, count in ledger.faults.items()),
        ]
        session.out.write("\n".join(lines) + "\n")
    session.out.flush()
