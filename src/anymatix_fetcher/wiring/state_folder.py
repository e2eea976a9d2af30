"""The state folder: the queue, and the notes that servers and clients leave for each other."""

from __future__ import annotations

import json
import os
from pathlib import Path

STATE_VARIABLE = "ANYFETCH_STATE"
SECRET_VARIABLE = "ANYFETCH_SECRET"  # noqa: S105 - a variable's name
"""What a server of ours asks for, and what its peers are asked with."""
SECRET_FILE = "secret"  # noqa: S105 - a file's name
"""The secret that is generated at the first start."""
ADDRESS_FILE = "server.json"
"""The ``url`` and ``pid`` of the server that was started last."""


def state_folder(named: Path | None = None) -> Path:
    """The queue's folder: ``named``, ``$ANYFETCH_STATE``, or the user's state folder."""
    if named is not None:
        return named.absolute()
    variable = os.environ.get(STATE_VARIABLE)
    if variable:
        return Path(variable).expanduser().absolute()
    from platformdirs import user_state_path  # noqa: PLC0415 - costs start-up time

    return user_state_path("anymatix-fetcher", appauthor=False)


def server_address(state: Path) -> str | None:
    """The URL of the server that was started last with this state folder; ``None`` if unknown."""
    try:
        url = json.loads((state / ADDRESS_FILE).read_bytes()).get("url")
    except (OSError, ValueError, AttributeError):
        return None
    return url if isinstance(url, str) else None
