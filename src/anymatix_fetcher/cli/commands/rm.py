"""``anyfetch rm``: removes models and their sidecars. A model that another reference needs is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.consent import consent_options, refused
from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.display.help_layout import Command, Misuse
from anymatix_fetcher.cli.options.output import json_option, quiet_option
from anymatix_fetcher.cli.options.places import place_options, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from anymatix_fetcher.cli.options.places import Where
    from anymatix_fetcher.cli.session import Invocation
    from anymatix_fetcher.verbs.remove import FolderRemoval

_HELP = """\
Remove the files that were fetched by a REFERENCE, or the file at a PATH, together with their sidecars.

A file that another reference resolved to as well is kept. A PATH is relative to the current folder or the models root;
a file that is neither a model nor has a sidecar is not removed. A reference to several files, such as a whole
repository, has to be given as it was typed for the download. Asks for confirmation on a terminal.
"""
_EXAMPLES = (
    "anyfetch rm civitai:143906",
    "anyfetch rm loras/old-style.safetensors",
    "anyfetch rm --dry-run https://example.org/model.safetensors",
)


@click.command("rm", cls=Command, help=_HELP, sections={"Examples": _EXAMPLES})
@click.argument("targets", metavar="REFERENCE|PATH...", nargs=-1)
@place_options
@consent_options
@json_option("folder")
@quiet_option("Print only errors and the question.")
@click.pass_obj
def command(
    session: Invocation,
    /,
    *,
    targets: tuple[str, ...],
    where: Where,
    yes: bool,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Lists what would be removed, asks, and removes it."""
    if not any(target.strip() for target in targets):
        raise Misuse("nothing to remove: no REFERENCE or PATH is given", "Run `anyfetch ls` to see the models.")
    from anymatix_fetcher.verbs.remove import plan, remove_planned  # noqa: PLC0415 - wrong usage needn't wait for it

    session.hide(tuple(filter(None, (target.partition("?")[2] for target in targets))))
    going = plan(targets, models=where.models, extra_paths=where.extra_paths)
    if not (as_json or quiet):
        for text in report(going):
            session.out.write(f"{text}\n")
        session.out.flush()
    code = None
    if any(one.models or one.sidecars for one in going):
        code = refused(_question(going), session, yes=yes, dry_run=dry_run)
        if code is None:
            remove_planned(going, models=where.models)
    if as_json:
        session.print_json(*(as_object(one, done=code is None) for one in going))
    elif code is None and not quiet:
        session.complain(f"{format.size(sum(one.bytes_freed for one in going))} freed.")
    return code or 0


def _question(going: Sequence[FolderRemoval]) -> str:
    models = sum(len(one.models) for one in going)
    if not models:
        return f"Remove {format.plural(sum(len(one.sidecars) for one in going), 'sidecar')}"
    return f"Remove {format.plural(models, 'file')} and {'its' if models == 1 else 'their'} sidecars"


def report(going: Sequence[FolderRemoval]) -> Iterator[str]:
    """One line for each file that is removed or kept."""
    for one in going:
        for name in one.models:
            yield format.printable(f"remove  {shown(one.folder / name)}")
        for name in one.sidecars:
            yield format.printable(f"remove  {shown(one.folder / name)} (sidecar)")
        for name in one.kept:
            yield format.printable(f"keep    {shown(one.folder / name)}: another reference needs it as well")


def as_object(one: FolderRemoval, *, done: bool) -> dict[str, object]:
    """The removal as a JSON object; ``removed`` says whether it was carried out."""
    return {
        "folder": str(one.folder),
        "models": list(one.models),
        "sidecars": list(one.sidecars),
        "kept": list(one.kept),
        "bytes_freed": one.bytes_freed,
        "removed": done,
    }
