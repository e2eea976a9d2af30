"""Decides which files are removed with a reference, and which are kept for other references."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.library.identity import identity, left_by_first_fetcher, part_of
from anymatix_fetcher.library.names import parse_hashed_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from anymatix_fetcher.library.sidecar_format import Record


@dataclass(frozen=True, slots=True)
class Removal:
    """File names in one folder.

    Args:
        sidecars: The sidecars to remove.
        models: The models to remove.
        kept: The models that are kept because another sidecar names them.
    """

    sidecars: tuple[str, ...]
    models: tuple[str, ...]
    kept: tuple[str, ...]


def removal_of_reference(
    reference: str, records: Mapping[str, Record], names: Collection[str], auth: str = ""
) -> Removal:
    """The files of a reference: its sidecars, their models, and files with the hash of its URL in their names.

    This matches the first fetcher, except that it keeps a model with a hash in its name while another sidecar names it.

    Args:
        reference: The reference. A URL may have a token in its query that the sidecars don't have.
        records: The folder's sidecars by name.
        names: All names in the folder.
        auth: The additional parameters, as ``token=...``.
    """
    hashes = {identity(reference), *left_by_first_fetcher(reference, auth)}
    going = {name for name, record in records.items() if _is_of(name, record, reference, hashes)}
    models = {records[name].file_name for name in going}
    models |= {name for name in names if (hashed := parse_hashed_name(name)) and hashed.hex in hashes}
    return _split(going, {name for name in models if name}, records, names)


def removal_of_meant(
    is_meant: Callable[[Record], bool], records: Mapping[str, Record], names: Collection[str]
) -> Removal:
    """The sidecars with the meant records, and their models."""
    going = {name for name, record in records.items() if is_meant(record)}
    return _split(going, {model for name in going if (model := records[name].file_name)}, records, names)


def removal_of_model(model: str, records: Mapping[str, Record], names: Collection[str]) -> Removal:
    """The file itself, with every sidecar that names it."""
    going = {name for name, record in records.items() if record.file_name == model}
    return _split(going, {model}, records, names)


def _is_of(name: str, record: Record, reference: str, hashes: Collection[str]) -> bool:
    if name.removesuffix(".json") in hashes:
        return True
    if record.identities:
        return not {identity(reference), part_of(reference)}.isdisjoint(record.identities)
    url = record.url
    return url is not None and (reference == url or reference.startswith((f"{url}?", f"{url}&")))


def _split(
    going: Collection[str], models: Collection[str], records: Mapping[str, Record], names: Collection[str]
) -> Removal:
    needed = {record.file_name for name, record in records.items() if name not in going}
    there = sorted(set(models) & set(names))
    return Removal(
        sidecars=tuple(sorted(going)),
        models=tuple(name for name in there if name not in needed),
        kept=tuple(name for name in there if name in needed),
    )
