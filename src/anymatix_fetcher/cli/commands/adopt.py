"""``anyfetch adopt``: identifies models that have no record of their origin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.display.care import CareDisplay
from anymatix_fetcher.cli.display.help_layout import Command
from anymatix_fetcher.cli.display.results import error_lines, error_object
from anymatix_fetcher.cli.exit_codes import exit_code_for_all
from anymatix_fetcher.cli.interruption import interruptible
from anymatix_fetcher.cli.options.network import network_options, option
from anymatix_fetcher.cli.options.output import json_option, quiet_option
from anymatix_fetcher.cli.options.places import place_options, shown
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.errors import NotAModelError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from anymatix_fetcher.cli.options.network import Network
    from anymatix_fetcher.cli.options.places import Where
    from anymatix_fetcher.cli.session import Invocation
    from anymatix_fetcher.verbs.adopt import Adopted

_HELP = """\
Identify models that were copied here by hand or by other programs: models without a sidecar are hashed, Civitai is
asked for their digests, and a sidecar is written for each that it knows. The models themselves are not changed.

Digests and replies are stored: a second run only handles new files.
"""
_EXAMPLES = ("anyfetch adopt --dry-run", "anyfetch adopt --models ~/ComfyUI", "anyfetch adopt --json | jq .reference")


@click.command("adopt", cls=Command, help=_HELP, sections={"Examples": _EXAMPLES})
@place_options
@option("Behaviour", "--dry-run", is_flag=True, help="Hash and identify the models, but write no sidecars.")
@network_options
@json_option("model")
@quiet_option("Print only errors.")
@click.pass_obj
def command(
    session: Invocation,
    /,
    *,
    where: Where,
    dry_run: bool,
    network: Network,
    as_json: bool,
    quiet: bool,
) -> int:
    """Hashes the models, asks Civitai, writes sidecars, and reports."""
    network.prepare(session)
    from anymatix_fetcher.verbs.adopt import adopt  # noqa: PLC0415 - wrong usage needn't wait for it

    cancel = CancelToken()
    with (
        interruptible(cancel) as interruption,
        CareDisplay(session, silent=quiet) as display,
    ):

        def tell(one: Adopted) -> None:
            if quiet and not as_json:
                return
            display.step_aside()
            session.out.write(f"{json.dumps(as_object(one, session.secrets)) if as_json else line(one)}\n")
            session.out.flush()

        adopted = adopt(
            models=where.models,
            extra_paths=where.extra_paths,
            dry_run=dry_run,
            on_progress=display.care,
            on_adopted=tell,
            cancel=cancel,
            **network.keywords(),
        )
    _complain(adopted, session)
    if not (quiet or as_json) and interruption.exit_code is None:
        session.complain(summary(adopted, dry_run=dry_run))
    if interruption.exit_code is not None:
        session.complain(
            "Interrupted. The models that were finished are listed; run the same command again to continue."
        )
        return interruption.exit_code
    return exit_code_for_all(one.error for one in adopted)


def _complain(adopted: Sequence[Adopted], session: Invocation) -> None:
    """Prints each error once: a service that is down is reported for one model, not for a thousand."""
    for lines in dict.fromkeys(tuple(error_lines(one.error)) for one in adopted if one.error is not None):
        session.complain(*lines)


def as_object(one: Adopted, secrets: Iterable[str] = ()) -> dict[str, object]:
    """The model as a JSON object."""
    known = one.identified
    return {
        "path": str(one.path),
        "folder": one.folder,
        "size": one.size,
        "sha256": one.sha256,
        "reference": known.reference if known else None,
        "title": known.title if known else None,
        "type": known.type if known else None,
        "url": known.url if known else None,
        "sidecar": str(one.sidecar) if one.sidecar else None,
        "error": None if one.error is None else error_object(one.error, secrets),
    }


def line(one: Adopted) -> str:
    """The model as a line of text."""
    if isinstance(one.error, NotAModelError):
        word, told = "refused", "the file is no model"
    elif one.error is not None:
        word, told = "failed", "Civitai couldn't be asked" if one.sha256 else "the file can't be read"
    elif one.identified is None:
        word, told = "unknown", "Civitai doesn't know the file"
    else:
        word = "adopted" if one.sidecar else "known"
        told = f"{one.identified.title or one.identified.name} ({one.identified.reference})"
    return format.printable(f"{word:<7}  {shown(one.path)}: {told}")


def summary(adopted: Sequence[Adopted], *, dry_run: bool) -> str:
    """The number of models found and of those identified."""
    if not adopted:
        return "Every model has a sidecar."
    known = sum(one.identified is not None for one in adopted)
    written = "no sidecar was written" if dry_run else f"{sum(one.sidecar is not None for one in adopted)} adopted"
    return f"{format.plural(len(adopted), 'model')} without a sidecar, {known} known to Civitai, {written}."
