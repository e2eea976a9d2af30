"""What is installed: the program itself, its engines, and what others bring."""

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
    "keyring": (("keyring",), "tokens can't be kept in the system's keyring"),
    "s3": (("botocore",), "private objects of S3 can't be had"),
    "serve": (("aiohttp", "prometheus_client"), "`anyfetch serve` can't run"),
    "bench": (("matplotlib", "pypdl", "hf_transfer"), "bench can't draw, and compares with fewer other programs"),
}
"""What can be installed besides: the modules that an extra brings, and what is lacking without them."""
_NEEDED = {
    "xxhash": "no download can keep its journal",
    "filelock": "no destination can be locked",
    "platformdirs": "the user's folders can't be found",
    "picklescan": "pickles can't be scanned, and none is published",
    "yaml": "ComfyUI's extra_model_paths.yaml can't be read",
    "rich": "there is no live display",
    "tomli_w": "no lock file can be written",
}
"""What is installed by default, and what is lacking where it is gone all the same."""
_HELPFUL = {
    "blake3": "BLAKE3 digests can't be checked",
    "sqlite3": "what is here is forgotten from one run to the next",
}
"""What some systems don't have."""


def examine_installation(libcurl: Libcurl | None, python_tls: str | None) -> Iterator[Finding]:
    """What is installed.

    Args:
        libcurl: What the engine ``curl`` uses.
        python_tls: The TLS library of the engine ``threads``.
    """
    implementation = platform.python_implementation()
    system = f"{platform.system()} {platform.machine()}"
    yield ok("version", f"anyfetch {__version__}, {implementation} {platform.python_version()}, {system}")
    yield from examine_engines(libcurl, python_tls)
    yield from examine_packages(find_spec)


def examine_engines(libcurl: Libcurl | None, python_tls: str | None) -> Iterator[Finding]:
    """What carries the bytes, and which protocols it speaks."""
    mend = "pip install pycurl"
    if libcurl is None:
        yield note("engines", "threads; curl isn't there, for pycurl can't be imported", mend)
    else:
        yield ok("engines", f"curl (libcurl {libcurl.version} by pycurl {libcurl.binding}) and threads")
    yield _tls(libcurl, python_tls)
    if libcurl is None:
        yield note("http/2", "not spoken by the engine threads: it uses HTTP/1.1", mend)
        yield note("http/3", "not spoken by the engine threads", mend)
        return
    yield ok("http/2", "spoken") if libcurl.http2 else note("http/2", "this libcurl doesn't speak it")
    yield (
        ok("http/3", "spoken where --http3 asks for it")
        if libcurl.http3
        else note("http/3", "this libcurl doesn't speak it: --http3 changes nothing")
    )


def _tls(libcurl: Libcurl | None, python_tls: str | None) -> Finding:
    curls = libcurl.tls if libcurl is not None else ""
    facts = [f"{curls} (curl)"] if curls else []
    facts += [f"{python_tls} (threads)"] if python_tls else []
    if not facts or (libcurl is not None and not curls):
        return problem("tls", "https can't be spoken: there is no TLS library", "Install a Python that has `ssl`.")
    return ok("tls", ", ".join(facts))


def examine_packages(finds: Callable[[str], object]) -> Iterator[Finding]:
    """What other packages bring.

    Args:
        finds: Tells whether a module can be imported; something false, or ``ImportError``, where it can't.
    """
    lacking = {name: why for name, why in _NEEDED.items() if not _is_there(name, finds)}
    for name, why in lacking.items():
        yield problem("packages", f"{name} isn't there: {why}", "pip install --force-reinstall anymatix-fetcher")
    for name, why in _HELPFUL.items():
        if not _is_there(name, finds):
            yield note("packages", f"{name} isn't there: {why}")
    if not lacking:
        yield ok("packages", "what is needed is there")
    for extra, (modules, why) in EXTRAS.items():
        missing = [module for module in modules if not _is_there(module, finds)]
        if missing:
            yield note(f"extra {extra}", f"not installed: {why}", f"pip install 'anymatix-fetcher[{extra}]'")
        else:
            yield ok(f"extra {extra}", "installed")


def _is_there(module: str, finds: Callable[[str], object]) -> bool:
    try:
        return bool(finds(module))
    except (ImportError, ValueError):
        return False
