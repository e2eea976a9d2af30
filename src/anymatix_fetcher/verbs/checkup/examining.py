"""``doctor``: checks this machine for everything that a download needs."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.engine import forms
from anymatix_fetcher.errors import FetchError
from anymatix_fetcher.library.roots import find_models
from anymatix_fetcher.storage.host_memory import HostMemory
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.transports.abilities import libcurl, python_tls
from anymatix_fetcher.verbs.checkup import folders, installation, memory, network, server, tokens
from anymatix_fetcher.verbs.checkup.finding import problem
from anymatix_fetcher.wiring import credentials
from anymatix_fetcher.wiring.composition import current_folder
from anymatix_fetcher.wiring.environment import environment
from anymatix_fetcher.wiring.netrc_file import NetrcFile
from anymatix_fetcher.wiring.state_folder import state_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from anymatix_fetcher.verbs.checkup.finding import Finding

    _Examination = Callable[[], Iterable[Finding]]

_APPLICATION = "anymatix-fetcher"


def doctor(
    *,
    models: Path | str | None = None,
    extra_paths: Iterable[Path | str] | Path | str = (),
    directory: Path | str = "",
    server_port: int = server.PORT,
) -> list[Finding]:
    """Checks what this machine supports, and what would make a download fail.

    No remote server is contacted. Files written for tests are removed. Of a token only the last characters are shown,
    and only if it is long.

    >>> from anymatix_fetcher import doctor
    >>> [finding for finding in doctor() if finding.hint]  # doctest: +SKIP

    Args:
        models: The models root, or a program's folder; found as for ``fetch`` by default.
        extra_paths: Additional files in the format of ComfyUI's ``extra_model_paths.yaml``.
        directory: The destination folder; the current one by default.
        server_port: The port of `anyfetch serve` on this machine.

    Returns:
        One finding for each thing that was looked at, with a hint where something is to be done.

    Raises:
        TypeError: A keyword is unknown.
        ReferenceSyntaxError: A value has the wrong type.
    """
    return [
        finding
        for name, examine in _examinations(
            forms.path("models", models),
            forms.paths("extra_paths", extra_paths),
            forms.folder("directory", directory),
            forms.count("server_port", server_port),
        )
        for finding in _findings(name, examine)
    ]


def _findings(name: str, examine: _Examination) -> list[Finding]:
    """The findings of one check. A check that fails is a finding as well, and doesn't stop the others."""
    found: list[Finding] = []
    try:
        found.extend(examine())
    except FetchError as error:
        found.append(problem(name, error.message, error.hint))
    except OSError as error:
        found.append(problem(name, f"it can't be checked: {error.strerror or type(error).__name__}"))
    except Exception as error:  # noqa: BLE001 - a check that fails says nothing of the others
        found.append(problem(name, f"it can't be checked: {type(error).__name__}", "This is a bug; please report it."))
    return found


def _examinations(
    models: Path | None, extra_paths: tuple[Path, ...], directory: Path, server_port: int
) -> Iterator[tuple[str, _Examination]]:
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home raises where there is none

    def examine_places() -> Iterator[Finding]:
        current = current_folder()()
        here = Path(os.path.normpath(current / directory))
        root = find_models(models, environment=os.environ, current=current, home=home)
        found = root.folders(extra_paths)
        yield from folders.examine_folders(here, root, found)
        yield memory.examine_unfinished(here, found.roots, OsDisk())

    def examine_memory() -> Iterator[Finding]:
        from platformdirs import user_cache_path, user_data_path  # noqa: PLC0415 - it may be missing

        yield memory.examine_index(user_data_path(_APPLICATION, appauthor=False) / "index.sqlite")
        path = user_cache_path(_APPLICATION, appauthor=False) / "hosts.json"
        yield memory.examine_host_memory(HostMemory(path, time.time), path)

    def examine_server() -> Iterator[Finding]:
        yield server.examine_server(state_folder(), server_port)

    def examine_tokens() -> Iterator[Finding]:
        yield from tokens.examine_logins(NetrcFile(os.environ, home))
        yield from tokens.examine_tokens(credentials.tokens(os.environ, home), environment(os.environ, home))

    yield "version", lambda: installation.examine_installation(libcurl(), python_tls())
    yield "certificates", lambda: network.examine_certificates(os.environ)
    yield "proxy", network.examine_proxies
    yield "models", examine_places
    yield "index", examine_memory
    yield "tokens", examine_tokens
    yield "server", examine_server
