"""Triage: whether the first bytes of a download can be the beginning of what its name claims.

A wrong refusal is worse than a missed one. Only three things are refused: a document (a web page, an error, a pointer)
under a model's name, a format that the name's loaders can't read, and a header that contradicts itself or the file's
length. Names that claim nothing are never refused.
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
    Content.JSON: ("This is usually a service's error: open the URL in a browser, and use the token that it asks for."),
    Content.XML: "This is usually a store's error, such as an expired link: get a fresh one.",
    Content.PLAIN_ERROR: "Check the URL, and use the token that the host asks for.",
    Content.GIT_LFS_POINTER: (
        "The URL is that of the text in the repository: on Hugging Face use /resolve/ instead of /raw/ or "
        "/blob/, on GitHub the media or the release URL."
    ),
    Content.EMPTY: "Open the URL in a browser; the upload may have failed.",
    Content.ZEROS: "The upload was never finished, or the copy is damaged: look for another one.",
    Content.ZIP: (
        "If it is a PyTorch checkpoint, give it a matching name: -o NAME.ckpt; otherwise it must be unpacked."
    ),
    Content.PICKLE: "It is an older kind of checkpoint: give it a matching name, -o NAME.ckpt.",
    Content.SAFETENSORS: "Give it the name that loaders expect: -o NAME.safetensors.",
    Content.GGUF: "Give it the name that loaders expect: -o NAME.gguf.",
}
_UNPACK_HINT = "Name it as the archive that it is with -o, and unpack it."
_COPY_HINT = "The copy at the server is damaged, or it is another kind of file: look for another one."


@dataclass(frozen=True, slots=True)
class Triage:
    """The content of the first bytes, and whether it can be what the name claims.

    Args:
        content: The kind of content.
        needs: The number of first bytes, at least, that would tell more; 0 if no more are needed.
        refusal: Why the download is pointless; ``None`` if it isn't, as far as known.
    """

    content: Content
    needs: int = 0
    refusal: NotAModelError | None = None


def triage(first: bytes, *, name: str, length: int | None = None) -> Triage:
    """Judges a file's beginning by the name that it will get.

    May be called again with more bytes; a refusal is final. Each call reads from the start, so call it once for the
    first piece and once for ``needs`` bytes.

    Args:
        first: The file's first bytes; 64 KiB are nearly always enough.
        name: The file's name; only its suffix counts.
        length: The file's size in bytes, if known; for a complete body, the size of ``first``.
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
        # The first versions of PyTorch wrote tar archives.
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
    """The exception for an invalid header."""
    called = name or "the file"
    return NotAModelError(
        f"{called} is {content.title} that can't be loaded: {damage.reason}", hint=damage.hint or _COPY_HINT
    )


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text[:80])
