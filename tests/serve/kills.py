"""A server killed again and again with five active jobs: what is lost, doubled, or fetched twice.

``python -m tests.serve.kills 20`` does it twenty times, and prints what each restart found.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.storage.leftovers import read_journal
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.storage.places import Places
from anymatix_fetcher.testing import Origin
from tests.queue.fakes import until
from tests.serve.running import JOBS, Server, serving

if TYPE_CHECKING:
    from anymatix_fetcher.testing import File

FILES = 5
LONGEST_SECONDS = 1.5
"""A kill comes up to so long after all jobs are active again."""


def proved(destination: Path) -> SpanSet:
    """The blocks that the journal beside a destination has recorded."""
    content = read_journal(Places.of(destination).journal, OsDisk())
    if content is None or content.header is None:
        return SpanSet()
    return content.blocks.spans(content.header.block_size)


def asked(origin: Origin, file: File) -> list[tuple[int, int]]:
    """The ranges of a file that were asked for, in order."""
    path = origin.ledger().paths.get(file.path)
    return list(path.ranges) if path is not None else []


def _states(server: Server) -> dict[str, str]:
    return {str(job["id"]): str(job["state"]) for job in server.client.get(JOBS).jobs}


def run(folder: Path, *, kills: int, size: int, rate: int, seed: int) -> list[str]:
    """Kills a server so often, lets it finish, and checks everything; a line for each restart.

    Args:
        folder: For everything.
        kills: How often.
        size: Bytes of each file; together they have to last.
        rate: Bytes a second in sum, until the last start.
        seed: Of the moments.

    Raises:
        AssertionError: Something is lost, doubled, or fetched twice.
    """
    draw, told = random.Random(seed), []
    with Origin(seed=seed) as origin:
        files = [origin.add(f"/{number}.bin", size=size) for number in range(FILES)]
        destinations = [folder / "files" / f"{number}.bin" for number in range(FILES)]
        identities: set[str] = set()
        for number in range(kills + 1):
            is_last = number == kills
            kept = [proved(destination) for destination in destinations]
            before = [len(asked(origin, file)) for file in files]
            with serving(folder, "--limit-rate", "1G" if is_last else str(rate)) as server:
                if not identities:
                    body = {"references": [file.url for file in files]}
                    identities = {str(job["id"]) for job in server.client.ask("POST", JOBS, body).jobs}
                assert set(_states(server)) == identities, "a job is lost or doubled"
                until(lambda server=server: set(_states(server).values()) <= {"active", "done"})  # type: ignore[misc]
                if is_last:
                    until(lambda server=server: set(_states(server).values()) == {"done"})  # type: ignore[misc]
                else:
                    time.sleep(draw.uniform(0.1, LONGEST_SECONDS))
                server.process.kill()
                server.process.wait()
            for file, spans, count in zip(files, kept, before, strict=True):
                twice = sum(spans.count_in(Span(*span)) for span in asked(origin, file)[count:])
                assert twice == 0, f"{twice:,} proved bytes of {file.path} were asked for again"
            told.append(
                f"start {number + 1}: {sum(spans.total for spans in kept):,} bytes were proved, none came again"
            )
        for file, destination in zip(files, destinations, strict=True):
            assert destination.read_bytes() == file.read()
        assert len(list((folder / "files").iterdir())) == FILES
    return told


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as where:
        lines = run(Path(where), kills=int(sys.argv[1]), size=64 << 20, rate=8 << 20, seed=int(time.time()))
    sys.stdout.write("\n".join(lines) + "\n")
