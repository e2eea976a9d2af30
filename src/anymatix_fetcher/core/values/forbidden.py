"""Folders that models must not be written to, in any spelling."""

from __future__ import annotations

import re

FORBIDDEN_FOLDERS = {"customnodes", "configs", "config"}
"""In the form of :func:`folded`. They contain code, or configure what is run."""


def folded(text: str) -> str:
    """The letters and digits of ``text`` in lower case, for comparing words."""
    return re.sub(r"[\W_]+", "", text.casefold())
