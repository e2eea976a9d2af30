"""``anyfetch workflow FILE``: what a ComfyUI workflow needs, which of it is here, and the rest fetched."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.exit_codes import NOT_FOUND
from anymatix_fetcher.cli.interruption import interruptible
from anymatix_fetcher.cli.layout import Command
from anymatix_fetcher.cli.log import log_to_stderr
from anymatix_fetcher.cli.options import network_options, option, speed_options, telling_options
from anymatix_fetcher.cli.place_options import extra_paths_option, models_option
from anymatix_fetcher.cli.redaction import redact
from anymatix_fetcher.cli.results import error_object
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.errors import ReferenceSyntaxError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anymatix_fetcher.cli.options import Network
    from anymatix_fetcher.cli.session import Session
    from anymatix_fetcher.options import Options
    from anymatix_fetcher.provisioning import Model, Plan

_HELP = """\
Find out which models a ComfyUI workflow needs, say which of them are here, and fetch the missing ones to where ComfyUI
looks for them.

FILE is the workflow's JSON in either format, or a picture (PNG, WebP, JPEG) or FLAC that ComfyUI has written it into.
Nodes that are muted or bypassed need nothing. Run it again to go on with what was interrupted.
"""
_EXAMPLES = (
    "anyfetch workflow --dry-run flux.json",
    "anyfetch workflow --models ~/ComfyUI/models picture.png",
    "anyfetch workflow --dry-run --json flux.json | jq 'select(.state == \"missing\") | .url'",
)


@click.command("workflow", cls=Command, help=_HELP, sections={"Examples": _EXAMPLES})
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@option("Where to", "--dry-run", is_flag=True, help="Only show what is here and what is missing.")
@models_option("Where to")
@extra_paths_option("Where to")
@speed_options
@network_options
@telling_options("model")
@click.pass_obj
def command(
    session: Session,
    /,
    *,
    file: Path,
    dry_run: bool,
    models: Path | None,
    extra_paths: tuple[Path, ...],
    speed: Options,
    network: Network,
    progress: str,
    as_json: bool,
    quiet: bool,
    verbose: int,
) -> int:
    """Plans, shows, and fetches."""
    session.verbosity = verbose
    network.refuse_headers("the workflow")
    session.secrets = network.secrets([])
    network.warn(session)
    from anymatix_fetcher.library.roots import find_models  # noqa: PLC0415 - wrong usage needn't wait for it
    from anymatix_fetcher.provisioning import plan_workflow  # noqa: PLC0415 - as above

    root = find_models(models, environment=os.environ, current=Path.cwd(), home=Path.home())
    plan = plan_workflow(_content(file), root.folders(extra_paths), _size_of)
    options: Options = {
        **speed,
        **network.keywords(),
        "models": models,
        "extra_paths": extra_paths,
        "sidecar": True,
    }
    plan = _with_sizes(plan, session, options)
    if as_json and dry_run:
        session.out.write("".join(f"{json.dumps(as_object(model, session.secrets))}\n" for model in plan.models))
    elif not quiet:
        write = session.out.write if dry_run else session.err.write
        write(table(plan, root.models, root.reason))
    session.out.flush()
    code = 0
    if plan.missing and not dry_run:
        from anymatix_fetcher.cli.download import Report, run  # noqa: PLC0415 - as above

        report = Report(progress=progress, json=as_json, quiet=quiet)
        code = run(plan.jobs(**options), report, session, fetch_many=session.fetch_many)
    return code or (NOT_FOUND if plan.unobtainable else 0)


def _content(file: Path) -> bytes:
    from anymatix_fetcher.workflows.documents import MAX_FILE_BYTES  # noqa: PLC0415 - as in command

    if file.stat().st_size > MAX_FILE_BYTES:
        raise ReferenceSyntaxError(f"{file} is larger than {MAX_FILE_BYTES >> 20} MiB, and no workflow")
    return file.read_bytes()


def _size_of(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None


def _with_sizes(plan: Plan, session: Session, options: Options) -> Plan:
    if not plan.missing:
        return plan
    from anymatix_fetcher.provisioning import with_sizes  # noqa: PLC0415 - as in command

    cancel = CancelToken()
    with log_to_stderr(session.verbosity, session.secrets), interruptible(cancel):
        return with_sizes(plan, cancel=cancel, **options)


def as_object(model: Model, secrets: Iterable[str] = ()) -> dict[str, object]:
    """The JSON form of a needed model; ``secrets`` are taken out of an error's words."""
    need = model.need
    return {
        "name": need.name,
        "directory": need.directory,
        "state": model.state.value,
        "path": str(model.path) if model.path else None,
        "size": model.size,
        "url": str(need.url) if need.url else None,
        "digest": str(need.digest) if need.digest else None,
        "nodes": [str(node) for node in need.nodes],
        "error": error_object(model.error, secrets) if model.error else None,
    }


def table(plan: Plan, models: Path, reason: str) -> str:
    """What is needed and how it stands, as lines for people."""
    if not plan.models:
        return "The workflow names no models.\n" + _remarks(plan)
    rows = [(model.state.value, _size(model), _place(model), _detail(model)) for model in plan.models]
    widths = [max(map(format.cell_width, column)) for column in list(zip(*rows, strict=True))[:3]]
    lines = []
    for state, size, place, detail in rows:
        line = f"{state:<{widths[0]}}  {size:>{widths[1]}}  {place:<{widths[2]}}  {detail}"
        lines.append(line.rstrip())
    missing = plan.missing
    known = sum(model.size or 0 for model in missing)
    here = len(plan.models) - len(missing) - len(plan.unobtainable)
    total = f"{here} of {format.plural(len(plan.models), 'model')} here"
    if missing:
        more = "" if all(model.size is not None for model in missing) else "at least "
        total += f", {len(missing)} missing" + (f": {more}{format.size(known)}" if known else "")
    if plan.unobtainable:
        total += f", {len(plan.unobtainable)} can't be fetched"
    return (
        "\n".join([*lines, f"{total}; models root: {format.printable(str(models))} ({reason})"]) + "\n" + _remarks(plan)
    )


def _remarks(plan: Plan) -> str:
    return "".join(f"note: {format.printable(remark)}\n" for remark in plan.remarks)


def _size(model: Model) -> str:
    return format.size(model.size) if model.size is not None else "?"


def _place(model: Model) -> str:
    return format.printable(str(model.need))


def _detail(model: Model) -> str:
    if model.error is not None:
        return format.printable(redact(model.error.message))
    return format.printable(str(model.need.url)) if model.need.url is not None and model.path is not None else ""
