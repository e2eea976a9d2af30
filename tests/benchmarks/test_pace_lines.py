"""The report on the controller's lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.pace_lines import main
from tests.simulation.named_lines import NAMED_LINES

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_figures_are_printed_and_every_named_line_is_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--seeds", "6", "--out", str(tmp_path / "lines.png")])
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("mean  0.")
    assert {line.split()[0] for line in printed[5:]} == {name.split()[0] for name in NAMED_LINES}
    assert (tmp_path / "lines.png").read_bytes().startswith(b"\x89PNG")
