"""``anyfetch workflow FILE``: lists the models that a ComfyUI workflow needs, and fetches the missing ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.display.care import CareDisplay
from anymatix_fetcher.cli.display.help_layout import Command
from anymatix_fetcher.cli.display.results import error_lines, error_object, result_object
from anymatix_fetcher.cli.display.table import table
from anymatix_fetcher.cli.download import Report, exit_code_of, told
from anymatix_fetcher.cli.exit_codes import exit_code_for_all
from anymatix_fetcher.cli.interruption import interruptible
from anymatix_fetcher.cli.options.network import network_options, option, speed_options
from anymatix_fetcher.cli.options.output import telling_options
from anymatix_fetcher.cli.options.places import extra_paths_option, models_option
from anymatix_fetcher.cli.redaction import redact
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.verbs.reporting import model_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from anymatix_fetcher.cli.options.network import Network
    from anymatix_fetcher.cli.session import Invocation
    from anymatix_fetcher.engine.facts import Result
    from anymatix_fetcher.engine.settings import Options
    from anymatix_fetcher.verbs.planning import Model, Plan

_HELP = """\
List the models that a ComfyUI workflow needs, and fetch the missing ones to the folders where ComfyUI looks for them.

FILE is the workflow as JSON in either format, or a picture (PNG, WebP, JPEG) or FLAC file that ComfyUI saved it in.
Muted and bypassed nodes are ignored. After an interruption, run the same command again to continue.
"""
_EXAMPLES = (
    "anyfetch workflow --dry-run flux.json",
    "anyfetch workflow --models ~/ComfyUI/models picture.png",
    "anyfetch workflow --dry-run --json flux.json | jq 'select(.state == \"missing\") | .url'",
)


@click.command("workflow", cls=Command, help=_HELP, sections={"Examples": _EXAMPLES})
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@option("Destination", "--dry-run", is_flag=True, help="Only show which models are here and which are missing.")
@models_option("Destination")
@extra_paths_option("Destination")
@speed_options
@network_options
@telling_options("model")
@click.pass_obj
def command(
    session: Invocation,
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
) -> int:
    """Plans, reports, and fetches."""
    network.refuse_headers("the workflow")
    network.prepare(session)
    from anymatix_fetcher.verbs.planning import plan_workflow, size_on_disk, workflow_content  # noqa: PLC0415 - late
    from anymatix_fetcher.wiring.models import models_root  # noqa: PLC0415 - wrong usage needn't wait for it

    root = models_root(models)
    plan = plan_workflow(workflow_content(file), root.folders(extra_paths), size_on_disk)
    silent = quiet or progress in {"json", "none"}
    plan = _examined(plan, session, silent=silent)
    options: Options = {
        **speed,
        **network.keywords(),
        "models": models,
        "extra_paths": extra_paths,
        "sidecar": True,
    }
    if dry_run:
        plan = _with_sizes(plan, session, options, silent=silent)
    write = session.out.write if dry_run else session.err.write
    if as_json:
        session.complain(*_remarks(plan))
    elif not quiet:
        width = shutil.get_terminal_size().columns - 1 if (session.out if dry_run else session.err).isatty() else None
        write("".join(f"{line}\n" for line in table_of(plan, root.models, root.reason, width)))
    if dry_run and as_json:
        write("".join(f"{json.dumps(as_object(model, session.secrets))}\n" for model in plan.models))
    session.out.flush()
    several = len(plan.models) > 1
    failed = [(model.error, str(model.need) if several else "") for model in plan.models if model.error is not None]
    for lines in dict.fromkeys(tuple(error_lines(*one)) for one in failed):  # of a conflict each side says the same
        session.complain(*lines)
    if dry_run:
        return exit_code_for_all(model.error for model in plan.models)
    return _fetched(plan, Report(progress=progress, json=as_json, quiet=quiet), session, options)


def _fetched(plan: Plan, report: Report, session: Invocation, options: Options) -> int:
    """Fetches the missing models and reports on every model, including those that are here or can't be fetched."""

    def as_objects(results: Sequence[Result], stopped: int | None) -> Iterator[dict[str, object]]:
        for model, result in zip(plan.models, plan.results(results), strict=True):
            yield outcome_object(model, result, stopped, session.secrets)

    if plan.missing:
        results, stopped = told(
            plan.jobs(**options), report, session, fetch_many=session.fetch_many, as_objects=as_objects
        )
        return exit_code_of(plan.results(results), stopped)
    if report.json:
        session.out.write("".join(f"{json.dumps(one)}\n" for one in as_objects([], None)))
        session.out.flush()
    return exit_code_of(plan.results([]), None)


def _examined(plan: Plan, session: Invocation, *, silent: bool) -> Plan:
    if all(model.path is None and model.need.digest is None for model in plan.models):
        return plan
    from anymatix_fetcher.verbs.presence import examined  # noqa: PLC0415
    from anymatix_fetcher.wiring.composition import open_index  # noqa: PLC0415 - as in command

    cancel = CancelToken()
    with open_index() as index, interruptible(cancel), CareDisplay(session, silent=silent) as display:
        return examined(plan, index, on_progress=display.care, cancel=cancel)


def _with_sizes(plan: Plan, session: Invocation, options: Options, *, silent: bool) -> Plan:
    from anymatix_fetcher.verbs.planning import with_sizes  # noqa: PLC0415 - as in command

    cancel, display = CancelToken(), CareDisplay(session, silent=silent)
    with interruptible(cancel), display:
        return with_sizes(plan, cancel=cancel, **options)


def as_object(model: Model, secrets: Iterable[str] = ()) -> dict[str, object]:
    """The needed model as a JSON object; ``secrets`` are removed from error messages."""
    return model_object(model, error_object(model.error, secrets) if model.error else None)


def outcome_object(
    model: Model, result: Result, interrupted_code: int | None, secrets: Iterable[str] = ()
) -> dict[str, object]:
    """The outcome for a needed model as a JSON object: the model's own fields and those of its result."""
    own = as_object(model, secrets)
    outcome = result_object(result, interrupted_code=interrupted_code, secrets=secrets)
    if result.error is None:
        return {**own, **outcome, "state": "here"}
    return {**own, **outcome, "path": own["path"], "size": own["size"]}


def table_of(plan: Plan, models: Path, reason: str, width: int | None) -> list[str]:
    """The needed models and their states as lines of text, followed by the totals.

    Args:
        plan: The needed models.
        models: The models root.
        reason: Why this root was chosen.
        width: The terminal's columns; ``None`` if the output is not a terminal.
    """
    if not plan.models:
        nothing = (
            "The workflow names no models."
            if not plan.remarks
            else "The workflow names no models in folders that are known."
        )
        return [nothing, *_remarks(plan)]
    rows = [(model.state.value, _size(model), _place(model, models), _detail(model, width)) for model in plan.models]
    missing = plan.missing
    known = sum(model.size or 0 for model in missing)
    here = len(plan.models) - len(missing) - len(plan.unobtainable)
    total = f"{here} of {format.plural(len(plan.models), 'model')} here"
    if missing:
        more = "" if all(model.size is not None for model in missing) else "at least "
        total += f", {len(missing)} missing" + (f": {more}{format.size(known)}" if known else "")
    other = sum(model.state.value == "other content" for model in plan.models)
    if other:
        total += f", {other} with other content"
    if len(plan.unobtainable) > other:
        total += f", {len(plan.unobtainable) - other} can't be fetched"
    return [
        *table(rows, right={1}, width=width, name=2),
        f"{total}; models root: {format.printable(str(models))} ({reason})",
        *_remarks(plan),
    ]


def _remarks(plan: Plan) -> list[str]:
    of_models = (f"{model.need}: {model.note}" for model in plan.models if model.note)
    return [f"note: {format.printable(remark)}" for remark in (*plan.remarks, *of_models)]


def _size(model: Model) -> str:
    return format.size(model.size) if model.size is not None else "?"


def _place(model: Model, models: Path) -> str:
    """The model's path. The folder's name below the models root may differ from ComfyUI's."""
    if model.path is None:
        return str(model.need)
    return str(model.path.relative_to(models) if model.path.is_relative_to(models) else model.path)


def _detail(model: Model, width: int | None) -> str:
    """The origin of a missing model. On a terminal only the host is shown, because the path repeats the name."""
    url = model.need.url
    if model.state.value != "missing" or url is None:
        return ""
    return redact(model.error.message) if model.error is not None else str(url) if width is None else url.host
