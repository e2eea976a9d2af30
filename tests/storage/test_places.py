"""What lies beside a destination."""

from __future__ import annotations

from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, cast

from anymatix_fetcher.storage.places import Places

if TYPE_CHECKING:
    from pathlib import Path


def test_names_that_windows_takes_for_equal_keep_their_own_case() -> None:
    upper, lower = (cast("Path", PureWindowsPath(name)) for name in ("C:/models/A.bin", "C:/models/a.bin"))
    assert upper == lower
    assert [Places.of(path).part.name for path in (upper, lower)] == ["A.bin.part", "a.bin.part"]
    assert [str(Places.of(path).destination) for path in (upper, lower)] == [str(upper), str(lower)]
