from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.library.extra_paths import ExtraPath, extra_paths, read_extra_paths

FILE = Path("/ui/extra_model_paths.yaml")


def written(folder: Path, text: str) -> Path:
    path = folder / "extra_model_paths.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_groups_name_folders_below_their_base_path(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        """
#config for another program
a111:
    base_path: /webui/

    checkpoints: models/Stable-diffusion
    loras: |
         models/Lora
         models/LyCORIS
""",
    )
    assert read_extra_paths(file) == [
        ExtraPath("checkpoints", Path("/webui/models/Stable-diffusion"), is_default=False),
        ExtraPath("loras", Path("/webui/models/Lora"), is_default=False),
        ExtraPath("loras", Path("/webui/models/LyCORIS"), is_default=False),
    ]


def test_a_relative_base_path_starts_at_the_files_folder() -> None:
    config = {"g": {"base_path": "../big", "vae": "models/vae/"}}
    assert extra_paths(config, FILE) == [ExtraPath("vae", Path("/big/models/vae"), is_default=False)]


def test_without_a_base_path_relative_paths_start_at_the_files_folder_and_absolute_ones_stand() -> None:
    config = {"g": {"vae": "vae\n/other/vae"}}
    assert [path for _, path, _ in extra_paths(config, FILE)] == [Path("/ui/vae"), Path("/other/vae")]


def test_home_and_variables_are_filled_into_the_base_path_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.setenv("BIG", "/mnt/big")
    config = {
        "a": {"base_path": "~/ui", "vae": "vae"},
        "b": {"base_path": "${BIG}/ui", "vae": "$BIG"},
        "c": {"base_path": "$NOT_SET_AT_ALL", "vae": "vae"},
    }
    paths = [path for _, path, _ in extra_paths(config, FILE)]
    assert paths == [Path("/home/ann/ui/vae"), Path("/mnt/big/ui/$BIG"), Path("/ui/$NOT_SET_AT_ALL/vae")]


def test_is_default_holds_for_its_group() -> None:
    config = {"a": {"is_default": True, "vae": "x"}, "b": {"vae": "y"}}
    assert [is_default for *_, is_default in extra_paths(config, FILE)] == [True, False]


@pytest.mark.parametrize("config", [None, {}, {"a": None}, {"a": {"vae": None}}, {"a": {"vae": "\n\n"}}])
def test_empty_files_groups_and_folders_add_nothing(config: object) -> None:
    assert extra_paths(config, FILE) == []


@pytest.mark.parametrize("config", [[], "text", 5, {"a": "text"}, {"a": {"vae": ["x"]}}, {"a": {"base_path": 5}}])
def test_what_is_not_of_that_form_is_a_clear_error(config: object) -> None:
    with pytest.raises(ReferenceSyntaxError, match=r"extra_model_paths\.yaml"):
        extra_paths(config, FILE)


def test_what_is_not_yaml_is_an_error_that_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(ReferenceSyntaxError, match="line 2: this isn't YAML"):
        read_extra_paths(written(tmp_path, "a:\n\t- b\n"))


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReferenceSyntaxError, match="can't be read"):
        read_extra_paths(tmp_path / "missing.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(ReferenceSyntaxError, match="this isn't YAML"):
        read_extra_paths(tmp_path / "binary.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "a: 2001-99-99\n",
        "[" * 5000,
        "a: *unknown\n",
        "a:\n  ? [b]\n  : c\n",
        'a:\n  loras: "b\\0c"\n',
        'a:\n  base_path: "b\\0c"\n  loras: d\n',
        "a:\n  loras: 3\n",
        "- a\n",
    ],
    ids=["no date", "too deep", "no anchor", "a list as a key", "NUL", "NUL in base_path", "a number", "a list"],
)
def test_each_way_to_spoil_a_file_is_told_with_a_hint(tmp_path: Path, text: str) -> None:
    with pytest.raises(ReferenceSyntaxError, match=r"paths\.yaml") as caught:
        read_extra_paths(written(tmp_path, text))
    assert caught.value.hint


def test_nothing_in_the_file_is_run(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    text = f'a: !!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ["{marker}"]]'
    with pytest.raises(ReferenceSyntaxError):
        read_extra_paths(written(tmp_path, text))
    assert not marker.exists()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_whatever_a_file_says_is_paths_or_a_clear_error(config: object) -> None:
    try:
        found = extra_paths(config, FILE)
    except ReferenceSyntaxError:
        return
    assert all(path.is_absolute() for _, path, _ in found)
