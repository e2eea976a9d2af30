"""Finds missing packages that downloads need, without importing any, and says how to install them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

MODULES = {
    "aiohttp": "aiohttp",
    "click": "click",
    "filelock": "filelock",
    "picklescan": "picklescan",
    "platformdirs": "platformdirs",
    "prometheus_client": "prometheus-client",
    "rich": "rich",
    "tomli_w": "tomli-w",
    "xxhash": "xxhash",
    "yaml": "pyyaml",
}
"""Modules and their packages. pycurl and blake3 are optional."""


def missing() -> list[str]:
    """The missing packages."""
    return [package for module, package in MODULES.items() if importlib.util.find_spec(module) is None]


def how_to_mend(packages: list[str]) -> str:
    """One line that says how to install missing packages."""
    file = Path(__file__).parents[3] / "requirements.txt"
    named = f"-r {file}" if file.is_file() else "'anymatix-fetcher[serve]'"
    what = f"{', '.join(packages)} {'is' if len(packages) == 1 else 'are'} missing"
    return f"downloads are disabled because {what}. Run {sys.executable} -m pip install {named}, and restart ComfyUI."
