"""``anyfetch workflow --dry-run`` on every workflow that ComfyUI ships: it names exactly what is in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.main import main
from anymatix_fetcher.testing import Origin
from tests.workflows.test_templates import FOLDER, naive, workflows

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.timeout(300)
def test_the_command_names_what_a_second_naive_walk_finds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    named = 0
    with Origin(seed=1) as origin:
        origin.script("status:code=404")
        monkeypatch.setenv("HF_ENDPOINT", origin.url("/").rstrip("/"))
        for name, document in workflows().items():
            expected = {(directory, file, url, digest) for directory, file, url, digest in naive(document)}
            words = ["workflow", "--dry-run", "--json", "--models", str(tmp_path), str(FOLDER / name)]
            assert main(words) == (3 if expected else 0), name
            found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
            assert {
                (one["directory"], one["name"], one["url"].partition("?")[0], (one["digest"] or ":").partition(":")[2])
                for one in found
            } == expected, name
            named += len(found)
    assert named >= 950
