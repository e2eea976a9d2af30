"""schemathesis asks the running server all that its description allows, and what it forbids."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.serve.served import SECRET

if TYPE_CHECKING:
    from pathlib import Path

    from tests.queue.fakes import Bench
    from tests.serve.served import Client

SEED = "18"
CONFIG = """
[parameters]
"path.id" = "{id}"
"""


def test_every_answer_is_as_described_and_none_is_a_500(client: Client, bench: Bench, tmp_path: Path) -> None:
    (job,) = client.ask("POST", "/api/v1/jobs", {"references": ["https://example.org/a.bin"], "paused": True}).jobs
    bench.turn()
    (tmp_path / "schemathesis.toml").write_text(CONFIG.format(id=job["id"]))
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(tmp_path / "schemathesis.toml"), "run"),
        f"http://127.0.0.1:{client.port}/api/v1/openapi.json",
        *("--header", f"Authorization: Bearer {SECRET}", "--seed", SEED, "--generation-database", "none"),
        *("--phases", "coverage,fuzzing", "--max-examples", "10", "--max-time", "25", "--workers", "2"),
        *("--checks", "all", "--continue-on-failure", "--no-color"),
        # Which text is a reference, a type or a workflow is said in words: such a request is as described, and a 400.
        *("--exclude-checks", "positive_data_acceptance"),
        # A stream has no end to wait for; test_events.py reads it.
        *("--exclude-operation-id", "get_events"),
    ]
    environment = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=110, check=False, cwd=tmp_path, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Server error" not in done.stdout
    assert client.get(f"/api/v1/jobs/{job['id']}").json != job, "it hasn't met the job"
