"""Replaces the content of all hard links of one file by that of another one: all of them, or none."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.disk_errors import storage_errors
from anymatix_fetcher.library.linking import Method, expect, make
from anymatix_fetcher.library.ports import temporary_beside

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from anymatix_fetcher.core.values.ports import Disk
    from anymatix_fetcher.library.file_state import FileState
    from anymatix_fetcher.library.linking import Cloner


def relink(
    names: Sequence[Path], source: Path, disk: Disk, *, state: FileState, order: Sequence[Method], cloner: Cloner
) -> Method:
    """Makes all ``names``, hard links to one file, links to the content of ``source``; returns the method.

    They stay hard links to each other. A new file, as made by a reflink, gets the mode and the times of the old one.

    Args:
        names: The paths of the old file.
        source: The file with the content.
        disk: The file system.
        state: The state of ``source`` when its content was compared.
        order: The methods to try.
        cloner: Creates reflinks.

    Raises:
        SourceUnusableError: ``source`` has changed.
        NoLinkError: No method works.
        StorageError: A path can't be replaced; then none is.
    """
    first, *others = names
    new = [temporary_beside(name) for name in names]
    with storage_errors(first):
        expect(source, state)
        status = first.lstat()
        try:
            method = make(source, new[0], order, cloner=cloner)
            expect(source, state, is_linked=method is Method.HARD_LINK)
            if method is not Method.HARD_LINK:
                new[0].chmod(status.st_mode & 0o7777)
                os.utime(new[0], ns=(status.st_atime_ns, status.st_mtime_ns))
            for _, temporary in zip(others, new[1:], strict=True):
                os.link(new[0], temporary)
            _replace_all(names, new, disk)
        finally:
            for temporary in new:
                with suppress(OSError):
                    disk.remove(temporary)
        for folder in {name.parent for name in names}:
            disk.sync_folder(folder)
    return method


def _replace_all(names: Sequence[Path], new: Sequence[Path], disk: Disk) -> None:
    done: list[Path] = []
    try:
        for name, temporary in zip(names, new, strict=True):
            disk.replace(temporary, name)
            done.append(name)
    except OSError:
        left = next(name for name in names if name not in done)
        for name in done:
            back = temporary_beside(name)
            os.link(left, back)
            disk.replace(back, name)
        raise
