"""Options about models: which folder a file goes to, what it is called there, and whether it is here already."""

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
    """What the user said of models' folders; the fields are those of ``Settings``."""

    type: str = ""
    models: Path | None = None
    extra_paths: tuple[Path, ...] = ()
    naming: Naming = Naming.PLAIN
    folder: str = ""
    links: bool = True
    sidecar: bool = False

    def check(self, references: Sequence[str], *, directory: Path | None, output: Path | None) -> None:
        """Makes sure that the file has one destination.

        Raises:
            Misuse: It has two, or the models root is named and nothing leads there.
        """
        if self.type and directory is not None:
            raise Misuse(
                "--type and --directory each name a folder", "leave one of them away; --models DIR moves types"
            )
        if self.folder and output is not None:
            raise Misuse("--folder and --output each name a path", "leave one of them away")
        is_led = bool(self.type or directory is not None or output is not None)
        if (self.models or self.extra_paths) and not is_led and not all(map(parse_hash_reference, references)):
            raise Misuse(
                "--models says where models are, but not in which of their folders this one belongs",
                "add --type lora, checkpoint, vae, ...; or --type auto to take the source's word",
            )


def folder_options(command: Callable[..., int]) -> Callable[..., int]:
    """Gives ``command`` the options about models' folders, and their values as one argument ``folders``."""

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


_GROUP = "Where models belong"
_FOLDER_OPTIONS = (
    option(
        _GROUP,
        "-t",
        "--type",
        shell_complete=complete_type,
        metavar="TYPE",
        default="",
        help="What it is (checkpoint, lora, vae, ...) or a folder's name: it goes to that folder below the models "
        "root. auto takes the source's word.",
    ),
    models_option(_GROUP),
    extra_paths_option(_GROUP),
    option(
        _GROUP,
        "--folder",
        metavar="TEMPLATE",
        default="",
        help="Folders below that, as '{base_model}', and the name, as '{base_model}/{name}'.",
    ),
    option(
        _GROUP,
        "--naming",
        type=click.Choice([naming.value for naming in Naming]),
        default=Naming.PLAIN.value,
        help="plain: the server's name; anymatix: the same with the content's SHA-256 at its end. [default: plain]",
    ),
    option(
        _GROUP,
        "--link",
        type=click.Choice(LINKS),
        default="auto",
        help="auto: a file whose digest says that it is here already is a reflink of it or a copy, or, within the "
        "models root only, a hard link: whoever edits one of these edits both. never: it is downloaded. "
        "[default: auto]",
    ),
    option(
        _GROUP,
        "--sidecar",
        is_flag=True,
        help="Write beside the file where it came from, as is done below the models root always.",
    ),
)
