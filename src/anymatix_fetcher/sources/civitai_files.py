"""The files of a Civitai version, as its API tells of them, and which of them is meant.

A download's address without a file's id lets the server guess, by the account's preferences, and then refuse what it
guessed; so the choice is made here, from what the API states, and told to the server by id
(https://developer.civitai.com/site/reference/model-versions).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.errors import NotFoundError, ReferenceSyntaxError
from anymatix_fetcher.sources.civitai_references import HASH_LENGTHS
from anymatix_fetcher.sources.repository import listing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from anymatix_fetcher.sources.civitai_references import CivitaiReference
    from anymatix_fetcher.sources.documents import Document

MODEL_TYPES = frozenset({"model", "pruned model", "diffusion model", "unet"})
"""The types of files that are the model itself, in lower case."""
_BYTES_PER_KIB = 1024


@dataclass(frozen=True, slots=True)
class CivitaiFile:
    """One file of a version.

    Args:
        id: What a download's address names it by.
        name: As Civitai has it; not safe.
        length: Bytes, where the API's figure is exact.
        is_primary: Whether it is the one that the page offers first.
        kinds: Its type, format, size, precision and quantisation, by the names that a download's query has for them.
        hashes: In lower case, by kind.
    """

    id: int
    name: str
    length: int | None
    is_primary: bool
    kinds: Mapping[str, str]
    hashes: Mapping[str, str]

    @property
    def digests(self) -> tuple[Digest, ...]:
        """One digest is enough, for all were computed from the same bytes: the first of SHA-256, BLAKE3 and CRC-32."""
        for algorithm in ("sha256", "blake3", "crc32"):
            if algorithm in self.hashes:
                return (Digest(algorithm, self.hashes[algorithm]),)
        return ()

    def __str__(self) -> str:
        kinds = ", ".join(f"{name}={value}" for name, value in self.kinds.items())
        return f"fileId={self.id} ({self.name[:100]}{', ' if kinds else ''}{kinds})"


def read_files(version: Document) -> tuple[CivitaiFile, ...]:
    """The version's files; none of one that was archived or taken down, which may have no list of them either.

    Raises:
        UnexpectedAnswerError: They can't be read.
    """
    return tuple(map(_file, version.items("files"))) if version.fields.get("files") is not None else ()


def choose(files: Sequence[CivitaiFile], reference: CivitaiReference) -> CivitaiFile:
    """The file that the reference means.

    It is the one with the id or the hash, where the reference has one. Else, of those that have all the properties that
    it asks for, the primary one; without a primary one and without a word in the reference, the first model file.

    Raises:
        NotFoundError: There is none; the hint says which there are.
        ReferenceSyntaxError: There are several, and nothing tells which.
    """
    if not files:
        raise NotFoundError(
            "Civitai offers no file of this version",
            hint="It was archived or taken down, or is for generation on the site only; the model's page tells.",
        )
    found = [file for file in files if _is_meant(file, reference)]
    if not found:
        raise NotFoundError("Civitai has no such file in this version", hint=f"There is: {listing(map(str, files))}.")
    primary = [file for file in found if file.is_primary]
    models = [file for file in found if file.kinds.get("type", "").lower() in MODEL_TYPES]
    if primary or len(found) == 1:
        return (primary or found)[0]
    if reference.preferences:
        raise ReferenceSyntaxError(
            f"{len(found)} files of this version are meant", hint=f"Choose one of: {listing(map(str, found))}."
        )
    return (models or found)[0]


def exact_length(size_kib: float | None) -> int | None:
    """Bytes, where a size in KiB was surely not rounded.

    A count of bytes divided by 1024 mostly has more than three decimals. With at most three, it is a multiple of 1/8,
    and might as well be a rounded figure. Beyond 32 TiB the number's own precision blurs the two.
    """
    if (
        size_kib is None
        or size_kib >= 1 << 35
        or (size_kib * 8).is_integer()
        or not (size_kib * _BYTES_PER_KIB).is_integer()
    ):
        return None
    return int(size_kib * _BYTES_PER_KIB)


def _is_meant(file: CivitaiFile, reference: CivitaiReference) -> bool:
    if reference.file is not None:
        return file.id == reference.file
    if reference.kind:
        return file.hashes.get(reference.kind) == reference.hash
    return all(file.kinds.get(name, "").lower() == value.lower() for name, value in reference.preferences)


def _file(document: Document) -> CivitaiFile:
    metadata, hashes = document.optional_part("metadata"), document.optional_part("hashes")
    kinds = {"type": document.optional_text("type")}
    kinds |= {name: metadata.optional_text(name) for name in ("format", "size", "fp", "quantType")}
    values = {kind.lower(): hashes.optional_text(kind).lower() for kind in hashes.fields}
    return CivitaiFile(
        id=document.number("id"),
        name=document.optional_text("name"),
        length=exact_length(document.optional_decimal("sizeKB")),
        is_primary=document.is_true("primary"),
        kinds={name: value for name, value in kinds.items() if value},
        hashes={kind: value for kind, value in values.items() if _is_hash(kind, value)},
    )


def _is_hash(kind: str, value: str) -> bool:
    return len(value) == HASH_LENGTHS.get(kind) and all(character in "0123456789abcdef" for character in value)
