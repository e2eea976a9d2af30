from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anymatix_fetcher.core.http import Request
from anymatix_fetcher.errors import FetchError, NotFoundError, ReferenceSyntaxError
from anymatix_fetcher.sources import catalog
from anymatix_fetcher.sources.base import Environment, Wish
from tests.sources.surroundings import SERVICES, hosts_that_see, surroundings
from tests.sources.talk import Reply, talk


@pytest.mark.parametrize("reference", ["", "h.example/m.bin", "/etc/passwd", "C:\\x", "ftp://h.example/m", "file:///x"])
def test_what_belongs_to_no_source_isnt_guessed_at(reference: str) -> None:
    with pytest.raises(ReferenceSyntaxError, match="not a reference") as refusal:
        catalog.find(reference, Environment())
    assert "https://example.com/" in refusal.value.hint


def test_every_source_has_a_name_of_its_own() -> None:
    names = [source.name for source in catalog.SOURCES]
    assert len(set(names)) == len(names)


def test_the_refusal_names_no_secret() -> None:
    with pytest.raises(ReferenceSyntaxError) as refusal:
        catalog.find("ftp://me:SECRET@h.example/m?token=SECRET", Environment())
    assert "SECRET" not in f"{refusal.value} {refusal.value!r} {refusal.value.hint}"


@pytest.mark.parametrize(
    ("reference", "source"),
    [
        ("civitai:5", "civitai"),
        ("https://civitai.red/models/5", "civitai"),
        ("urn:air:sdxl:lora:civitai:5@6", "civitai"),
        ("urn:air:model:huggingface:o/r", "huggingface"),
        ("hf:o/r/x", "huggingface"),
        ("https://huggingface.co/o/r/resolve/main/x", "huggingface"),
        ("github:o/r", "github"),
        ("https://github.com/o/r/releases/download/v/x", "github"),
        ("modelscope:o/r", "modelscope"),
        ("https://modelscope.cn/models/o/r/resolve/master/x", "modelscope"),
        ("https://h.example/o/r/resolve/main/x", "direct"),
        ("https://civitai.com.evil.example/models/5", "direct"),
        ("https://civitai.com:8443/models/5", "direct"),
    ],
)
def test_a_reference_belongs_to_its_service(reference: str, source: str) -> None:
    assert catalog.find(reference, Environment()).name == source


def test_one_endpoint_for_all_services_still_tells_them_apart() -> None:
    endpoint = "http://127.0.0.1:8"
    environment = surroundings(dict.fromkeys((*SERVICES, "github_api"), endpoint))
    for path, source in {
        "api/download/models/5": "civitai",
        "o/r/resolve/main/x": "huggingface",
        "o/r/releases/download/v/x": "github",
        "models/o/r/resolve/master/x": "modelscope",
        "files/x.bin": "direct",
        "o/r": "direct",
    }.items():
        assert catalog.find(f"{endpoint}/{path}", environment).name == source


# Whatever is typed, and whatever is answered ------------------------------------------------------------

SECRET = "TOP-SECRET"
OWN_HOSTS = {
    *("civitai.com", "civitai.red", "huggingface.co", "github.com", "api.github.com", "raw.githubusercontent.com"),
    *("www.modelscope.cn", "www.modelscope.ai"),
}
STARTS = [
    *(
        "",
        "civitai:",
        "civitai:5@",
        "civitai:sha256:",
        "urn:air:a:b:civitai:",
        "urn:air:huggingface:",
        "hf:",
        "hf://o/r@",
    ),
    *("hf:datasets/", "github:", "github:o/r@", "modelscope:", "modelscope:o/r@", "https://civitai.com/"),
    *("https://civitai.red/models/5?", "https://civitai.com/api/download/models/5?", "https://hf.co/", "http://hf.co/"),
    *("https://huggingface.co/o/r/resolve/", "https://huggingface.co/o/r/tree/main/", "https://github.com/o/r/"),
    *(
        "https://github.com/o/r/releases/",
        "https://raw.githubusercontent.com/o/r/",
        "https://modelscope.ai/models/o/r/",
    ),
]
TAILS = st.text(st.characters(exclude_categories=())) | st.text(st.sampled_from("ab1/@:.?&=%#+*-_ ~\\[]\x1b\n"))
REFERENCES = st.builds(str.__add__, st.sampled_from(STARTS), TAILS)
KEYS = [
    *(
        "id",
        "sha",
        "files",
        "modelVersions",
        "name",
        "hashes",
        "SHA256",
        "assets",
        "type",
        "path",
        "lfs",
        "oid",
        "size",
    ),
    *("Data", "Files", "Path", "modelId", "status", "metadata", "digest", "primary", "trainedWords", "model"),
]
LEAVES: st.SearchStrategy[object] = st.sampled_from(
    [None, True, -1, 5, 1e400, "", "x", "file", "../x", "ab" * 32, "ab" * 20, "\ud800", {}, []]
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=12,
)
DOCUMENTS = st.lists(VALUES, max_size=3) | st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6)
REPLIES = st.builds(
    Reply,
    DOCUMENTS | st.just("<html>"),
    st.sampled_from([200, 200, 200, 204, 301, 401, 403, 404, 429, 500]),
    st.sampled_from(
        [
            {},
            {"Location": "https://elsewhere.example/x"},
            {"Location": "/y"},
            {"Link": '<https://evil.example/?a=b>; rel="next"'},
        ]
    ),
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(REFERENCES, st.lists(REPLIES, min_size=1, max_size=4))
def test_whatever_is_typed_and_answered_ends_well_and_keeps_the_secrets(reference: str, replies: list[Reply]) -> None:
    environment = surroundings(civitai=SECRET, huggingface=SECRET, github=SECRET, modelscope=SECRET)
    asked, upcoming = list[Request](), iter(replies)
    try:
        resources = talk(
            catalog.resolve(Wish(reference), environment), lambda _: next(upcoming, NotFoundError("no more")), asked
        )
    except FetchError as error:
        assert SECRET not in f"{error} {error.hint}"  # noqa: PT017 - it may be raised, or not
        resources = ()
    assert {request.url.origin.scheme for request in asked} <= {"https"}
    assert hosts_that_see(SECRET, asked, resources) <= OWN_HOSTS
    for resource in resources:
        assert SECRET not in f"{resource.reference} {resource}"
        assert not {"", ".", ".."} & set(resource.folder)
        assert resource.url.origin.scheme == "https" or SECRET not in str(resource.headers.fields)
