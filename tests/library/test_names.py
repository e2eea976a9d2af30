from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.filenames import MAX_NAME_BYTES, SafeName, safe_name
from anymatix_fetcher.library.names import (
    HashedName,
    Naming,
    hashed_name,
    is_model_name,
    is_sidecar_name,
    name_for,
    parse_hashed_name,
    split_name,
)

HEX = "ab" * 32
OTHER = "cd" * 32


@pytest.mark.parametrize(
    ("original", "name"),
    [
        ("dream.safetensors", f"dream_{HEX}.safetensors"),
        ("dream.v2.safetensors", f"dream.v2_{HEX}.safetensors"),
        ("dream", f"dream_{HEX}"),
        ("a_b_c.gguf", f"a_b_c_{HEX}.gguf"),
        (f"dream_{OTHER}.safetensors", f"dream_{HEX}.safetensors"),
        ("../evil.bin", f"evil_{HEX}.bin"),
    ],
)
def test_a_hashed_name_says_stem_content_and_extension(original: str, name: str) -> None:
    assert hashed_name(original, HEX) == name


@pytest.mark.parametrize(
    "name", [f"dream_{HEX}.safetensors", f"dream.v2_{HEX}.safetensors", f"dream_{HEX}", f"_{HEX}.x"]
)
def test_a_hashed_name_is_read_back(name: str) -> None:
    parsed = parse_hashed_name(name)
    assert parsed is not None
    assert parsed.hex == HEX
    assert str(parsed) == name


def test_the_original_name_is_in_it() -> None:
    assert parse_hashed_name(f"dream.v2_{HEX}.safetensors") == HashedName("dream.v2", HEX, ".safetensors")
    assert HashedName("dream.v2", HEX, ".safetensors").original == "dream.v2.safetensors"


@pytest.mark.parametrize(
    "name",
    ["dream.safetensors", f"dream-{HEX}.pt", f"dream_{HEX[1:]}.pt", f"dream_{HEX.upper()}.pt", f"dream_{HEX}.a.b", ""],
)
def test_other_names_have_no_hash(name: str) -> None:
    assert parse_hashed_name(name) is None


@pytest.mark.parametrize("bad", ["", "xyz", HEX.upper(), HEX + "0"])
def test_what_is_no_digest_makes_no_name(bad: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        hashed_name("dream.pt", bad)


def test_nothing_makes_no_name() -> None:
    with pytest.raises(ValueError, match="nothing of the name"):
        hashed_name("..", HEX)


def test_names_are_plain_unless_asked_for_otherwise_and_the_hash_is_known() -> None:
    plain = SafeName("dream.pt")
    assert name_for(Naming.PLAIN, plain, HEX) == "dream.pt"
    assert name_for(Naming.ANYMATIX, plain, HEX) == f"dream_{HEX}.pt"
    assert name_for(Naming.ANYMATIX, plain, None) == "dream.pt"


@pytest.mark.parametrize(
    ("name", "parts"), [("a.b", ("a", ".b")), ("a", ("a", "")), (".b", (".b", "")), ("a.b.c", ("a.b", ".c"))]
)
def test_a_name_is_split_before_its_last_dot(name: str, parts: tuple[str, str]) -> None:
    assert split_name(name) == parts


def test_models_and_sidecars_are_told_by_their_names() -> None:
    assert is_model_name("x.SafeTensors")
    assert is_model_name("x.gguf")
    assert not is_model_name("x.json")
    assert is_sidecar_name(f"{HEX}.json")
    assert not is_sidecar_name("config.json")
    assert not is_sidecar_name(f"x_{HEX}.json")


@given(st.text())
@example("a" * MAX_NAME_BYTES)
def test_every_safe_name_makes_a_safe_hashed_name_that_is_read_back(text: str) -> None:
    name = safe_name(text)
    if name is None:
        return
    made = hashed_name(name, HEX)
    assert safe_name(made) == made
    assert len(made.encode()) <= MAX_NAME_BYTES
    parsed = parse_hashed_name(made)
    assert parsed is not None
    assert parsed.hex == HEX
    assert hashed_name(made, HEX) == made
