"""One run: a fresh place, a fresh server, one command, and the proof that it brought the right bytes."""

from __future__ import annotations

import json
import os
import resource
import shutil
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import anymatix_fetcher
from benchmarks.contenders import filled
from benchmarks.counters import Counters
from benchmarks.figures import Run
from benchmarks.places import opened
from benchmarks.processes import watch
from benchmarks.servers import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.contenders import Contender
    from benchmarks.material import File, Material
    from benchmarks.processes import Watched
    from benchmarks.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Bench:
    """What all runs have in common.

    Attributes:
        folder: Where runs put their files; each run's are deleted after it.
        check: The checker: hex digests of files.
    """

    folder: Path
    check: Callable[[Sequence[Path]], list[str]]

    def run(self, scenario: Scenario, contender: Contender, material: Material, *, seed: int) -> Run:
        """Runs ``contender`` once; ``seed`` decides which packets the line loses."""
        folder = self.folder / "run"
        shutil.rmtree(folder, ignore_errors=True)
        try:
            with ExitStack() as stack:
                place = stack.enter_context(opened(scenario.line, seed=seed))
                servers = [
                    stack.enter_context(serving(one, place, material, folder / f"server-{number}"))
                    for number, one in enumerate((scenario.server, *scenario.mirrors))
                ]
                given = servers if contender.place is None else [servers[contender.place]]
                server = given[0]
                files = [material.files[index] for index in scenario.indices(contender)]
                urls = [f"{one.base}/{file.path}" for one in given for file in files]
                words = _words(contender, files, urls, material, folder)
                watched = watch(
                    [*place.near, *words],
                    counters=Counters(server.process_id, server.port, place.device),
                    environment=_environment(material, folder),
                    folder=folder / "command",
                    limit_seconds=scenario.limit_seconds,
                )
                refusals = server.refusals()
            run = replace(self._proved(watched, contender, files, folder / "files"), refusals=refusals)
            return run if run.failure or not contender.engine else _with_engine(run, contender.engine)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _proved(self, watched: Watched, contender: Contender, files: Sequence[File], folder: Path) -> Run:
        run = Run(
            seconds=watched.seconds,
            peak_memory_bytes=watched.peak_memory_bytes,
            processor_seconds=watched.processor_seconds,
            engine=_engine(watched.output) if contender.ours else "",
            samples=watched.samples,
        )
        if watched.timed_out:
            return replace(run, failure=f"stopped after {watched.seconds:.0f} s")
        if watched.exit_code:
            # One line: what the tools say over several is mostly the same thing again.
            said = " ".join(watched.complaint.split())
            return replace(
                run, failure=f"exit code {watched.exit_code}: {said}" if said else f"exit code {watched.exit_code}"
            )
        if not contender.keeps:
            return run
        started, used = time.perf_counter(), _processor_seconds()
        try:
            digests = self.check([folder / file.path for file in files])
        except OSError as error:
            return replace(run, failure=f"said that it succeeded, but {error.strerror}: {error.filename}")
        checking, used = time.perf_counter() - started, _processor_seconds() - used
        # Everybody's bytes are checked, but whoever did it in time isn't charged for it twice.
        if not contender.proves:
            run = replace(
                run,
                seconds=watched.seconds + checking,
                checking_seconds=checking,
                checking_processor_seconds=used,
            )
        wrong = sum(digest != file.sha256 for digest, file in zip(digests, files, strict=True))
        return (
            replace(run, failure=f"said that it succeeded, but {wrong} of {len(files)} files are wrong")
            if wrong
            else run
        )


def _processor_seconds() -> float:
    """Of this process and of its children that have ended."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _words(
    contender: Contender, files: Sequence[File], urls: Sequence[str], material: Material, folder: Path
) -> list[str]:
    destination = folder / "files"
    destination.mkdir(parents=True)
    addresses = folder / "addresses"
    addresses.write_text("".join(f"{url}\n" for url in urls))
    proved = folder / "proved-addresses"
    proved.write_text("".join(f"{url} sha256:{file.sha256}\n" for url, file in zip(urls, files, strict=False)))
    values = {
        "url": urls[0],
        "output": str(destination / files[0].path),
        "folder": str(destination),
        "name": files[0].path,
        "sha256": files[0].sha256,
        "authority": str(material.tls.authority),
        "list": str(addresses),
        "proved_list": str(proved),
    }
    return filled(contender.command, values, urls)


def _environment(material: Material, folder: Path) -> dict[str, str]:
    """Nothing of the user's: no proxies, no settings files, no terminal.

    But what is measured is the package that this process imports, and not another one that happens to be installed.
    """
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "SSL_CERT_FILE": str(material.tls.authority),
        "PYTHONPATH": str(Path(anymatix_fetcher.__file__).parent.parent),
    }


def _engine(output: str) -> str:
    """Which engine our report names; empty where there is none."""
    lines = output.splitlines()
    try:
        return str(json.loads(lines[-1])["engine"])
    except (IndexError, KeyError, TypeError, ValueError):
        return ""


def _with_engine(run: Run, engine: str) -> Run:
    return run if run.engine == engine else replace(run, failure=f"was carried by the engine {run.engine!r}")
