"""``anyfetch testserver``: an origin on this machine that misbehaves as told."""

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
# More than that would keep people waiting for a server that could already serve.
_POLL_SECONDS = 0.1
_DEFAULT_TTL_SECONDS = 300.0
_LISTENERS = {"origin": "the origin", "target": "the target"}
"""What is called otherwise than by its name."""

_EXAMPLES = (
    "anyfetch testserver --file /model.safetensors=2GB --rule reset:after=300000,request=2",
    "anyfetch testserver --signed /model.safetensors=500MB --ttl 20 --rate 10M",
    "anyfetch testserver --spec reported-server.json --json",
    "anyfetch testserver --hosts --port 9000 --rate 10M",
)


def _parse_file(text: str) -> tuple[str, int]:
    path, separator, size = text.rpartition("=")
    if not separator or not path.startswith("/") or path.startswith("/_"):
        raise ValueError("expected PATH=SIZE, such as /model.safetensors=2GB; paths with /_ are the server's own")
    return path, parse_size(size)


_FILE = Parsed("PATH=SIZE", _parse_file)


class _ServerCommand(Command):
    """Adds the rules to the help; they are listed where they are known."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """The rules' own help."""
        lines = [line for text in rules_help().splitlines() for line in folded_text(text, formatter.width) or [""]]
        formatter.write("\n" + "\n".join(lines) + "\n")


@click.command(
    "testserver",
    cls=_ServerCommand,
    help="Serve generated files and misbehave as told, until Ctrl-C; then print what was asked for.\n\n"
    "There are two origins: the first one redirects signed files to the second one. The files cost neither disk nor "
    "memory. GET /_ledger tells the account while it runs.",
    sections={"Examples": _EXAMPLES},
)
@click.option("--host", cls=Option, group="Where", metavar="ADDRESS", help="[default: 127.0.0.1]")
@click.option(
    "--port", cls=Option, group="Where", type=click.IntRange(0, 65535), metavar="N", help="[default: any free]"
)
@click.option("--tls", cls=Option, group="Where", nargs=2, metavar="CERT KEY", help="Speak https with these PEM files.")
@click.option("--seed", cls=Option, group="What", type=int, metavar="N", help="What all bytes depend on. [default: 0]")
@click.option("--file", "files", cls=Option, group="What", type=_FILE, multiple=True, help="A plain file; repeatable.")
@click.option(
    "--signed", cls=Option, group="What", type=_FILE, multiple=True, help="A file behind signed URLs; repeatable."
)
@click.option(
    "--ttl",
    cls=Option,
    group="What",
    type=click.FloatRange(0, min_open=True),
    metavar="S",
    help="Seconds that a signed URL holds. [default: 300, or the hosts' own]",
)
@click.option(
    "--rate",
    cls=Option,
    group="What",
    type=Parsed("RATE", parse_size),
    metavar="RATE",
    help="Bytes a second for each connection: 500K, 10M, in powers of 1000 as in rules.",
)
@click.option(
    "--rule", "rules", cls=Option, group="What", type=Parsed("RULE", parse_rule), multiple=True, help="See below."
)
@click.option(
    "--spec",
    cls=Option,
    group="What",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A server described in JSON; other options add to it.",
)
@click.option(
    "--hosts",
    cls=Option,
    group="What",
    is_flag=True,
    help="Stand in for Civitai, Hugging Face, GitHub and others, and print the variables that lead there.",
)
@click.option(
    "--pin-ranges/--no-pin-ranges",
    "pin_ranges",
    cls=Option,
    group="What",
    default=None,
    help="With --hosts: Hugging Face signs a URL for the Range of the request that it redirects.",
)
@click.option(
    "--json", "as_json", cls=Option, group="Help", is_flag=True, help="Two JSON objects on stdout: offer and ledger."
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
    """Builds the origin, or the hosts, and serves."""
    if hosts:
        if files or signed or spec:
            raise Misuse("--hosts goes with none of --file, --signed and --spec", "the hosts bring their own files")
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
        raise Misuse("--pin-ranges goes with --hosts", "add --hosts")
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
    """Serves until a signal comes, and then tells what was asked for. To be stopped is how it ends well: code 0.

    ``offer`` gives what is said once it serves.
    """
    cancel = CancelToken()
    with interruptible(cancel):
        try:
            server.start()
        except OSError as error:
            raise Misuse(
                f"the address can't be bound: {error.strerror or type(error).__name__}",
                "choose another --port, or none",
            ) from None
        try:
            session.out.write(offer())
            session.out.flush()
            # Not an Event: a signal handler that sets one while its lock is held would wait for itself.
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
            raise Misuse("--tls and --spec don't go together", "give the files and rules as options")
        try:
            described = json.loads(spec.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise Misuse(f"{str(spec)!r} can't be read as JSON", "see anyfetch testserver --help") from None
        if not isinstance(described, dict):
            raise Misuse(f"{str(spec)!r} holds no JSON object", "see anyfetch testserver --help")
    return {**described, **{key: value for key, value in given.items() if value is not None}}


def _origin(described: dict[str, Any], tls: tuple[str, str] | None) -> Origin:
    try:
        return Origin(**described, tls=_context(tls)) if tls else load(described)
    except ValueError as error:
        raise Misuse(str(error), "see anyfetch testserver --help") from None


def _context(tls: tuple[str, str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(*tls)
    except OSError:
        raise Misuse("the certificate or its key can't be read", "--tls wants two PEM files: CERT KEY") from None
    return context


def _paths_of(described: dict[str, Any]) -> list[str]:
    entries: list[dict[str, str]] = []
    for key in ("files", "signed"):
        given = described.get(key, [])
        entries += [given] if isinstance(given, dict) else given
    return [entry["path"] for entry in entries]


def _offer(origin: Origin, offered: Mapping[str, File | None], *, as_json: bool) -> str:
    """What there is, in words or as JSON; a file is none where it was described elsewhere."""
    if as_json:
        files = [_file_object(path, origin.url(path), file) for path, file in offered.items()]
        return json.dumps({"origin": origin.url("/"), "target": origin.target_url("/"), "files": files}) + "\n"
    first = origin.url(next(iter(offered)))
    lines = [f"origin {origin.url('/')}", f"target {origin.target_url('/')}"]
    lines += [f"  {origin.url(path)}{f'  {format.size(file.size)}' if file else ''}" for path, file in offered.items()]
    lines += ["try:", f"  anyfetch {first}", f"  curl -LO {first}", "Ctrl-C ends it."]
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
