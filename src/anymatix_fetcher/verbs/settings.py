"""Converts keyword arguments to settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from anymatix_fetcher.engine.forms import unknown
from anymatix_fetcher.engine.settings import GettingThere, Settings
from anymatix_fetcher.errors import ReferenceSyntaxError

if TYPE_CHECKING:
    from anymatix_fetcher.engine.settings import Options

TWO_FOLDERS = "Leave out the directory: the type selects a folder below the models root."


def settings_of(**options: Unpack[Options]) -> Settings:
    """The settings for keyword arguments.

    Raises:
        TypeError: A keyword is unknown.
        ReferenceSyntaxError: A value can't be parsed, or two folders are named.
    """
    folder = options.get("directory")
    if options.get("type") and folder:
        raise ReferenceSyntaxError("a directory and a type are given, and each names a folder", hint=TWO_FOLDERS)
    if isinstance(folder, Path | str):
        options["directory"] = named_folder(folder)
    return Settings(**options)


def getting_there(**options: Unpack[GettingThere]) -> Settings:
    """The settings of functions that only use the network.

    Raises:
        TypeError: A keyword is unknown, or isn't about the network.
        ReferenceSyntaxError: A value can't be parsed.
    """
    for name in options:
        if name not in GettingThere.__annotations__:
            raise TypeError(unknown(name, GettingThere.__annotations__))
    return Settings(**options)


def refuse_headers(options: GettingThere, what: str) -> None:
    """Refuses header fields if ``what``, a file that others may have written, names the hosts.

    Raises:
        ReferenceSyntaxError: Header fields are given.
    """
    if options.get("headers"):
        raise ReferenceSyntaxError(
            f"headers can't be given here: {what} names the hosts that the fields would be sent to",
            hint="Services' tokens are read from their variables; store others in ~/.netrc or by `anyfetch login`.",
        )


def named_folder(folder: Path | str | None) -> Path:
    """The folder that a caller names; without parts only if none is named, so "here" becomes an absolute path."""
    if folder is None or folder == "":
        return Path()
    path = Path(folder)
    return path if path.parts else path.absolute()
