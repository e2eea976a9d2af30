"""The packages that downloads need: which of them aren't here, and what to do about it. None of them is imported."""

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
"""Modules, and the packages that bring them. Without pycurl, threads download; without blake3, it isn't checked."""


def missing() -> list[str]:
    """The packages that aren't here."""
    return [package for module, package in MODULES.items() if importlib.util.find_spec(module) is None]


def how_to_mend(packages: list[str]) -> str:
    """What to do about packages that aren't there, in one line."""
    file = Path(__file__).parents[3] / "requirements.txt"
    named = f"-r {file}" if file.is_file() else "'anymatix-fetcher[serve]'"
    what = f"{', '.join(packages)} {'is' if len(packages) == 1 else 'are'} missing"
    return f"it can't download, for {what}. Run {sys.executable} -m pip install {named}, and start ComfyUI again."
