"""The keywords of the library's calls, as people write them, made into settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from anymatix_fetcher.engine.forms import unknown
from anymatix_fetcher.engine.settings import GettingThere, Settings
from anymatix_fetcher.errors import ReferenceSyntaxError

if TYPE_CHECKING:
    from anymatix_fetcher.engine.settings import Options

TWO_FOLDERS = "Leave the directory away: the type's folder is below the models root."


def settings_of(**options: Unpack[Options]) -> Settings:
    """Settings from keywords as people write them.

    Raises:
        TypeError: There is no such keyword.
        ReferenceSyntaxError: A value can't be read, or two folders are named.
    """
    folder = options.get("directory")
    if options.get("type") and folder:
        raise ReferenceSyntaxError("a directory and a type are given, and each names a folder", hint=TWO_FOLDERS)
    if isinstance(folder, Path | str):
        options["directory"] = named_folder(folder)
    return Settings(**options)


def getting_there(**options: Unpack[GettingThere]) -> Settings:
    """The settings of calls that only have to get there.

    Raises:
        TypeError: There is no such keyword, or it isn't about that.
        ReferenceSyntaxError: A value can't be read.
    """
    for name in options:
        if name not in GettingThere.__annotations__:
            raise TypeError(unknown(name, GettingThere.__annotations__))
    return Settings(**options)


def named_folder(folder: Path | str | None) -> Path:
    """The folder that a caller names; without a part only where none is named, so "here" is its absolute path."""
    if folder is None or folder == "":
        return Path()
    path = Path(folder)
    return path if path.parts else path.absolute()
