"""``anyfetch verify``: whether the files on the disk are still what they should be, and mending those that aren't."""

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
from anymatix_fetcher.cli.options.places import place_options, shown
from anymatix_fetcher.engine.cancel import CancelToken

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from anymatix_fetcher.cli.options.network import Network
    from anymatix_fetcher.cli.options.places import Where
    from anymatix_fetcher.cli.session import Invocation
    from anymatix_fetcher.core.values.spans import SpanSet
    from anymatix_fetcher.verbs.checked import Checked

_HELP = """\
Read models from the first byte to the last, and compare them with what was recorded of them: by their sidecars, by
their names in the Hugging Face cache, or by an earlier look. Finds every flipped bit.

A PATH is a file, or a folder of models, here or below the models root; without one, all models are verified. What
nothing was recorded of is recorded now. Where a file is damaged, the bad blocks are named, if it was downloaded or
verified here before.

--repair keeps what was written to since it was recorded beside the file that takes its place, as NAME.changed.
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
@option("Which models", "--cache", is_flag=True, help="The Hugging Face cache too.")
@option("What it does", "--repair", is_flag=True, help="Fetch what is wrong again from where the file came from.")
@option("What it does", "--yes", "-y", is_flag=True, help="With --repair: keep nothing of what was changed.")
@option("What it does", "--identify", is_flag=True, help="Ask Civitai what files are whose origin isn't recorded.")
@option(
    "What it does",
    "--accept",
    is_flag=True,
    help="Files that were changed on purpose are right as they are now; sidecars say so from then on.",
)
@network_options
@option("What it tells", "--json", "as_json", is_flag=True, help="One JSON object per file on stdout instead.")
@option("What it tells", "-q", "--quiet", is_flag=True, help="Only what is wrong.")
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
    """Reads, compares and tells."""
    if repair and accept:
        raise Misuse("--repair and --accept are both given", "a changed file is either mended or right as it is")
    if yes and not repair:
        raise Misuse("--yes is given without --repair", "nothing else here takes a file's place")
    if repair:
        network.refuse_headers("what was recorded of a file")
    session.secrets = network.secrets(())
    network.warn(session)
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
        session.complain("Interrupted. What was finished by then is told.")
        return interruption.exit_code
    return exit_code_for_all(one.error for one in checked)


class Teller:
    """Writes a line for each file as soon as it is finished, above the picture of what goes on."""

    def __init__(self, session: Invocation, display: CareDisplay, *, as_json: bool, quiet: bool) -> None:
        self._session = session
        self._display = display
        self._as_json = as_json
        self._quiet = quiet

    def tell(self, one: Checked) -> None:
        """A file is finished."""
        if self._quiet and one.error is None and not self._as_json:
            return
        self._display.step_aside()
        text = json.dumps(as_object(one, self._session.secrets)) if self._as_json else line(one)
        self._session.out.write(f"{text}\n")
        self._session.out.flush()


def as_object(one: Checked, secrets: Iterable[str] = ()) -> dict[str, object]:
    """The JSON form; ``bad`` has the first byte of each bad piece and the one after its last."""
    known = one.identified
    return {
        "path": str(one.path),
        "condition": one.condition.value,
        "size": one.size,
        "sha256": one.sha256,
        "verified": one.verified,
        "verified_at": None if one.verified_at is None else format.timestamp(one.verified_at),
        "recorded_by": one.by or None,
        "bad": None if one.bad is None else [[span.start, span.stop] for span in one.bad],
        "touched": one.is_touched,
        "bytes_downloaded": one.bytes_downloaded,
        "repaired_from": str(one.repaired_from) if one.repaired_from else None,
        "kept_as": str(one.kept_as) if one.kept_as else None,
        "identified": None
        if known is None
        else {"reference": known.reference, "title": known.title, "name": known.name, "type": known.type},
        "same_file": [str(path) for path in one.others],
        "error": None if one.error is None else error_object(one.error, secrets),
    }


def line(one: Checked) -> str:
    """The same for people."""
    return format.printable(f"{one.condition.value:<10}  {shown(one.path)}: {', '.join(_facts(one))}")


def _facts(one: Checked) -> list[str]:
    facts = [format.size(one.size)]
    match one.condition.value:
        case "intact":
            facts.append(_proof(one))
        case "recorded":
            facts.append("recorded now" if one.by else "nothing was known of it until now")
        case "damaged":
            facts.append(_where(one.bad))
        case "repaired":
            source = one.repaired_from
            fetched = f"{format.size(one.bytes_downloaded)} were fetched"
            facts += [fetched if source is None else f"made of {shown(source)}", _proof(one)]
            if one.kept_as is not None:
                facts.append(f"what was there is {one.kept_as.name} now")
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
        return "which bytes isn't known"
    pieces = [f"{span.start:,}-{span.stop - 1:,}" for span in bad][:_SPANS_SHOWN]
    more = f" and {len(bad.spans) - len(pieces)} more" if len(bad.spans) > len(pieces) else ""
    return f"{format.size(bad.total)} are bad: bytes {', '.join(pieces)}{more}" if bad else "it is too long"


def summary(checked: Sequence[Checked], seconds: float) -> str:
    """How many, how much, how fast, and how they were found."""
    size = sum(one.size for one in checked)
    counts = Counter(one.condition.value for one in checked)
    found = ", ".join(f"{count} {condition}" for condition, count in counts.items())
    pace = f"{format.size(size)} in {format.duration(seconds)} at {format.rate(size / max(seconds, 0.001))}"
    return f"{format.plural(len(checked), 'file')}, {pace}: {found}" if checked else "No files were verified."
