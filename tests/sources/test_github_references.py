from __future__ import annotations

import pytest

from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.sources import github_references as references
from anymatix_fetcher.sources.github import SITE
from anymatix_fetcher.sources.github_references import FileReference, GitHubReference, ReleaseReference
from tests.sources.surroundings import surroundings


def by_url(text: str) -> GitHubReference | None:
    located = SITE.locate(text, surroundings())
    assert located is not None
    return references.read_url(located)


@pytest.mark.parametrize(
    ("text", "tag", "asset"),
    [
        ("github:o/r@v1.0/x.zip", "v1.0", "x.zip"),
        ("GitHub://o/r@v1.0/x.zip", "v1.0", "x.zip"),
        ("github:o/r@latest/x.zip", "", "x.zip"),
        ("github:o/r/x.zip", "", "x.zip"),
        ("github:o/r", "", ""),
        ("github:o/r@v1.0", "v1.0", ""),
        ("github:o/r@v1.0/", "v1.0", ""),
        ("github:o/r@a/b/x.zip", "a/b", "x.zip"),
        ("github:o/r@a/b/", "a/b", ""),
        ("github:o/r@a%2Fb", "a/b", ""),
        ("github:o/r@v1/*.bin", "v1", "*.bin"),
    ],
)
def test_a_scheme_names_a_release_and_perhaps_an_asset(text: str, tag: str, asset: str) -> None:
    assert references.has_scheme(text)
    assert references.read_scheme(text) == ReleaseReference("o/r", tag, asset)


@pytest.mark.parametrize("text", ["github:", "github:o", "github:/r", "github:o/", "github:o/r@", "github:../r@v/x"])
def test_what_names_no_repository_or_tag_isnt_guessed_at(text: str) -> None:
    with pytest.raises(ReferenceSyntaxError, match="not a reference to GitHub") as refusal:
        references.read_scheme(text)
    assert "github:OWNER/REPO" in refusal.value.hint


@pytest.mark.parametrize("text", ["github:o/r@v/..", "github:o/r/a/b"])
def test_an_asset_is_one_name(text: str) -> None:
    with pytest.raises(ReferenceSyntaxError, match="its asset's name is invalid"):
        references.read_scheme(text)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("o/r/releases/download/v1/x.zip", ReleaseReference("o/r", "v1", "x.zip", is_literal=True)),
        ("o/r/releases/download/a/b/x%5B1%5D.zip", ReleaseReference("o/r", "a/b", "x[1].zip", is_literal=True)),
        ("o/r/releases/download/a%2Fb/x.zip", ReleaseReference("o/r", "a/b", "x.zip", is_literal=True)),
        ("o/r/releases/download/latest/x.zip", ReleaseReference("o/r", "latest", "x.zip", is_literal=True)),
        ("o/r/releases/latest/download/x.zip", ReleaseReference("o/r", "", "x.zip", is_literal=True)),
        ("o/r/releases/tag/v1", ReleaseReference("o/r", "v1")),
        ("o/r/releases/latest", ReleaseReference("o/r")),
        ("o/r/releases/", ReleaseReference("o/r")),
        ("o/r/blob/main/a/b.bin?raw=true", FileReference("o/r", "main/a/b.bin")),
        ("o/r/raw/refs/heads/main/b%20c.bin", FileReference("o/r", "refs/heads/main/b c.bin")),
    ],
)
def test_a_url_names_assets_or_a_file(path: str, expected: GitHubReference) -> None:
    assert by_url(f"https://github.com/{path}") == expected


def test_raw_content_has_a_host_of_its_own() -> None:
    assert by_url("https://raw.githubusercontent.com/o/r/main/a/b.bin") == FileReference("o/r", "main/a/b.bin")


@pytest.mark.parametrize("path", ["", "o", "o/r", "o/r/archive/refs/tags/v1.zip", "o/r/issues/1", "o/r/blob/main"])
def test_other_addresses_are_left_as_they_are(path: str) -> None:
    assert by_url(f"https://github.com/{path}") is None


def test_one_asset_is_meant_unless_its_name_is_a_glob() -> None:
    assert references.read_scheme("github:o/r@v/x.zip").is_one
    assert not references.read_scheme("github:o/r@v/x*.zip").is_one
    assert not references.read_scheme("github:o/r@v").is_one
    assert ReleaseReference("o/r", "v", "x[1].zip", is_literal=True).is_one


@pytest.mark.parametrize("text", ["github:o/r@v1/x.zip", "github:o/r@latest/x.zip", "github:o/r@a%2Fb/x y.zip"])
def test_a_reference_is_written_as_it_is_read(text: str) -> None:
    assert str(references.read_scheme(text)) == text
