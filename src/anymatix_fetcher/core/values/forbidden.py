"""The folders that no model belongs in, in whichever spelling."""

from __future__ import annotations

import re

FORBIDDEN_FOLDERS = {"customnodes", "configs", "config"}
"""In the form of :func:`folded`. What lies there is run, or says what is run."""


def folded(text: str) -> str:
    """The letters and digits of ``text`` in lower case: what counts when words are compared."""
    return re.sub(r"[\W_]+", "", text.casefold())
