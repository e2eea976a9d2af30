from __future__ import annotations

import pytest

from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.sources import civitai_references as references
from anymatix_fetcher.sources.base import Secret
from anymatix_fetcher.sources.civitai import SITE
from anymatix_fetcher.sources.civitai_references import CivitaiReference
from tests.sources.surroundings import surroundings

HEX = "0123456789abcdef" * 4


def by_url(text: str) -> CivitaiReference | None:
    located = SITE.locate(text, surroundings())
    assert located is not None
    return references.read_url(located)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("civitai:143906", CivitaiReference(143906)),
        ("CIVITAI://143906", CivitaiReference(143906)),
        ("civitai:4384@128713", CivitaiReference(128713, 4384)),
        ("civitai:5+7", CivitaiReference(5, file=7)),
        ("civitai:5?fileId=7", CivitaiReference(5, file=7)),
        (
            "civitai:5?format=GGUF&quantType=Q8_0",
            CivitaiReference(5, preferences=(("format", "GGUF"), ("quantType", "Q8_0"))),
        ),
        ("civitai:5?token=t", CivitaiReference(5, token=Secret("t"))),
        (f"civitai:SHA256:{HEX.upper()}", CivitaiReference(kind="sha256", hash=HEX)),
        (f"civitai:blake3:{HEX}", CivitaiReference(kind="blake3", hash=HEX)),
        ("civitai:AutoV2:6CE0161689", CivitaiReference(kind="autov2", hash="6ce0161689")),
        ("civitai:crc32:D8ABC9D2", CivitaiReference(kind="crc32", hash="d8abc9d2")),
    ],
)
def test_a_scheme_names_a_version_or_a_hash(text: str, expected: CivitaiReference) -> None:
    assert references.has_scheme(text)
    assert references.read_scheme(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "civitai:",
        "civitai:x",
        "civitai:5@",
        "civitai:@5",
        "civitai:-5",
        "civitai:٣",
        "civitai:5/6",
        f"civitai:{'9' * 19}",
    ],
)
def test_a_scheme_without_a_version_isnt_guessed_at(text: str) -> None:
    with pytest.raises(ReferenceSyntaxError, match="names no version") as refusal:
        references.read_scheme(text)
    assert "civitai:VERSION" in refusal.value.hint


@pytest.mark.parametrize("text", ["civitai:sha256:00", "civitai:md5:" + "0" * 32, f"civitai:crc32:{HEX}"])
def test_a_hash_has_its_length(text: str) -> None:
    with pytest.raises(ReferenceSyntaxError, match="not a hash") as refusal:
        references.read_scheme(text)
    assert "sha256 (64 digits)" in refusal.value.hint


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("328553@368189", CivitaiReference(368189, 328553)),
        ("328553", CivitaiReference(model=328553)),
        ("1@2+3", CivitaiReference(2, 1, file=3)),
        ("1@2.safetensor", CivitaiReference(2, 1, preferences=(("format", "SafeTensor"),))),
        ("1@2+3.gguf", CivitaiReference(2, 1, file=3, preferences=(("format", "gguf"),))),
        ("1@2:layer.ckpt", CivitaiReference(2, 1, preferences=(("format", "PickleTensor"),))),
    ],
)
def test_an_air_names_model_version_file_and_format(name: str, expected: CivitaiReference) -> None:
    assert references.read_air_name(name) == expected


@pytest.mark.parametrize("name", ["x", "1@x", "@2", "1+", "org/repo"])
def test_an_air_without_a_model_isnt_guessed_at(name: str) -> None:
    with pytest.raises(ReferenceSyntaxError, match="not an AIR"):
        references.read_air_name(name)


@pytest.mark.parametrize(
    ("url", "version", "model"),
    [
        ("https://civitai.com/models/4384", None, 4384),
        ("https://civitai.com/models/4384/", None, 4384),
        ("https://www.civitai.com/models/4384/dreamshaper?modelVersionId=128713", 128713, 4384),
        ("https://civitai.red/models/4384?modelVersionId=128713&dialog=x#y", 128713, 4384),
        ("https://civitai.com/model-versions/128713", 128713, None),
    ],
)
def test_a_page_names_a_model_and_perhaps_a_version(url: str, version: int | None, model: int | None) -> None:
    assert by_url(url) == CivitaiReference(version, model)


def test_a_downloads_address_keeps_its_query_but_for_the_token() -> None:
    found = by_url("https://civitai.com/api/download/models/5?type=Model&Token=SECRET&format=SafeTensor&fileId=7&x=%2B")
    assert found is not None
    assert found.download is not None
    query = "type=Model&format=SafeTensor&fileId=7&x=%2B"
    assert found.download.reveal() == f"https://civitai.com/api/download/models/5?{query}"
    assert (found.version, found.file, found.token) == (5, 7, Secret("SECRET"))
    assert found.preferences == (("type", "Model"), ("format", "SafeTensor"))
    assert "SECRET" not in repr(found)


@pytest.mark.parametrize("path", ["/", "/images/5", "/models", "/models/x", "/api/download/attachments/5"])
def test_other_addresses_are_left_as_they_are(path: str) -> None:
    assert by_url(f"https://civitai.com{path}") is None


@pytest.mark.parametrize("url", ["models/5?modelVersionId=x", "api/download/models/5?fileId=x"])
def test_an_id_that_is_no_number_is_told(url: str) -> None:
    with pytest.raises(ReferenceSyntaxError, match="is not a number"):
        by_url(f"https://civitai.com/{url}")
