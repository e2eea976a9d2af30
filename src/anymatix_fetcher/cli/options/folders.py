"""Options about model folders: the folder, the file name, and the use of existing copies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.display.help_layout import Misuse
from anymatix_fetcher.cli.options.network import option
from anymatix_fetcher.cli.options.parameters import complete_type
from anymatix_fetcher.cli.options.places import extra_paths_option, models_option
from anymatix_fetcher.library.hash_named import parse_hash_reference
from anymatix_fetcher.library.names import Naming

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

LINKS = ("auto", "never")


@dataclass(frozen=True, slots=True)
class Folders:
    """The values of the folder options; the fields are those of ``Settings``."""

    type: str = ""
    models: Path | None = None
    extra_paths: tuple[Path, ...] = ()
    naming: Naming = Naming.PLAIN
    folder: str = ""
    links: bool = True
    sidecar: bool = False

    def check(self, references: Sequence[str], *, directory: Path | None, output: Path | None) -> None:
        """Checks that the options name one destination.

        Raises:
            Misuse: They name two, or ``--models`` is given without a type or folder.
        """
        if self.type and directory is not None:
            raise Misuse(
                "--type and --directory each name a folder",
                "Leave one of them out; use --models DIR to move all types.",
            )
        if self.folder and output is not None:
            raise Misuse("--folder and --output each name a path", "Leave one of them out.")
        is_led = bool(self.type or directory is not None or output is not None)
        if (self.models or self.extra_paths) and not is_led and not all(map(parse_hash_reference, references)):
            raise Misuse(
                "--models names the models root, but not the folder below it",
                "Add --type lora, checkpoint, vae, ..., or --type auto to take the source's type.",
            )


def folder_options(command: Callable[..., int]) -> Callable[..., int]:
    """Adds the options about model folders to ``command``, and passes their values as one argument ``folders``."""

    @wraps(command)
    def with_folders(
        *arguments: object,
        type: str,  # noqa: A002 - the option's name
        models: Path | None,
        extra_paths: tuple[Path, ...],
        naming: str,
        folder: str,
        link: str,
        sidecar: bool,
        **others: object,
    ) -> int:
        folders = Folders(type, models, extra_paths, Naming(naming), folder, link != "never", sidecar)
        return command(*arguments, folders=folders, **others)

    declared: Callable[..., int] = with_folders
    for declare in reversed(_FOLDER_OPTIONS):
        declared = declare(declared)
    return declared


_GROUP = "Model folders"
_FOLDER_OPTIONS = (
    option(
        _GROUP,
        "-t",
        "--type",
        shell_complete=complete_type,
        metavar="TYPE",
        default="",
        help="The model type (checkpoint, lora, vae, ...) or a folder name: selects a folder below the models "
        "root. auto takes the type from the source.",
    ),
    models_option(_GROUP),
    extra_paths_option(_GROUP),
    option(
        _GROUP,
        "--folder",
        metavar="TEMPLATE",
        default="",
        help="Subfolders, as in '{base_model}', and the file name, as in '{base_model}/{name}'.",
    ),
    option(
        _GROUP,
        "--naming",
        type=click.Choice([naming.value for naming in Naming]),
        default=Naming.PLAIN.value,
        help="plain: the server's name; anymatix: the same with the SHA-256 appended. [default: plain]",
    ),
    option(
        _GROUP,
        "--link",
        type=click.Choice(LINKS),
        default="auto",
        help="auto: if a file with the expected digest is already here, make a reflink or a copy of it, or a "
        "hard link within the models root (an edit then changes both). never: always download. [default: "
        "auto]",
    ),
    option(
        _GROUP,
        "--sidecar",
        is_flag=True,
        help="Write a sidecar with the file's origin, which is always done below the models root.",
    ),
)
