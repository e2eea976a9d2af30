"""``anyfetch resolve REFERENCE``: shows the file's URL, size and digests without downloading it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.display.care import CareDisplay
from anymatix_fetcher.cli.display.help_layout import Command
from anymatix_fetcher.cli.display.results import error_lines, error_object
from anymatix_fetcher.cli.exit_codes import exit_code_for_all
from anymatix_fetcher.cli.interruption import interruptible
from anymatix_fetcher.cli.options.network import network_options, option
from anymatix_fetcher.cli.options.output import json_option
from anymatix_fetcher.cli.options.parameters import REFERENCE
from anymatix_fetcher.cli.options.selection import glob_options
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.verbs.reporting import located_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from anymatix_fetcher.cli.options.network import Network
    from anymatix_fetcher.cli.session import Invocation
    from anymatix_fetcher.verbs.resolve import Located

_HELP = """\
Show the name, size, digests, type and licence of a reference, as far as its source states them. If a catalogue states
the digest, no other request is made; other servers are asked for one byte. With --probe every reference is followed to
the location of its bytes, which some services count as a download.
"""
_EXAMPLES = (
    "anyfetch resolve civitai:143906",
    "anyfetch resolve --json hf:org/repo/model.safetensors | jq .digests",
    "anyfetch resolve hf:org/repo --include '*.safetensors'",
    "anyfetch resolve --probe civitai:143906",
)
_LABEL_WIDTH = 12


@click.command("resolve", cls=Command, help=_HELP, sections={"Examples": _EXAMPLES})
@click.argument("reference", metavar="REFERENCE", type=REFERENCE)
@glob_options
@option(
    "Requests",
    "--probe",
    is_flag=True,
    help="Follow redirects to the store as well: shows where the bytes are, and when that URL expires.",
)
@network_options
@json_option("file")
@click.pass_obj
def command(
    session: Invocation,
    /,
    *,
    reference: str,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    probe: bool,
    network: Network,
    as_json: bool,
) -> int:
    """Resolves and reports."""
    network.prepare(session, [reference])
    from anymatix_fetcher.verbs.resolve import resolve  # noqa: PLC0415 - wrong usage needn't wait for it

    cancel = CancelToken()
    display = CareDisplay(session, silent=False)
    with interruptible(cancel), display:
        found = resolve(
            reference,
            probe=probe,
            cancel=cancel,
            include=include,
            exclude=exclude,
            **network.keywords(),
        )
    for number, located in enumerate(found):
        if as_json:
            session.print_json(as_object(located, session.secrets))
        else:
            session.out.write(("\n" if number else "") + report(located))
        if located.error is not None:
            session.complain(*error_lines(located.error))
    session.out.flush()
    return exit_code_for_all(located.error for located in found)


def as_object(located: Located, secrets: Iterable[str] = ()) -> dict[str, object]:
    """The resource as a JSON object; ``secrets`` are removed from error messages."""
    error = None if located.error is None else error_object(located.error, secrets)
    return located_object(located, error)


def report(located: Located) -> str:
    """The resource as lines of text; unknown facts are left out."""
    lines = (f"{label + ':':<{_LABEL_WIDTH}} {format.printable(text)}" for label, text in _facts(located))
    return "".join(f"{line}\n" for line in lines)


def _facts(located: Located) -> Iterator[tuple[str, str]]:
    about = located.about
    yield "name", "/".join([*located.folder, located.name])
    yield "source", located.source
    yield from (
        (label, text)
        for label, text in (
            ("title", about.title),
            ("type", about.type),
            ("base model", about.base_model),
            ("licence", about.licence),
            ("page", about.page),
            ("trigger", ", ".join(about.trigger_words)),
        )
        if text
    )
    size = "not stated" if located.length is None else format.exact_size(located.length)
    yield "size", size
    for digest in located.digests:
        yield digest.algorithm, digest.hex
    if located.remark:
        yield "remark", located.remark
    yield "asked at", located.url
    if located.target is not None:
        yield "lies at", located.target
    if located.ranged is not None:
        yield "in parts", "yes: several connections can help" if located.ranged else "no: only a single stream"
    if located.expires_at is not None:
        yield "expires", format.moment(located.expires_at)
    for mirror in located.mirrors:
        yield "mirror", mirror
