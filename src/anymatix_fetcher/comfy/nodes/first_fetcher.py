"""What the nodes of the first AnymatixFetcher do, by whose contract its workflows and its app go on working.

``AnymatixFetcher`` takes ``{"url": ..., "type": ..., "auth": ...}`` and returns the file's absolute path. Two types are
no single files: a pack of voices, and what annotators load. ``sha256://HEX`` asks for a file that is here.
"""

from __future__ import annotations

import asyncio
import re
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from anymatix_fetcher.comfy.folders import child
from anymatix_fetcher.comfy.nodes.bringing import FileWish, ModelFetchError, bring, path_of
from anymatix_fetcher.comfy.nodes.confidential import vault
from anymatix_fetcher.comfy.nodes.marks import marks
from anymatix_fetcher.comfy.nodes.places import (
    annotators_folder,
    below_models,
    folder_of,
    folders_of,
    is_there,
)
from anymatix_fetcher.comfy.nodes.telling import NodeTelling
from anymatix_fetcher.comfy.process import ServerUnavailableError
from anymatix_fetcher.library.hash_named import find_hash_named, parse_hash_reference
from anymatix_fetcher.library.identity import effective_url
from anymatix_fetcher.workflows.anymatix import CHATTERBOX_FILES, CHATTERBOX_FOLDER, FOLDERS

if TYPE_CHECKING:
    from collections.abc import Mapping

CHATTERBOX, ANNOTATOR = "chatterbox_model_pack", "dwpose_aux"
_ANNOTATOR_URL = re.compile(r"https://huggingface\.co/([^/?#]+)/([^/?#]+)/resolve/main/([^?#]+)")
_DISK_FULL = "DiskFullError"


async def fetched(url: Mapping[str, Any], node: str | None) -> str:
    """The absolute path of what a dictionary names; of a pack its name, of an annotator's file that file's name.

    Raises:
        ModelFetchError: It can't be had.
        FileNotFoundError: No file of that hash is here.
        ValueError: The dictionary can't be read.
    """
    address, kind, auth = _read(url)
    found = await _fetched(address, kind, auth, node)
    _note_brought(address, kind, auth)
    return found


async def fetched_checkpoint(url: str, auth: str, node: str | None) -> str:
    """The absolute path of a checkpoint.

    Raises:
        ModelFetchError: It can't be had.
    """
    base, tail = _split_token(vault.revealed(url), vault.revealed(auth))
    path = await _model(base, tail, "checkpoint", node)
    _note_brought(base, "checkpoint", tail)
    return path


def mark_of(url: object) -> object:
    """The hash of the effective URL of a dictionary while its file is there; else a NaN."""
    try:
        return _mark_of(*_read(url))
    except (ValueError, OSError):
        return float("nan")


def mark_of_checkpoint(url: str, auth: str) -> object:
    """The same of the older node's inputs."""
    base, tail = _split_token(vault.revealed(url), vault.revealed(auth))
    return _mark_of(base, "checkpoint", tail)


async def _fetched(address: str, kind: str, auth: str, node: str | None) -> str:
    if kind == CHATTERBOX:
        return await _pack(address, node)
    if kind == ANNOTATOR:
        return await _annotator(address, auth, node)
    if kind not in FOLDERS:
        raise ValueError(f"{kind!r} is no type of model: it is one of {', '.join((*FOLDERS, CHATTERBOX, ANNOTATOR))}")
    digits = parse_hash_reference(address)
    if digits is not None:
        return str(await asyncio.to_thread(_hash_named, FOLDERS[kind], digits, address))
    return await _model(address, auth, kind, node)


def _note_brought(address: str, kind: str, auth: str) -> None:
    """What ``IS_CHANGED`` has said before the run counts as the file's mark, now that it is here."""
    mark = _mark_of(address, kind, auth)
    if isinstance(mark, str):
        marks.brought(mark)


# What is asked for ----------------------------------------------------------------------------------------


def _read(wish: object) -> tuple[str, str, str]:
    """Address, type and authorization of a node's dictionary, with its secrets.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(wish, dict):
        raise ValueError("the input is a dictionary: {'url': ..., 'type': ...}")  # noqa: TRY004 - ComfyUI shows it as it is
    address, kind, auth = wish.get("url"), wish.get("type"), wish.get("auth")
    if not isinstance(address, str) or not address.strip() or not isinstance(kind, str):
        raise ValueError("the dictionary needs a 'url' and a 'type'")
    return vault.revealed(address).strip(), kind, vault.revealed(auth) if isinstance(auth, str) else ""


def _split_token(url: str, auth: str) -> tuple[str, str]:
    """The URL without the token that older workflows have in it, and that token where there is nothing better."""
    parts = urlsplit(url.strip())
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    rest = [pair for pair in pairs if pair[0] != "token"]
    if rest == pairs:
        return url.strip(), auth
    legacy = urlencode([pair for pair in pairs if pair[0] == "token"])
    return urlunsplit(parts._replace(query=urlencode(rest))), auth or legacy


def _effective(address: str, auth: str) -> str:
    return effective_url(address, auth) if auth else address


def _mark_of(address: str, kind: str, auth: str) -> object:
    mark = _hash(_effective(address, auth) if kind != CHATTERBOX else address)
    return mark if _is_here(address, kind, auth) else marks.missing(mark)


def _is_here(address: str, kind: str, auth: str) -> bool:
    """Whether there is a file for it, as far as that costs nothing."""
    if kind == CHATTERBOX:
        return (below_models(CHATTERBOX_FOLDER) / CHATTERBOX_FILES[0]).is_file()
    if kind == ANNOTATOR:
        return _annotator_path(address).is_file()
    if kind not in FOLDERS:
        return False
    digits = parse_hash_reference(address)
    if digits is not None:
        return _found(FOLDERS[kind], digits) is not None
    return is_there(address, auth, folder_of(FOLDERS[kind]))


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


# Bringing it ----------------------------------------------------------------------------------------------


async def _model(address: str, auth: str, kind: str, node: str | None) -> str:
    """The path of one model."""
    folder = folder_of(FOLDERS[kind])
    wish = FileWish(reference=address, type=FOLDERS[kind], naming="anymatix", auth=auth)
    telling = NodeTelling(node)
    try:
        path = path_of(await bring(child, wish, telling.tell))
    except (ModelFetchError, ServerUnavailableError) as error:
        raise explained(error, kind, folder, address) from None
    telling.end(Path(path).name)
    return path


async def _pack(address: str, node: str | None) -> str:
    """The name of the pack of voices, when all its files are there."""
    folder, base = below_models(CHATTERBOX_FOLDER), address.rstrip("/")
    missing = [name for name in CHATTERBOX_FILES if not (folder / name).is_file()]
    telling = NodeTelling(node)
    wishes = [FileWish(reference=f"{base}/resolve/main/{name}", directory=str(folder), output=name) for name in missing]
    try:
        async with asyncio.TaskGroup() as tasks:
            for wish in wishes:
                tasks.create_task(bring(child, wish, telling.tell))
    except BaseExceptionGroup as group:
        raise _first(group, CHATTERBOX, folder, address) from None
    telling.end(folder.name)
    return folder.name


async def _annotator(address: str, auth: str, node: str | None) -> str:
    """The name of an annotator's file, which lies where its pack looks for it."""
    path = _annotator_path(address)
    if not path.is_file():
        telling = NodeTelling(node)
        wish = FileWish(reference=address, directory=str(path.parent), output=path.name, auth=auth)
        try:
            await bring(child, wish, telling.tell)
        except (ModelFetchError, ServerUnavailableError) as error:
            raise explained(error, ANNOTATOR, path.parent, address) from None
        telling.end(path.name)
    return path.name


def _annotator_path(address: str) -> Path:
    """Where an annotator's file belongs.

    Raises:
        ValueError: It is no file of a repository.
    """
    match = _ANNOTATOR_URL.match(address)
    parts = [part for text in match.groups() for part in text.split("/")] if match else []
    if not parts or any(part in ("", ".", "..") or "\\" in part for part in parts):
        raise ValueError(f"{ANNOTATOR}: the url is https://huggingface.co/ORG/REPO/resolve/main/FILE")
    return annotators_folder().joinpath(*parts)


def _found(folder: str, digits: str) -> Path | None:
    from anymatix_fetcher.storage.os_disk import OsDisk  # noqa: PLC0415 - not when ComfyUI starts

    return find_hash_named(folders_of(folder), digits, OsDisk())


def _hash_named(folder: str, digits: str, address: str) -> Path:
    found = _found(folder, digits)
    if found is None:
        raise FileNotFoundError(
            f"No model file found for {address} under folder_paths[{folder}]. "
            f"Put the file there under the name {digits}, with its extension."
        )
    return found


# What went wrong ------------------------------------------------------------------------------------------


def explained(
    error: ModelFetchError | ServerUnavailableError, kind: str, folder: Path, address: str
) -> ModelFetchError:
    """The error in the words that the first fetcher's app reads."""
    named = error.kind if isinstance(error, ModelFetchError) else type(error).__name__
    what = str(error)
    if named == _DISK_FULL:
        what = f"No space left on device.\n[ANYMATIX_STORAGE_FULL:{folder}]"
    return ModelFetchError(named, f"Failed to download {kind} model: {what}\nURL: {base_of(address)}")


def base_of(address: str) -> str:
    """The address as it may be shown."""
    from anymatix_fetcher.core.answers.secrecy import recordable  # noqa: PLC0415 - when something went wrong

    return recordable(address)


def _first(group: BaseExceptionGroup[BaseException], kind: str, folder: Path, address: str) -> BaseException:
    """The error of a group that says most: ComfyUI's interrupt before all others."""
    errors = list(group.exceptions)
    ours = [error for error in errors if isinstance(error, ModelFetchError | ServerUnavailableError)]
    others = [error for error in errors if error not in ours]
    return others[0] if others else explained(ours[0], kind, folder, address)
