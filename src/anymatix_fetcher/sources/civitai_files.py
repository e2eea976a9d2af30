"""The files of a Civitai version according to the API, and the choice among them.

For a download URL without a file id the server guesses by the account's preferences, and then may refuse its own guess.
So the choice is made here from the API's facts, and sent to the server as an id
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
"""The file types that are the model itself, in lower case."""
_BYTES_PER_KIB = 1024


@dataclass(frozen=True, slots=True)
class CivitaiFile:
    """One file of a version.

    Args:
        id: The id in its download URL.
        name: Its name at Civitai, not sanitized.
        length: In bytes, if the API's figure is exact.
        is_primary: Whether the page offers it first.
        kinds: Its type, format, size, precision and quantisation, by their names in a download URL's query.
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
        """The first of SHA-256, BLAKE3 and CRC-32. One suffices, because all cover the same bytes."""
        for algorithm in ("sha256", "blake3", "crc32"):
            if algorithm in self.hashes:
                return (Digest(algorithm, self.hashes[algorithm]),)
        return ()

    def __str__(self) -> str:
        kinds = ", ".join(f"{name}={value}" for name, value in self.kinds.items())
        return f"fileId={self.id} ({self.name[:100]}{', ' if kinds else ''}{kinds})"


def read_files(version: Document) -> tuple[CivitaiFile, ...]:
    """The version's files; empty for an archived version, which may lack the list.

    Raises:
        UnexpectedAnswerError: The list can't be parsed.
    """
    return tuple(map(_file, version.items("files"))) if version.fields.get("files") is not None else ()


def choose(files: Sequence[CivitaiFile], reference: CivitaiReference) -> CivitaiFile:
    """The file that the reference selects.

    With an id or a hash, that file. Otherwise the primary file among those with all requested properties; without a
    primary one and without requested properties, the first model file.

    Raises:
        NotFoundError: There is none; the hint lists the files.
        ReferenceSyntaxError: Several files match.
    """
    if not files:
        raise NotFoundError(
            "Civitai offers no file of this version",
            hint="It was archived or taken down, or can only be used on the site; the model's page says which.",
        )
    found = [file for file in files if _is_meant(file, reference)]
    if not found:
        raise NotFoundError(
            "Civitai has no such file in this version", hint=f"The version has: {listing(map(str, files))}."
        )
    primary = [file for file in found if file.is_primary]
    models = [file for file in found if file.kinds.get("type", "").lower() in MODEL_TYPES]
    if primary or len(found) == 1:
        return (primary or found)[0]
    if reference.preferences:
        raise ReferenceSyntaxError(
            f"{len(found)} files of this version match", hint=f"Choose one of: {listing(map(str, found))}."
        )
    return (models or found)[0]


def exact_length(size_kib: float | None) -> int | None:
    """The exact size in bytes; ``None`` if the size in KiB may have been rounded.

    A byte count divided by 1024 usually has more than three decimals. With at most three it is a multiple of 1/8, and
    may as well be rounded. Above 32 TiB the precision of floating point hides the difference.
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
