"""Triage: whether the first bytes of a download can be the beginning of what its name claims.

A wrong refusal is worse than a missed one. So only three things are refused: a document (a web page, an error, a
pointer) under a model's name, a format that the name's own loaders can't read, and a header that contradicts
itself or the file's length. Names that claim nothing are left alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from anymatix_fetcher.core.answers.explain import LOGIN_PAGE_HINT
from anymatix_fetcher.errors import NotAModelError
from anymatix_fetcher.formats import gguf, safetensors
from anymatix_fetcher.formats.claims import HEADED_SUFFIXES, TORCH_SUFFIXES, claimed_suffix
from anymatix_fetcher.formats.content import COMPRESSED, DOCUMENTS, ENOUGH, Content, recognize
from anymatix_fetcher.formats.documents import pointed_size
from anymatix_fetcher.formats.prefix import DamagedError, Prefix, ShortError
from anymatix_fetcher.formats.zip_directory import first_name

_STRICT = {name: Content.GGUF if name == ".gguf" else Content.SAFETENSORS for name in HEADED_SUFFIXES}
_ARCHIVE_SUFFIXES = (".zip", ".tar", ".7z")

_HINTS = {
    Content.WEB_PAGE: LOGIN_PAGE_HINT,
    Content.JSON: "Mostly this is a service's error: open the address, and give the token that it asks for.",
    Content.XML: "Mostly this is a store's error, such as a link that has expired: get a fresh one.",
    Content.PLAIN_ERROR: "Check the address, and give the token that the host asks for.",
    Content.GIT_LFS_POINTER: (
        "The address is of the text in the repository: on Hugging Face use /resolve/ instead of /raw/ or /blob/, on "
        "GitHub the media or the release address."
    ),
    Content.EMPTY: "Look at the address in a browser; the upload may have failed.",
    Content.ZEROS: "The upload was never finished, or the copy is damaged: look for another one.",
    Content.ZIP: "If it is a PyTorch checkpoint, give it a name that says so: -o NAME.ckpt; else it must be unpacked.",
    Content.PICKLE: "It is an older kind of checkpoint: give it a name that says so, -o NAME.ckpt.",
    Content.SAFETENSORS: "Give it the name that loaders go by: -o NAME.safetensors.",
    Content.GGUF: "Give it the name that loaders go by: -o NAME.gguf.",
}
_UNPACK_HINT = "Name it as the archive that it is with -o, and unpack it."
_COPY_HINT = "The copy there is damaged, or it is another kind of file: look for another one."


@dataclass(frozen=True, slots=True)
class Triage:
    """What the first bytes are, and whether they can be what the name claims.

    Args:
        content: What they are.
        needs: How many first bytes, at least, would tell more; 0 where nothing is left to tell.
        refusal: Why the download isn't worth going on with; ``None`` where it is, as far as can be told.
    """

    content: Content
    needs: int = 0
    refusal: NotAModelError | None = None


def triage(first: bytes, *, name: str, length: int | None = None) -> Triage:
    """What a file's beginning says, in the light of the name that it is to get.

    May be called again when more has arrived; a refusal is final. It reads from the start each time, so once for the
    first piece and once for ``needs`` bytes, where they come soon, is a good use of it.

    Args:
        first: The file's first bytes, as many as there are; 64 KiB tell nearly everything.
        name: What the file will be called; only its suffix counts.
        length: Bytes of the whole file, where known; where the body has ended, so many as there were.
    """
    name = name.rpartition("/")[2]
    suffix = claimed_suffix(name)
    prefix = Prefix(first, length)
    content = recognize(first, length=length)
    if suffix is None:
        return Triage(content)
    if len(first) < ENOUGH and not prefix.is_whole:
        return Triage(content, needs=ENOUGH if length is None else min(ENOUGH, length))
    if _is_refused(content, suffix):
        return Triage(content, refusal=_mismatch(prefix, content, name=name, suffix=suffix))
    return _read(prefix, content, name) if suffix in _STRICT else Triage(content)


def _is_refused(content: Content, suffix: str) -> bool:
    if suffix in _STRICT:
        return content is not _STRICT[suffix]
    if content in DOCUMENTS:
        return True
    if suffix in TORCH_SUFFIXES:
        # Tar is how the first versions of PyTorch wrote.
        return content is Content.ZEROS or content in COMPRESSED - {Content.TAR}
    return content in {Content.SEVEN_ZIP, Content.RAR} and suffix not in _ARCHIVE_SUFFIXES


def _mismatch(prefix: Prefix, content: Content, *, name: str, suffix: str) -> NotAModelError:
    claimed = _STRICT[suffix].title if suffix in _STRICT else "what its name says"
    what = content.title
    if content is Content.UNKNOWN:
        return NotAModelError(f"{name} doesn't begin as {claimed} does", hint=_COPY_HINT)
    if content is Content.GIT_LFS_POINTER and (size := pointed_size(prefix.data)) is not None:
        what += f" (of {size:,} bytes)"
    if content is Content.ZIP and (entry := first_name(prefix.data)):
        what += f" that begins with {_printable(entry)}"
    hint = _UNPACK_HINT if content in COMPRESSED else _HINTS.get(content, _COPY_HINT)
    return NotAModelError(f"{name} is {what}, not {claimed}", hint=hint)


def _read(prefix: Prefix, content: Content, name: str) -> Triage:
    try:
        if content is Content.SAFETENSORS:
            safetensors.read_header(prefix)
        elif content is Content.GGUF:
            gguf.read_header(prefix)
    except ShortError as short:
        return Triage(content, needs=short.stop)
    except DamagedError as damage:
        return Triage(content, refusal=not_loadable(damage, content, name))
    return Triage(content)


def not_loadable(damage: DamagedError, content: Content, name: str) -> NotAModelError:
    """The exception for a header that is broken."""
    called = name or "the file"
    return NotAModelError(
        f"{called} is {content.title} that can't be loaded: {damage.reason}", hint=damage.hint or _COPY_HINT
    )


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text[:80])
