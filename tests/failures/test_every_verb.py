"""Every verb, with a call to the system that fails: a sentence and the right code, and never a wrong or a lost file.

A sample, by a seed; ``SAMPLE`` and ``SEED`` in the environment make it larger or another one.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.testing import Origin
from anymatix_fetcher.testing.hosts import Hosts, everything
from tests.formats.files import safetensors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it forks, and asks /proc what a handle is of")

SAMPLE = int(os.environ.get("SAMPLE", "5"))
SEED = int(os.environ.get("SEED", "1"))
MODEL = safetensors({"weights": ("F16", (100_000,))})
OTHER = safetensors({"weights": ("F16", (50_000,))})
SHA256 = hashlib.sha256(MODEL).hexdigest()
DECENT = {0, 2, 3, 4, 5, 6, 7, 8}
READS = (errno.EIO, errno.EACCES)
WRITES = (errno.ENOSPC, errno.EIO)
ERRORS = {
    "open": (errno.EACCES, errno.EMFILE, errno.EIO),
    "close": (errno.EIO, errno.ENOSPC),
    "fsync": (errno.EIO,),
    "ftruncate": (errno.ENOSPC, errno.EFBIG),
    "link": (errno.EPERM, errno.EIO, errno.ENOSPC),
    "mkdir": (errno.EACCES, errno.ENOSPC),
    "pwrite": WRITES,
    "write": WRITES,
}


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is done, in a folder of its own.

    Args:
        arguments: Of the command line; ``URL`` stands for the model's address.
        brings: Where the model is in the end; empty where nothing is brought.
        before: What is done before, without failures.
        removes: What may be gone, or changed, afterwards.
    """

    arguments: tuple[str, ...]
    brings: str = ""
    before: tuple[tuple[str, ...], ...] = ()
    removes: tuple[str, ...] = ()


MODELS = ("--models", "models")
FETCHED = (("-q", *MODELS, "-t", "lora", "URL"),)
SCENARIOS = {
    "download": Scenario(("-o", "m.safetensors", "URL"), "m.safetensors"),
    "folder": Scenario(("-d", "new/folder", "URL"), "new/folder/m.safetensors"),
    "overwrite": Scenario(("--overwrite", "-o", "mine.dat", "URL"), "mine.dat", removes=("mine.dat",)),
    "type": Scenario((*MODELS, "-t", "lora", "--sha256", SHA256, "URL"), "models/loras/m.safetensors"),
    "again": Scenario(("-o", "m.safetensors", "URL"), "m.safetensors", (("-q", "-o", "m.safetensors", "URL"),)),
    "linked": Scenario((*MODELS, "-t", "vae", "--sha256", SHA256, "URL"), "models/vae/m.safetensors", FETCHED),
    "resolve": Scenario(("resolve", "URL")),
    "inspect": Scenario(("inspect", "models/loras/p.safetensors")),
    "workflow": Scenario(("workflow", *MODELS, "w.json"), "models/loras/m.safetensors"),
    "ls": Scenario(("ls", *MODELS), before=FETCHED),
    "verify": Scenario(("verify", *MODELS), before=FETCHED),
    "rm": Scenario(("rm", *MODELS, "--yes", "URL"), before=FETCHED, removes=("models/loras/m.safetensors",)),
    "adopt": Scenario(("adopt", *MODELS)),
    "prune": Scenario(("prune", *MODELS, "--yes"), before=FETCHED),
    "dedupe": Scenario(("dedupe", *MODELS, "--hard-links", "--yes")),
    "lock": Scenario(("lock", "--fetch", "URL"), "m.safetensors"),
    "sync": Scenario(("sync",), "m.safetensors", (("lock", "-q", "URL"),)),
}


class Runner:
    """The process that runs cases, and what it has run."""

    def __init__(self, url: str, variables: Mapping[str, str]) -> None:
        self._url = url
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.failures.runner"],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **variables},
        )

    def run(self, folder: Path, arguments: tuple[str, ...], number: int = 0, error: int = 0) -> Outcome:
        """Runs one case in ``folder``."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        words = [self._url if word == "URL" else word for word in arguments]
        case = {"folder": str(folder), "arguments": words, "number": number, "error": error}
        self._process.stdin.write(json.dumps(case) + "\n")
        self._process.stdin.flush()
        ended = int(self._process.stdout.readline())
        err = Path(f"{folder}.err").read_text(errors="replace")
        assert ended == 0, f"the process ended by {ended}: {err}"
        told = json.loads(Path(f"{folder}.calls").read_text())
        return Outcome(told["code"], err, tuple(told["calls"]))

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a case has ended."""

    code: int
    err: str
    calls: tuple[str, ...]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Origin(seed=8) as origin:
        yield origin.add("/m.safetensors", data=MODEL).url


@pytest.fixture(scope="module")
def runner(url: str) -> Iterator[Runner]:
    with Hosts(*everything()) as hosts:
        running = Runner(url, hosts.variables)
        yield running
        running.close()


def prepare(folder: Path, scenario: Scenario, runner: Runner, url: str) -> None:
    """A folder with a user's files, and with what was done before."""
    for name in ("models/loras/p.safetensors", "models/loras/q.safetensors", "models/vae/v.safetensors", "mine.dat"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(OTHER)
    entry = {"name": "m.safetensors", "url": url, "directory": "loras"}
    node = {"id": 1, "type": "X", "widgets_values": ["m.safetensors"], "properties": {"models": [entry]}}
    (folder / "w.json").write_text(json.dumps({"nodes": [node]}))
    for arguments in scenario.before:
        assert runner.run(folder, arguments).code == 0


def content(folder: Path) -> dict[str, bytes]:
    """The files that matter: models, and the user's own."""
    paths = [path for path in folder.rglob("*") if path.suffix in {".safetensors", ".dat"}]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def check(before: dict[str, bytes], after: dict[str, bytes], scenario: Scenario, outcome: Outcome) -> None:
    """A sentence and a decent code, and each file as it was, or as it should be."""
    assert outcome.code in DECENT, outcome.err
    assert "Traceback" not in outcome.err
    assert "bug" not in outcome.err, outcome.err
    assert outcome.code == 0 or outcome.err.strip(), "something has to be said"
    if scenario.brings:
        brought = after.get(scenario.brings)
        was = before.get(scenario.brings)
        assert brought == MODEL or (outcome.code != 0 and brought == was), outcome.err
    for name, data in before.items():
        assert after.get(name) == data or name in (*scenario.removes, scenario.brings), f"{name} is lost: {outcome.err}"


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_call_that_fails_ends_in_a_sentence_and_no_wrong_or_lost_file(
    name: str, runner: Runner, url: str, tmp_path: Path
) -> None:
    scenario = SCENARIOS[name]
    calm = tmp_path / "calm"
    prepare(calm, scenario, runner, url)
    before = content(calm)
    outcome = runner.run(calm, scenario.arguments)
    assert outcome.code == 0, outcome.err
    check(before, content(calm), scenario, outcome)
    choose = random.Random(f"{SEED} {name}")
    for number in sorted(choose.sample(range(1, len(outcome.calls) + 1), min(SAMPLE, len(outcome.calls)))):
        folder = tmp_path / str(number)
        prepare(folder, scenario, runner, url)
        call = outcome.calls[number - 1].partition(" ")[0]
        error = choose.choice(ERRORS.get(call, READS))
        failed = runner.run(folder, scenario.arguments, number, error)
        hit = failed.calls[number - 1] if number <= len(failed.calls) else "nothing"
        try:
            check(before, content(folder), scenario, failed)
            if scenario.brings:
                again = runner.run(folder, scenario.arguments)
                assert again.code == 0, again.err
                assert content(folder)[scenario.brings] == MODEL
        except AssertionError as wrong:
            raise AssertionError(f"{hit} failed by {errno.errorcode[error]}: {wrong}") from wrong


def test_the_calls_that_fail_are_those_that_the_program_makes(runner: Runner, url: str, tmp_path: Path) -> None:
    folder = tmp_path / "x"
    prepare(folder, SCENARIOS["download"], runner, url)
    calls = runner.run(folder, SCENARIOS["download"].arguments).calls
    for start in (
        *("open m.safetensors.part.lock", "open m.safetensors.part.journal", "open m.safetensors.part"),
        *(
            "pwrite m.safetensors.part",
            "fsync m.safetensors.part",
            "close m.safetensors.part",
            "link m.safetensors.part",
        ),
        *("unlink m.safetensors.part", "statvfs ", "mkdir .local/share/anymatix-fetcher"),
    ):
        assert any(call.startswith(start) for call in calls), start
    number = next(number for number, call in enumerate(calls, 1) if call.startswith("link"))
    prepare(tmp_path / "y", SCENARIOS["download"], runner, url)
    failed = runner.run(tmp_path / "y", SCENARIOS["download"].arguments, number, errno.EIO)
    assert failed.code == 7
    assert "Input/output error" in failed.err
