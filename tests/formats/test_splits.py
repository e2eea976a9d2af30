from __future__ import annotations

import pytest

from anymatix_fetcher.formats.splits import Part, part_by_metadata, part_by_name


def test_a_name_tells_the_part_and_all_names() -> None:
    names = tuple(f"big-0000{number}-of-00003.safetensors" for number in (1, 2, 3))
    assert part_by_name(names[1]) == Part(2, 3, names)


@pytest.mark.parametrize(
    "name",
    [
        "model.gguf",
        "m-00001-of-00001.gguf",
        "m-00000-of-00002.gguf",
        "m-00003-of-00002.gguf",
        "m-1-of-2.gguf",
        "-00001-of-",
    ],
)
def test_other_names_are_of_no_part(name: str) -> None:
    assert part_by_name(name) is None


@pytest.mark.parametrize(
    ("number", "count", "part"),
    [
        ("0", "3", Part(1, 3)),
        ("2", "3", Part(3, 3)),
        ("3", "3", None),
        ("0", "1", None),
        ("0", "0", None),
        ("x", "3", None),
        ("9" * 5000, "3", None),
        ("\u0661", "3", Part(2, 3)),
        ("", "", None),
    ],
)
def test_metadata_tell_the_part(number: str, count: str, part: Part | None) -> None:
    assert part_by_metadata({"split.no": number, "split.count": count}) == part
    assert part_by_metadata({}) is None
