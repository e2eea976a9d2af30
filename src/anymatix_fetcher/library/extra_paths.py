"""ComfyUI's ``extra_model_paths.yaml``: additional model folders, parsed like in its ``utils/extra_config.py``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from anymatix_fetcher.errors import ReferenceSyntaxError

FILE_NAME = "extra_model_paths.yaml"
_OWN_KEYS = {"base_path", "is_default"}
_HINT = "It lists more folders of models, as ComfyUI's extra_model_paths.yaml: check its path and permissions."
_UNREADABLE = "ComfyUI can't read it either: compare it with its extra_model_paths.yaml.example."


class ExtraPath(NamedTuple):
    """An additional path for a folder name. With ``is_default`` it precedes the existing ones."""

    folder: str
    path: Path
    is_default: bool


def read_extra_paths(file: Path) -> list[ExtraPath]:
    """The paths that the file adds, in order.

    Raises:
        ReferenceSyntaxError: It can't be read, or has another form.
    """
    import yaml  # noqa: PLC0415 - costs start-up time, and is seldom needed

    try:
        config = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ReferenceSyntaxError(f"{file} can't be read: {reason}", hint=_HINT) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        raise ReferenceSyntaxError(f"{file}{place}: this isn't YAML", hint=_UNREADABLE) from None
    except (ValueError, RecursionError):  # no text in UTF-8, a date that there isn't, or nested without end
        raise ReferenceSyntaxError(f"{file}: this isn't YAML", hint=_UNREADABLE) from None
    return extra_paths(config, file)


def extra_paths(config: object, file: Path) -> list[ExtraPath]:
    """The paths that a parsed file adds.

    Args:
        config: The parsed YAML: groups of folder names.
        file: Its path. Relative paths, and a relative ``base_path``, start at its folder.

    Raises:
        ReferenceSyntaxError: It has another form.
    """
    if config is None:
        return []
    if not isinstance(config, dict):
        raise _malformed(file, "it isn't made of groups")
    found: list[ExtraPath] = []
    for name, group in config.items():
        if group is None:
            continue
        if not isinstance(group, dict):
            raise _malformed(file, f"the group {name!r} isn't made of folder names")
        found += _paths_of(group, file)
    return found


def _paths_of(group: dict[object, object], file: Path) -> list[ExtraPath]:
    base = _base_path(group.get("base_path"), file)
    is_default = bool(group.get("is_default"))
    found = []
    for folder, lines in group.items():
        if folder in _OWN_KEYS or lines is None:
            continue
        if not isinstance(lines, str):
            raise _malformed(file, f"{folder!r} isn't a path, or several of them on lines of their own")
        if "\0" in f"{base}{lines}":
            raise _malformed(file, f"a path of {folder!r} has a NUL in it")
        # normpath, not resolve: ComfyUI compares the text, and follows no links.
        paths = (Path(os.path.normpath(base / line)) for line in lines.split("\n") if line)
        found += [ExtraPath(str(folder), path, is_default) for path in paths]
    return found


def _base_path(value: object, file: Path) -> Path:
    around = file.absolute().parent
    if value is None:
        return around
    if not isinstance(value, str):
        raise _malformed(file, "a base_path isn't a path")
    # os.path leaves unknown variables and users unchanged, as in ComfyUI, while pathlib raises.
    return around / os.path.expandvars(os.path.expanduser(value))  # noqa: PTH111


def _malformed(file: Path, reason: str) -> ReferenceSyntaxError:
    return ReferenceSyntaxError(f"{file}: {reason}", hint="Compare it with ComfyUI's extra_model_paths.yaml.example.")
