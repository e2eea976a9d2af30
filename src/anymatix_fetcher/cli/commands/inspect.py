"""``anyfetch inspect REFERENCE|FILE``: shows what a model's header says, without reading the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.display.care import CareDisplay
from anymatix_fetcher.cli.display.help_layout import Command
from anymatix_fetcher.cli.exit_codes import DONE, INTEGRITY
from anymatix_fetcher.cli.interruption import interruptible
from anymatix_fetcher.cli.options.network import network_options, option
from anymatix_fetcher.cli.options.output import json_option
from anymatix_fetcher.cli.options.parameters import REFERENCE
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.formats.architectures import TITLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from anymatix_fetcher.cli.options.network import Network
    from anymatix_fetcher.cli.session import Invocation
    from anymatix_fetcher.formats.facts import ModelFacts
    from anymatix_fetcher.formats.training import Training

_HELP = """\
Show what a model's header says: kind, architecture, base model, tensors by type, number of parameters, training and
trigger words. For a REFERENCE, two or three small ranges are requested, usually less than 100 KB; a FILE is read in
place. safetensors and GGUF files say most, PyTorch checkpoints little. Nothing is unpickled.
"""
_EXAMPLES = (
    "anyfetch inspect civitai:143906",
    "anyfetch inspect ComfyUI/models/loras/detail.safetensors",
    "anyfetch inspect --json hf:org/repo/model.gguf | jq -r .architecture",
    "anyfetch inspect --tensors model.safetensors | grep attn",
)
_LABEL_WIDTH = 14
_MOST_TAGS = 12
_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))


@click.command("inspect", cls=Command, help=_HELP, sections={"Examples": _EXAMPLES})
@click.argument("reference", metavar="REFERENCE|FILE", type=REFERENCE)
@network_options
@option("Output", "--tensors", is_flag=True, help="List each tensor, or each entry of an archive.")
@json_option()
@click.pass_obj
def command(session: Invocation, /, *, reference: str, network: Network, tensors: bool, as_json: bool) -> int:
    """Reads the header and reports."""
    network.prepare(session, [reference])
    from anymatix_fetcher.verbs.inspect import inspect  # noqa: PLC0415 - wrong usage needn't wait for it

    cancel = CancelToken()
    display = CareDisplay(session, silent=False)
    with interruptible(cancel), display:
        facts = inspect(
            reference,
            cancel=cancel,
            **network.keywords(),
        )
    if as_json:
        session.print_json(facts.as_json(with_tensors=tensors))
    else:
        session.out.write(report(facts, with_tensors=tensors))
    session.out.flush()
    if facts.denied:
        session.complain(f"error: {format.printable(facts.denied)}")
        return INTEGRITY
    return DONE


def report(facts: ModelFacts, *, with_tensors: bool = False) -> str:
    """The facts as lines of text; unknown facts are left out."""
    lines = [f"{label + ':' if label else '':<{_LABEL_WIDTH}} {text}" for label, text in _facts(facts)]
    if with_tensors:
        lines += [
            "",
            *_table([(one.name, one.dtype, _shape(one.shape), format.size(one.size)) for one in facts.tensors]),
        ]
        lines += _table([(entry.name, format.size(entry.size)) for entry in facts.entries])
    return "".join(f"{format.printable(line.rstrip())}\n" for line in lines)


def _facts(facts: ModelFacts) -> Iterator[tuple[str, str]]:
    known = (
        ("format", " ".join(filter(None, [facts.content.title, facts.quantization and f"in {facts.quantization}"]))),
        ("kind", _known(facts.kind.value).replace("_", " ")),
        ("architecture", _architecture(facts)),
        ("base model", _base_model(facts)),
        ("title", facts.title),
        ("size", _size(facts)),
        ("parameters", _parameters(facts)),
    )
    yield from ((label, text) for label, text in known if text)
    rows = [
        (one.dtype, format.plural(one.tensors, "tensor"), _count(one.parameters), format.size(one.size))
        for one in facts.dtypes
    ]
    yield from _block("tensors", _table(rows))
    if facts.entries:
        yield "entries", f"{len(facts.entries):,}"
    yield from _block("training", _training(facts.training) if facts.training is not None else [])
    if facts.trigger_words:
        yield "trigger words", ", ".join(facts.trigger_words)
    if facts.tags:
        yield "training tags", ", ".join(f"{tag} ({count:,})" for tag, count in facts.tags[:_MOST_TAGS])
    yield from _block("hashes", _table(facts.hashes))
    if facts.metadata:
        yield "metadata", f"{format.plural(len(facts.metadata), 'value')}, shown by --json"
    said = f"it is {facts.content.title}"
    yield from _block("remarks", [remark for remark in facts.remarks if remark != said])


def _block(label: str, lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Several lines under one label."""
    yield from ((label if not number else "", line) for number, line in enumerate(lines))


def _known(text: str) -> str:
    return "" if text == "unknown" else text


def _architecture(facts: ModelFacts) -> str:
    name = _known(facts.architecture)
    title = TITLES.get(name, "")
    shown = f"{title} ({name})" if title else name
    return ", ".join(filter(None, [shown, facts.variant]))


def _base_model(facts: ModelFacts) -> str:
    version = facts.training.base_version if facts.training is not None else ""
    return f"{facts.base_model} ({version})" if facts.base_model and version else facts.base_model or version


def _size(facts: ModelFacts) -> str:
    header = f", of which {format.size(facts.header_length)} are the header" if facts.header_length else ""
    return f"{format.exact_size(facts.length)}{header}"


def _parameters(facts: ModelFacts) -> str:
    if not facts.tensors:
        return ""
    return f"{_count(facts.parameters)} in {format.plural(len(facts.tensors), 'tensor')}"


def _count(number: int) -> str:
    """``2.57 B``: the number of parameters with three significant digits."""
    unit = next(((size, letter) for size, letter in _UNITS if number >= size), None)
    return f"{number}" if unit is None else f"{number / unit[0]:.3g} {unit[1]}"


def _training(training: Training) -> list[str]:
    def whole(number: float) -> str:
        return f"{number:,g}"

    network = [
        training.module,
        f"dim {whole(training.dim)}" if training.dim is not None else "",
        f"alpha {whole(training.alpha)}" if training.alpha is not None else "",
    ]
    course = [
        format.plural(training.steps, "step") if training.steps is not None else "",
        format.plural(training.epochs, "epoch") if training.epochs is not None else "",
        format.plural(training.images, "image") if training.images is not None else "",
        f"at {training.resolution}" if training.resolution else "",
    ]
    return [line for line in (", ".join(filter(None, network)), ", ".join(filter(None, course))) if line]


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "scalar"


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """The rows with aligned columns."""
    if not rows:
        return []
    widths = [max(map(format.cell_width, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)) for row in rows]


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - format.cell_width(cell))
