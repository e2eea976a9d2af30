"""Keeps a file that the user has changed under another name, when it is replaced."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager, suppress
from itertools import count
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.disk_errors import storage_errors
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.linking import Method, make
from anymatix_fetcher.library.names import is_model_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUFFIX = ".changed"
_NAME = re.compile(rf"(.+){re.escape(SUFFIX)}(?:-[0-9]+)?", re.DOTALL)
_ORDER = (Method.HARD_LINK, Method.REFLINK, Method.COPY)


def is_set_aside(name: str) -> bool:
    """Whether a file with this name was set aside by this program."""
    return _NAME.fullmatch(name) is not None


def is_changed_model(name: str) -> bool:
    """Whether a file with this name is a model that was set aside by this program."""
    match = _NAME.fullmatch(name)
    return match is not None and is_model_name(match.group(1))


@contextmanager
def set_aside(path: Path) -> Iterator[Path]:
    """A block in which the file at ``path`` is replaced; yields the name under which it is kept.

    If the block fails before the replacement, that name is removed.

    Raises:
        StorageError: No such name can be created.
    """
    aside = _free_name(path)
    with storage_errors(aside):
        make(path, aside, _ORDER)
        before = FileState.of(path.stat())
    try:
        yield aside
    except BaseException:
        with suppress(OSError):
            if FileState.of(path.stat()).is_still(before):
                aside.unlink()
        raise


def _free_name(path: Path) -> Path:
    names = (path.with_name(f"{path.name}{SUFFIX}{f'-{number}' if number > 1 else ''}") for number in count(1))
    return next(name for name in names if not os.path.lexists(name))
