"""What a workflow needs, as values: a model, where it comes from, where it belongs, and which nodes ask for it.

Everything in a workflow is somebody else's text. Folders are made of safe path components before they are kept. A
file's name leads nowhere else, and is kept as its node asks for it, for the node finds no other. Texts for people are
cut and made printable, and an address is a :class:`Url`, which redacts itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.filenames import safe_name
from anymatix_fetcher.core.values.forbidden import FORBIDDEN_FOLDERS, folded
from anymatix_fetcher.core.values.urls import Url

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.digests import Digest

MAX_SHOWN_LENGTH = 80
MAX_PATH_LENGTH = 1024

RENAMED_FOLDERS = {"unet": "diffusion_models", "clip": "text_encoders"}
"""What ComfyUI calls two folders today (``map_legacy`` of its ``folder_paths.py``)."""


@dataclass(frozen=True, slots=True)
class NodeName:
    """A node as ComfyUI shows it.

    Args:
        path: Its id; inside a subgraph the ids of the instances that lead there come first, as in ``11:3``. A subgraph
            that is used several times is read once, under the path that was found first.
        type: Its class, such as ``CheckpointLoaderSimple``.
        title: What the author calls it; empty where it has no title of its own.
    """

    path: str
    type: str
    title: str = ""

    def __str__(self) -> str:
        return f"{self.title or self.type} ({self.path})"


@dataclass(frozen=True, slots=True)
class Need:
    """One model file that a workflow needs.

    Args:
        name: What the loader node will ask for, below ``directory``: path components as the workflow has them, none of
            which leads elsewhere, joined by ``/``; ``None`` where the workflow leaves the name to the server.
        url: Where the workflow says that it is; ``None`` where it names the file alone.
        directory: The folder's name in ComfyUI's own table, such as ``checkpoints``; safe components, joined by ``/``.
        digest: What the workflow says that it must have.
        nodes: Who asks for it; empty for an entry of the workflow as a whole that no node names.
    """

    name: str | None
    url: Url | None
    directory: str
    digest: Digest | None = None
    nodes: tuple[NodeName, ...] = ()

    @property
    def place(self) -> tuple[str, str | None]:
        """Folder and name: what two needs can't both have, unless they are the same file."""
        return self.directory, self.name

    @property
    def portable(self) -> str | None:
        """The name as a file can be called on every system."""
        return None if self.name is None else _safe_path(self.name, what="name")

    def __str__(self) -> str:
        return f"{self.directory}/{self.name or '...'}"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Needs for one place that differ in address, or in a digest of one algorithm; there are at least two."""

    directory: str
    name: str
    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class Requirements:
    """All that a workflow needs.

    Args:
        needs: What can be fetched, each once, in the order of the workflow; those in a conflict too.
        without_address: What a node names, but nothing in the workflow gives an address for.
        conflicts: Places that two or more of ``needs`` claim.
        remarks: What was left out and why, one sentence each, safe to show.
    """

    needs: tuple[Need, ...] = ()
    without_address: tuple[Need, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    remarks: tuple[str, ...] = ()


def shown(text: str) -> str:
    """The text on one printable line of at most 80 characters."""
    line = "".join(character if character.isprintable() else " " for character in text[: 2 * MAX_SHOWN_LENGTH]).strip()
    return line if len(line) <= MAX_SHOWN_LENGTH else f"{line[: MAX_SHOWN_LENGTH - 3]}..."


def safe_folder(text: str) -> str:
    """The folder that a workflow names, under its name of today.

    Raises:
        ValueError: It leads elsewhere, or where code is; the message completes "it is left out: ...".
    """
    first, slash, rest = _safe_path(text, what="folder").partition("/")
    if folded(first) in FORBIDDEN_FOLDERS:
        raise ValueError(f"nothing is fetched into {first}")
    return RENAMED_FOLDERS.get(first, first) + slash + rest


def asked_file(text: str) -> str:
    """The name that a workflow gives a file, as it is, with ``/`` between folders and file.

    Raises:
        ValueError: It leads elsewhere, or there is nothing of it; the message completes "it is left out: ...".
    """
    _safe_path(text, what="name")
    return text.strip().replace("\\", "/")


def safe_url(text: str) -> Url:
    """The address.

    Raises:
        ValueError: It can't be fetched from; the message completes "it has no address: ...".
    """
    return Url.parse(text.strip())


def _safe_path(text: str, *, what: str) -> str:
    if len(text) > MAX_PATH_LENGTH:
        raise ValueError(f"its {what} is too long")
    components = [safe_name(component) for component in text.strip().replace("\\", "/").split("/")]
    safe = [component for component in components if component is not None]
    if len(safe) < len(components):
        raise ValueError(f"its {what} isn't a path below the models folder")
    return "/".join(safe)
