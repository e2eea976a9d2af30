"""Inspection: a generator that requests spans of a file and returns the facts in its header.

It works on files as well as over HTTP, and requests little: only the header, which is one or two ranges for most
models. ::

    inspection = inspect(length, name)
    span = next(inspection)
    while True:
        span = inspection.send(read(span))    # ends with StopIteration; its value is the ModelFacts
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.formats import gguf, safetensors
from anymatix_fetcher.formats.content import Content, recognize
from anymatix_fetcher.formats.facts import ModelFacts
from anymatix_fetcher.formats.gguf import GgufHeader, LongArray
from anymatix_fetcher.formats.pickles import MAY_RUN_CODE, RUNS_CODE, holds_pickle, may_be_pickle
from anymatix_fetcher.formats.prefix import DamagedError, Prefix, ShortError
from anymatix_fetcher.formats.recognition import recognize_gguf, recognize_model
from anymatix_fetcher.formats.splits import part_by_metadata, part_by_name
from anymatix_fetcher.formats.training import hashes_in, tags_in, training_in, trigger_words_in
from anymatix_fetcher.formats.triage import not_loadable
from anymatix_fetcher.formats.zip_directory import TAIL_SIZE, find_directory, read_entries

if TYPE_CHECKING:
    from collections.abc import Generator

FIRST_SIZE = 64 * 1024
"""The size of the first request, which covers the header of most LoRAs, VAEs and quantized models."""

MAX_SAFETENSORS_SIZE = 8 * 1024 * 1024
MAX_GGUF_SIZE = 16 * 1024 * 1024
MAX_ZIP_DIRECTORY_SIZE = 4 * 1024 * 1024
"""The limit on the size of a zip directory; entries behind it are missing from the facts, with a remark."""

GROWTH = 4
"""GGUF doesn't state the header's length, so each range extends this many times as far as the one before."""

Inspection: TypeAlias = "Generator[Span, bytes, ModelFacts]"


def inspect(length: int, name: str = "") -> Inspection:
    """The facts in the header of a file of ``length`` bytes. Yields the spans to read, and receives their bytes.

    Args:
        length: The file's size in bytes.
        name: The file's name, which resolves ambiguities.

    Raises:
        NotAModelError: The header violates its format, or the file ends within it.
        ValueError: The number of bytes received isn't that requested.
    """
    first = b""
    if length:
        first = yield from _read(Span(0, min(FIRST_SIZE, length)))
    content = recognize(first, length=length)
    try:
        if content is Content.SAFETENSORS:
            return _as_part((yield from _safetensors(Prefix(first, length), length)), name)
        if content is Content.GGUF:
            return _as_part((yield from _gguf(Prefix(first, length), length)), name)
        if content is Content.ZIP:
            return (yield from _zip(first, length))
    except DamagedError as damage:
        raise not_loadable(damage, content, name) from None
    if content is Content.UNKNOWN and may_be_pickle(name):
        return ModelFacts(content, length, runs_code=True, remarks=(MAY_RUN_CODE,))
    is_pickle = content is Content.PICKLE
    return ModelFacts(
        content, length, runs_code=is_pickle, remarks=(RUNS_CODE if is_pickle else f"it is {content.title}",)
    )


def inspect_bytes(data: bytes, name: str = "") -> ModelFacts:
    """The facts in the header of a file in memory.

    Raises:
        NotAModelError: The header violates its format.
    """
    inspection = inspect(len(data), name)
    try:
        span = next(inspection)
        while True:
            span = inspection.send(data[span.start : span.stop])
    except StopIteration as end:
        facts: ModelFacts = end.value
        return facts


def _read(span: Span) -> Generator[Span, bytes, bytes]:
    data = yield span
    if len(data) != len(span):
        raise ValueError(f"asked for {len(span)} bytes, was sent {len(data)}")
    return data


def _safetensors(prefix: Prefix, length: int) -> Inspection:
    stop = min(safetensors.header_stop(prefix), MAX_SAFETENSORS_SIZE)
    if stop > len(prefix.data):
        prefix = Prefix(prefix.data + (yield from _read(Span(len(prefix.data), stop))), length)
    header = safetensors.read_header(prefix, cap=MAX_SAFETENSORS_SIZE)
    metadata = header.metadata
    recognized = recognize_model(header.tensors, metadata)
    training = training_in(metadata)
    return ModelFacts(
        Content.SAFETENSORS,
        length,
        header_length=header.data_start,
        complete=header.complete,
        kind=recognized.kind,
        architecture=recognized.architecture,
        variant=recognized.variant,
        base_model=training.base_model if training else "",
        title=metadata.get("modelspec.title", "")[:200],
        tensors=header.tensors,
        training=training,
        trigger_words=trigger_words_in(metadata),
        tags=tags_in(metadata),
        hashes=hashes_in(metadata),
        metadata=metadata,
        remarks=(*header.remarks, *_missing(header.complete, len(prefix.data))),
    )


def _gguf(prefix: Prefix, length: int) -> Inspection:
    while True:
        try:
            header = gguf.read_header(prefix, cap=MAX_GGUF_SIZE)
            break
        except ShortError as short:
            here = len(prefix.data)
            stop = min(max(here * GROWTH, short.stop), MAX_GGUF_SIZE, length)
            prefix = Prefix(prefix.data + (yield from _read(Span(here, stop))), length)
    metadata = {key: _as_text(value) for key, value in header.metadata.items()}
    recognized = recognize_gguf(header.architecture, header.tensors, metadata)
    return ModelFacts(
        Content.GGUF,
        length,
        header_length=header.data_start,
        complete=header.complete,
        kind=recognized.kind,
        architecture=recognized.architecture,
        variant=recognized.variant,
        base_model=header.text("general.base_model.0.name"),
        title=header.text("general.name"),
        quantization=header.quantization,
        tensors=header.tensors,
        trigger_words=trigger_words_in(metadata),
        metadata=metadata,
        remarks=(*_oddities(header), *header.remarks, *_missing(header.complete, len(prefix.data))),
    )


def _zip(first: bytes, length: int) -> Inspection:
    start = max(0, length - TAIL_SIZE)
    tail = yield from _read_again(first, Span(start, length))
    directory = find_directory(tail, length)
    wanted = Span(directory.start, min(directory.stop, directory.start + MAX_ZIP_DIRECTORY_SIZE))
    if wanted.start >= start:
        listed = tail[wanted.start - start : wanted.stop - start]
    else:
        listed = yield from _read_again(first, wanted)
    entries = read_entries(listed)
    runs_code = holds_pickle(tuple(entry.name for entry in entries))
    complete = wanted == directory
    remarks = ((RUNS_CODE,) if runs_code else ()) + _missing(complete, len(wanted))
    return ModelFacts(Content.ZIP, length, complete=complete, entries=entries, runs_code=runs_code, remarks=remarks)


def _read_again(first: bytes, span: Span) -> Generator[Span, bytes, bytes]:
    """The span's bytes, requested only if they aren't among the first ones."""
    if span.stop <= len(first):
        return first[span.start : span.stop]
    return (yield from _read(span))


def _as_part(facts: ModelFacts, name: str) -> ModelFacts:
    """The facts, with a remark if the file is one part of a model."""
    part = part_by_metadata(facts.metadata) or part_by_name(name.rpartition("/")[2])
    return facts if part is None else replace(facts, remarks=(f"it is {part}", *facts.remarks))


def _missing(complete: bool, size: int) -> tuple[str, ...]:  # noqa: FBT001 - of the caller's own facts
    return () if complete else (f"the header is longer than the {size:,} bytes that were read of it",)


def _oddities(header: GgufHeader) -> tuple[str, ...]:
    return () if header.byte_order == "little" else ("it is written for big-endian machines",)


def _as_text(value: gguf.Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, LongArray):
        return f"({value.count:,} values)"
    if isinstance(value, tuple):
        return ", ".join(map(_as_text, value))
    return str(value)
