"""``anyfetch verify``: checks files against their recorded digests, and repairs damaged ones."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.display.care import CareDisplay
from anymatix_fetcher.cli.display.help_layout import Command, Misuse
from anymatix_fetcher.cli.display.results import error_lines, error_object
from anymatix_fetcher.cli.exit_codes import exit_code_for_all
from anymatix_fetcher.cli.interruption import interruptible
from anymatix_fetcher.cli.options.network import network_options, option
from anymatix_fetcher.cli.options.output import json_option, quiet_option
from anymatix_fetcher.cli.options.places import place_options, shown
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.verbs.reporting import checked_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.cli.options.network import Network
    from anymatix_fetcher.cli.options.places import Where
    from anymatix_fetcher.cli.session import Invocation
    from anymatix_fetcher.core.values.spans import SpanSet
    from anymatix_fetcher.verbs.checked import Checked

_HELP = """\
Read models completely and compare them with their recorded digests, which come from sidecars, from names in the
Hugging Face cache, or from an earlier run. Finds every flipped bit.

A PATH is a file or a folder of models, relative to the current folder or the models root. Without a PATH all models are
verified. A file without a recorded digest gets one now. For files that were downloaded or verified here before, the
damaged blocks are listed.

If --repair replaces a file that was modified since it was recorded, the old file is kept as NAME.changed.
"""
_EXAMPLES = (
    "anyfetch verify",
    "anyfetch verify models/loras --repair",
    "anyfetch verify --identify models/checkpoints/unknown.safetensors",
    "anyfetch verify --json | jq -r 'select(.error) | .path'",
)
_SPANS_SHOWN = 4


@click.command("verify", cls=Command, help=_HELP, sections={"Examples": _EXAMPLES})
@click.argument("paths", metavar="[PATH...]", nargs=-1, type=click.Path())
@place_options
@option("Models", "--cache", is_flag=True, help="Verify the Hugging Face cache as well.")
@option("Behaviour", "--repair", is_flag=True, help="Fetch damaged parts again from the file's origin.")
@option("Behaviour", "--yes", "-y", is_flag=True, help="With --repair: discard what was changed.")
@option("Behaviour", "--identify", is_flag=True, help="Ask Civitai to identify files without a recorded origin.")
@option(
    "Behaviour",
    "--accept",
    is_flag=True,
    help="Accept changed files as they are now, and record their new digests.",
)
@network_options
@json_option("file")
@quiet_option("Print only failures.")
@click.pass_obj
def command(
    session: Invocation,
    /,
    *,
    paths: tuple[str, ...],
    where: Where,
    cache: bool,
    repair: bool,
    yes: bool,
    identify: bool,
    accept: bool,
    network: Network,
    as_json: bool,
    quiet: bool,
) -> int:
    """Verifies and reports."""
    if repair and accept:
        raise Misuse(
            "--repair and --accept are both given",
            "A changed file is either repaired or accepted. Leave one of them out.",
        )
    if yes and not repair:
        raise Misuse(
            "--yes is given without --repair", "Only --repair asks a question. Leave out --yes, or add --repair."
        )
    if repair:
        network.refuse_headers("the sidecar")
    network.prepare(session)
    from anymatix_fetcher.verbs.verify import verify  # noqa: PLC0415 - wrong usage needn't wait for it

    cancel, started_at = CancelToken(), time.monotonic()
    with (
        interruptible(cancel) as interruption,
        CareDisplay(session, silent=quiet) as display,
    ):
        teller = Teller(session, display, as_json=as_json, quiet=quiet)
        checked = verify(
            paths,
            models=where.models,
            extra_paths=where.extra_paths,
            cache=cache,
            identify=identify,
            repair=repair,
            keep_changed=not yes,
            accept=accept,
            on_progress=display.care,
            on_download=display.download,
            on_checked=teller.tell,
            cancel=cancel,
            **network.keywords(),
        )
    for one in checked:
        if one.error is not None:
            session.complain(*error_lines(one.error))
    if not (quiet or as_json):
        session.complain(summary(checked, time.monotonic() - started_at))
    if interruption.exit_code is not None:
        session.complain("Interrupted. The files that were finished are listed.")
        return interruption.exit_code
    return exit_code_for_all(one.error for one in checked)


class Teller:
    """Prints a line for each finished file, above the live display."""

    def __init__(self, session: Invocation, display: CareDisplay, *, as_json: bool, quiet: bool) -> None:
        self._session = session
        self._display = display
        self._as_json = as_json
        self._quiet = quiet

    def tell(self, one: Checked) -> None:
        """Reports one file."""
        if self._quiet and one.error is None and not self._as_json:
            return
        self._display.step_aside()
        error = None if one.error is None else error_object(one.error, self._session.secrets)
        text = json.dumps(checked_object(one, error)) if self._as_json else line(one)
        self._session.out.write(f"{text}\n")
        self._session.out.flush()


def line(one: Checked) -> str:
    """The file as a line of text."""
    return format.printable(f"{one.condition.value:<10}  {shown(one.path)}: {', '.join(_facts(one))}")


def _facts(one: Checked) -> list[str]:
    facts = [format.size(one.size)]
    match one.condition.value:
        case "intact":
            facts.append(_proof(one))
        case "recorded":
            facts.append("recorded now" if one.by else "no digest was recorded until now")
        case "damaged":
            facts.append(_where(one.bad))
        case "repaired":
            source = one.repaired_from
            fetched = f"{format.size(one.bytes_downloaded)} were fetched"
            facts += [fetched if source is None else f"made of {shown(source)}", _proof(one)]
            if one.kept_as is not None:
                facts.append(f"the damaged file was kept as {one.kept_as.name}")
        case _:
            pass
    if one.identified is not None:
        facts.append(f"it is {one.identified.reference}, {one.identified.title}")
    return facts


def _proof(one: Checked) -> str:
    teller = {"sidecar": "its sidecar says", "name": "its name says", "index": "was recorded"}.get(one.by, "is said")
    return f"{one.verified} as {teller}"


def _where(bad: SpanSet | None) -> str:
    if bad is None:
        return "which bytes are damaged isn't known"
    pieces = [f"{span.start:,}-{span.stop - 1:,}" for span in bad][:_SPANS_SHOWN]
    more = f" and {len(bad.spans) - len(pieces)} more" if len(bad.spans) > len(pieces) else ""
    return f"{format.size(bad.total)} are bad: bytes {', '.join(pieces)}{more}" if bad else "the file is too long"


def summary(checked: Sequence[Checked], seconds: float) -> str:
    """The number of files, their size, the rate, and the results."""
    size = sum(one.size for one in checked if one.sha256 is not None)
    counts = Counter(one.condition.value for one in checked)
    found = ", ".join(f"{count} {condition}" for condition, count in counts.items())
    pace = f"{format.size(size)} in {format.duration(seconds)} at {format.rate(size / max(seconds, 0.001))}"
    return f"{format.plural(len(checked), 'file')}, {pace}: {found}" if checked else "No files were verified."
