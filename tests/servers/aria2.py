"""aria2 itself, where it is installed."""

from __future__ import annotations

import os
import shutil

import pytest


def find_aria2() -> str:
    """The aria2 binary. Without one the test is skipped, but fails where CI is set, as with nginx."""
    found = shutil.which("aria2c")
    if found is None:
        message = "aria2 isn't installed (Debian: apt install aria2)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found
