"""The installed program, its engines, and optional packages."""

from __future__ import annotations

import platform
from importlib.util import find_spec
from typing import TYPE_CHECKING

from anymatix_fetcher import __version__
from anymatix_fetcher.verbs.checkup.finding import note, ok, problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from anymatix_fetcher.transports.abilities import Libcurl
    from anymatix_fetcher.verbs.checkup.finding import Finding

EXTRAS = {
    "keyring": (("keyring",), "tokens can't be stored in the system's keyring"),
    "s3": (("botocore",), "private S3 objects can't be fetched"),
    "serve": (("aiohttp", "prometheus_client"), "`anyfetch serve` can't run"),
    "bench": (("matplotlib", "pypdl", "hf_transfer"), "bench can't plot, and compares with fewer other programs"),
}
"""The extras: their modules, and what is missing without them."""
_NEEDED = {
    "xxhash": "no download can write its journal",
    "filelock": "no destination can be locked",
    "platformdirs": "the user's folders can't be found",
    "picklescan": "pickles can't be scanned, so none is published",
    "yaml": "ComfyUI's extra_model_paths.yaml can't be read",
    "rich": "there is no live display",
    "tomli_w": "no lock file can be written",
}
"""The required packages, and what is missing without them."""
_HELPFUL = {
    "blake3": "BLAKE3 digests can't be verified",
    "sqlite3": "known files are forgotten after each run",
}
"""Packages that some systems lack."""


def examine_installation(libcurl: Libcurl | None, python_tls: str | None) -> Iterator[Finding]:
    """Checks the installation.

    Args:
        libcurl: The libcurl that the engine ``curl`` uses.
        python_tls: The TLS library of the engine ``threads``.
    """
    implementation = platform.python_implementation()
    system = f"{platform.system()} {platform.machine()}"
    yield ok("version", f"anyfetch {__version__}, {implementation} {platform.python_version()}, {system}")
    yield from examine_engines(libcurl, python_tls)
    yield from examine_packages(find_spec)


def examine_engines(libcurl: Libcurl | None, python_tls: str | None) -> Iterator[Finding]:
    """Checks the engines and their protocols."""
    mend = "Run `pip install pycurl`."
    if libcurl is None:
        yield note("engines", "threads only; curl is unavailable, because pycurl can't be imported", mend)
    else:
        yield ok("engines", f"curl (libcurl {libcurl.version} by pycurl {libcurl.binding}) and threads")
    yield _tls(libcurl, python_tls)
    if libcurl is None:
        yield note("http/2", "the engine threads doesn't support it: it uses HTTP/1.1", mend)
        yield note("http/3", "the engine threads doesn't support it", mend)
        return
    yield ok("http/2", "spoken") if libcurl.http2 else note("http/2", "this libcurl doesn't support it")
    yield (
        ok("http/3", "supported, used with --http3")
        if libcurl.http3
        else note("http/3", "this libcurl doesn't support it: --http3 has no effect")
    )


def _tls(libcurl: Libcurl | None, python_tls: str | None) -> Finding:
    curls = libcurl.tls if libcurl is not None else ""
    facts = [f"{curls} (curl)"] if curls else []
    facts += [f"{python_tls} (threads)"] if python_tls else []
    if not facts or (libcurl is not None and not curls):
        return problem(
            "tls", "https is unavailable: there is no TLS library", "Install a Python with the module `ssl`."
        )
    return ok("tls", ", ".join(facts))


def examine_packages(finds: Callable[[str], object]) -> Iterator[Finding]:
    """Checks other packages.

    Args:
        finds: Whether a module can be imported; a false value or ``ImportError`` if it can't.
    """
    lacking = {name: why for name, why in _NEEDED.items() if not _is_there(name, finds)}
    for name, why in lacking.items():
        yield problem("packages", f"{name} is missing: {why}", "Run `pip install --force-reinstall anymatix-fetcher`.")
    for name, why in _HELPFUL.items():
        if not _is_there(name, finds):
            yield note("packages", f"{name} is missing: {why}")
    if not lacking:
        yield ok("packages", "all required packages are installed")
    for extra, (modules, why) in EXTRAS.items():
        missing = [module for module in modules if not _is_there(module, finds)]
        if missing:
            yield note(f"extra {extra}", f"not installed: {why}", f"Run `pip install 'anymatix-fetcher[{extra}]'`.")
        else:
            yield ok(f"extra {extra}", "installed")


def _is_there(module: str, finds: Callable[[str], object]) -> bool:
    try:
        return bool(finds(module))
    except (ImportError, ValueError):
        return False
