from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import benchmarks.drivers
from anymatix_fetcher.testing import Fault, Match, Origin, generate

DRIVER = Path(benchmarks.drivers.__file__ or "").with_name("receive.py")


def received(*words: str) -> int:
    return subprocess.run([sys.executable, str(DRIVER), *words], check=False, timeout=60).returncode


def test_the_plain_receiver_brings_every_byte_of_every_file(tmp_path: Path) -> None:
    with Origin(seed=3) as origin:
        urls = [str(origin.add(f"/{name}", size=3_000_000).url) for name in ("a.bin", "b.bin")]
        assert received(str(tmp_path), *urls) == 0
    for name in ("a.bin", "b.bin"):
        digest = hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        assert digest == generate(3, f"/{name}", 3_000_000).sha256()


def test_a_body_that_ends_too_soon_is_not_taken_for_a_measurement() -> None:
    with Origin(seed=3) as origin:
        file = origin.add("/a.bin", size=3_000_000)
        assert received("-", str(file.url)) == 0
        origin.script(Fault.truncate(after=1_000_000), when=Match(path="/a.bin"))
        assert received("-", str(file.url)) == 1
