"""The secret that requests have to know: given, read, or made at the first start."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.disk_errors import storage_errors
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.wiring.state_folder import SECRET_FILE

if TYPE_CHECKING:
    from pathlib import Path

_BYTES = 32


def read_secret(path: Path) -> str:
    """The secret in a file.

    Raises:
        StorageError: It can't be read.
        ReferenceSyntaxError: There is none in it.
    """
    with storage_errors(path):
        text = path.read_text(encoding="utf-8", errors="replace").strip()
    if not text or any(character.isspace() for character in text):
        raise ReferenceSyntaxError(f"{path} holds no secret", hint="One line of it, without spaces, is a secret.")
    return text


def own_secret(state: Path) -> str:
    """The secret of the servers of a state folder, which is made where there is none yet.

    Raises:
        StorageError: It can't be read or made.
        ReferenceSyntaxError: The file holds none.
    """
    path = state / SECRET_FILE
    with storage_errors(path):
        _make(path)
    return read_secret(path)


def _make(path: Path) -> None:
    """Makes the file with a secret, readable for its user alone, unless it is there. It is never seen half written."""
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
        file.write(secrets.token_urlsafe(_BYTES) + "\n")
    try:
        with suppress(FileExistsError):
            os.link(draft, path)  # unlike a rename it replaces none that another process has made meanwhile
    except OSError:  # a file system without links
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
