"""The lock file's format: what is written is read again, and nothing that others have written is believed."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anymatix_fetcher.core.values.digests import HEX_LENGTHS, Digest
from anymatix_fetcher.core.values.filenames import SafeName, safe_name
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.library.lock_file_format import LockedFile, LockFile, Root, read, write
from tests.mutations import as_toml, mutated

A, B = Digest("sha256", "a" * 64), Digest("sha256", "b" * 64)
COMMIT, LATER = "1" * 40, "2" * 40
VAE = LockedFile(
    SafeName("ae.safetensors"),
    Root.MODELS,
    (SafeName("vae"),),
    (f"hf:org/repo@{COMMIT}/ae.safetensors", "https://example.org/ae.safetensors"),
    335_304_388,
    (A,),
    "vae",
)
TEXT = f"""\
# What `anyfetch sync` brings here; written by `anyfetch lock`.
version = 1

[[file]]
name = "ae.safetensors"
root = "models"
folder = "vae"
type = "vae"
size = 335304388
sources = [
    "hf:org/repo@{COMMIT}/ae.safetensors",
    "https://example.org/ae.safetensors",
]

[file.digests]
sha256 = "{"a" * 64}"
"""

names = st.text(min_size=1, max_size=30).map(safe_name).filter(bool).map(lambda name: SafeName(name or "_"))
digests = st.dictionaries(st.sampled_from(sorted(HEX_LENGTHS)), st.integers(0, 255)).map(
    lambda found: tuple(
        sorted((Digest(name, f"{byte:02x}" * (HEX_LENGTHS[name] // 2)) for name, byte in found.items()), key=str)
    )
)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
files = st.builds(
    LockedFile,
    names,
    st.sampled_from(Root),
    st.lists(names, min_size=1, max_size=3).map(tuple),
    st.lists(texts, min_size=1, max_size=3).map(tuple),
    st.none() | st.integers(0, 2**63 - 1),
    digests,
    texts | st.just(""),
)


def test_it_looks_like_this() -> None:
    assert write(LockFile((VAE,))) == TEXT
    assert read(TEXT.encode()) == LockFile((VAE,))


@given(st.lists(files, max_size=5, unique_by=lambda file: file.place))
def test_what_is_written_is_read_again(written: list[LockedFile]) -> None:
    lock = LockFile(tuple(written))
    assert read(write(lock).encode()) == lock
    assert write(read(write(lock).encode())) == write(lock)


@given(st.binary(max_size=200))
def test_anything_else_is_an_error_that_says_so(data: bytes) -> None:
    with pytest.raises(ReferenceSyntaxError):
        read(data)


@pytest.mark.parametrize(
    ("line", "new", "words"),
    [
        ("version = 1", "version = 2", "version 2"),
        ("version = 1", "", "names no version"),
        ('name = "ae.safetensors"', 'name = "../ae.safetensors"', "leads elsewhere"),
        ('name = "ae.safetensors"', 'name = ".."', "leads elsewhere"),
        ('name = "ae.safetensors"', "", "name is missing"),
        ('name = "ae.safetensors"', "name = 7", "name is missing"),
        ('folder = "vae"', 'folder = "vae/../../x"', "leads elsewhere"),
        ('folder = "vae"', 'folder = "/etc"', "leads elsewhere"),
        ('folder = "vae"', 'folder = ""', "no folder below the models root"),
        ('root = "models"', 'root = "system"', "its root"),
        ("size = 335304388", "size = -1", "size"),
        ("size = 335304388", "size = true", "size"),
        ("size = 335304388", "size = 1.5", "size"),
        ("a" * 64, "a" * 63, "not a sha256 digest"),
        ("sha256 =", "sha3 =", "not a digest"),
        ('type = "vae"', f'sha256 = "{"a" * 64}"', "have to stand in"),
    ],
)
def test_what_cant_be_is_said_with_the_number_of_the_file(line: str, new: str, words: str) -> None:
    with pytest.raises(ReferenceSyntaxError, match=words) as refusal:
        read(TEXT.replace(line, new).encode(), "x.lock")
    assert str(refusal.value).startswith("x.lock")
    assert refusal.value.hint


def test_two_files_in_one_place_are_refused() -> None:
    twice = TEXT + TEXT[TEXT.index("[[file]]") :]
    with pytest.raises(ReferenceSyntaxError, match="file 2: another one has the same place"):
        read(twice.encode())


def test_keys_that_arent_known_are_passed_over() -> None:
    assert read(TEXT.replace("version = 1", 'version = 1\nnote = "x"').encode()) == LockFile((VAE,))


def test_a_syntax_error_tells_the_line_and_repeats_nothing_of_it() -> None:
    with pytest.raises(ReferenceSyntaxError, match="line 2, column 11") as refusal:
        read(b"version = 1\nsources = hunter2\n")
    assert "hunter2" not in str(refusal.value)


def test_new_files_come_last_and_known_ones_keep_their_place() -> None:
    other = replace(VAE, name=SafeName("other.safetensors"))
    lock = LockFile((VAE,)).with_file(other)
    assert lock.files == (VAE, other)
    changed = replace(VAE, digests=(B,), size=5)
    assert lock.with_file(changed).files == (changed, other)


def test_the_same_content_under_a_later_commit_changes_nothing() -> None:
    again = replace(VAE, sources=(VAE.sources[0].replace(COMMIT, LATER),), type="")
    assert LockFile((VAE,)).with_file(again) == LockFile((VAE,))


def test_the_same_content_elsewhere_is_one_more_source() -> None:
    again = replace(VAE, sources=("civitai:7?fileId=8",), digests=(A, Digest("crc32", "01234567")))
    (file,) = LockFile((VAE,)).with_file(again).files
    assert file.sources == (*VAE.sources, "civitai:7?fileId=8")
    assert [digest.algorithm for digest in file.digests] == ["crc32", "sha256"]


def test_a_digest_that_was_computed_here_stays_where_the_source_is_the_same() -> None:
    unknown = replace(VAE, digests=())
    assert LockFile((VAE,)).with_file(unknown).files[0].digests == (A,)
    assert LockFile((VAE,)).with_file(replace(unknown, size=1)).files[0].digests == ()


def test_it_is_toml_that_others_can_read() -> None:
    document = tomllib.loads(write(LockFile((VAE,))))
    assert document["file"][0]["digests"] == {"sha256": "a" * 64}


@settings(max_examples=150, deadline=None)
@given(mutated(tomllib.loads(TEXT)))
def test_whatever_a_field_holds_it_is_read_or_refused_with_a_sentence(document: object) -> None:
    try:
        lock = read(as_toml(document))
    except ReferenceSyntaxError as error:
        assert error.message.isprintable()  # noqa: PT017 - it may be raised, or not
        return
    for file in lock.files:
        assert file.size is None or 0 <= file.size < 2**63
        assert not {"", ".", ".."} & {*file.folder, file.name}
    assert read(write(lock).encode()) == lock
