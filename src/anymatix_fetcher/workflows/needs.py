"""What a workflow needs: models, their URLs, their folders, and the nodes that use them.

A workflow is untrusted text. Folders are made of safe path components before they are kept. A file's name can't leave
its folder, and is kept as its node spells it, because the node finds no other. Texts for people are truncated and made
printable, and a URL is a :class:`Url`, which redacts itself.
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
"""The current names of two of ComfyUI's folders (``map_legacy`` of its ``folder_paths.py``)."""


@dataclass(frozen=True, slots=True)
class NodeName:
    """A node as ComfyUI shows it.

    Args:
        path: Its id; within a subgraph preceded by the ids of the instances, as in ``11:3``. A subgraph that is used
            several times is read once, under the first path.
        type: Its class, such as ``CheckpointLoaderSimple``.
        title: The author's title; empty if there is none.
    """

    path: str
    type: str
    title: str = ""

    def __str__(self) -> str:
        return f"{self.title or self.type} ({self.path})"


@dataclass(frozen=True, slots=True)
class Need:
    """A model file that a workflow needs.

    Args:
        name: The name that the loader node will use below ``directory``: path components as in the workflow, joined by
            ``/``, that don't leave it; ``None`` if the server decides the name.
        url: The workflow's URL for it; ``None`` if it only names the file.
        directory: The folder's name in ComfyUI's table, such as ``checkpoints``; safe components joined by ``/``.
        digest: The digest that the workflow states.
        nodes: The nodes that use it; empty for an entry of the whole workflow that no node names.
    """

    name: str | None
    url: Url | None
    directory: str
    digest: Digest | None = None
    nodes: tuple[NodeName, ...] = ()

    @property
    def place(self) -> tuple[str, str | None]:
        """Folder and name, which two needs can only share if they are the same file."""
        return self.directory, self.name

    @property
    def portable(self) -> str | None:
        """The name in a form that is valid on every system."""
        return None if self.name is None else _safe_path(self.name, what="name")

    def __str__(self) -> str:
        return f"{self.directory}/{self.name or '...'}"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Needs for one path that differ in URL, or in a digest of one algorithm; there are at least two."""

    directory: str
    name: str
    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class Requirements:
    """Everything that a workflow needs.

    Args:
        needs: What can be fetched, each once, in the order of the workflow, including those in a conflict.
        without_address: Models without a URL in the workflow.
        conflicts: Paths that two or more of ``needs`` claim.
        remarks: What was left out, and why, one sentence each, safe to print.
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
    """The folder that a workflow names, under its current name.

    Raises:
        ValueError: It leaves the models folder, or contains code; the message completes "it is left out: ...".
    """
    first, slash, rest = _safe_path(text, what="folder").partition("/")
    if folded(first) in FORBIDDEN_FOLDERS:
        raise ValueError(f"nothing is fetched into {first}")
    return RENAMED_FOLDERS.get(first, first) + slash + rest


def asked_file(text: str) -> str:
    """The file name as in the workflow, with ``/`` as the separator.

    Raises:
        ValueError: It leaves its folder, or is empty; the message completes "it is left out: ...".
    """
    _safe_path(text, what="name")
    return text.strip().replace("\\", "/")


def safe_url(text: str) -> Url:
    """The URL.

    Raises:
        ValueError: It can't be fetched; the message completes "it has no address: ...".
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
