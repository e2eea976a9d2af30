"""The server's secret: read from a file, or generated at the first start."""

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
        StorageError: The file can't be read.
        ReferenceSyntaxError: The file contains no secret.
    """
    with storage_errors(path):
        text = path.read_text(encoding="utf-8", errors="replace").strip()
    if not text or any(character.isspace() for character in text):
        raise ReferenceSyntaxError(
            f"{path} holds no secret", hint="Write the secret into the file, on one line and without spaces."
        )
    return text


def own_secret(state: Path) -> str:
    """The secret in the state folder, generated if there is none.

    Raises:
        StorageError: The file can't be read or written.
        ReferenceSyntaxError: The file contains no secret.
    """
    path = state / SECRET_FILE
    with storage_errors(path):
        _make(path)
    return read_secret(path)


def _make(path: Path) -> None:
    """Writes a random secret, unless the file exists. The file appears complete, and only its user can read it."""
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
        file.write(secrets.token_urlsafe(_BYTES) + "\n")
    try:
        with suppress(FileExistsError):
            os.link(draft, path)  # unlike a rename, this doesn't replace the secret of a process that was faster
    except OSError:  # a file system without hard links
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
