from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anymatix_fetcher.core.values.http import Headers, Request
from anymatix_fetcher.core.values.resource import Author
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import AccessDeniedError, FetchError, NotFoundError, ReferenceSyntaxError
from anymatix_fetcher.sources import catalog
from anymatix_fetcher.sources.base import Environment, Secret, Wish
from tests.sources.surroundings import SERVICES, hosts_that_see, surroundings
from tests.sources.talk import Reply, talk

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("reference", ["", "org/repo/file", "/etc/passwd", "C:\\x", "ftp://h.example/m", "file:///x"])
def test_what_belongs_to_no_source_isnt_guessed_at(reference: str) -> None:
    with pytest.raises(ReferenceSyntaxError, match="not a reference") as refusal:
        catalog.find(reference, Environment())
    assert "https://example.com/" in refusal.value.hint


@pytest.mark.parametrize(
    ("reference", "host"),
    [
        ("h.example/m.bin?token=SECRET", "h.example"),
        ("localhost:8080/m.bin", "localhost:8080"),
        ("127.0.0.1:1/m.bin", "127.0.0.1:1"),
    ],
)
def test_an_address_without_its_scheme_is_told_what_is_missing(reference: str, host: str) -> None:
    with pytest.raises(ReferenceSyntaxError, match="it has no scheme") as refusal:
        catalog.find(reference, Environment())
    assert refusal.value.hint == f"Add the scheme: https://{host}/..."


@pytest.mark.parametrize("reference", ["sha256://zz", "SHA256:" + "a" * 64, "sha256://"])
def test_a_digest_that_isnt_one_is_told_what_it_should_be(reference: str) -> None:
    with pytest.raises(ReferenceSyntaxError, match="not a reference to a file that is here") as refusal:
        catalog.find(reference, Environment())
    assert "64 hexadecimal digits" in refusal.value.hint


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


# The sources without an account of ours -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "source"),
    [
        ("https://drive.google.com/file/d/1A/view", "gdrive"),
        ("https://drive.usercontent.google.com/download?id=1A", "gdrive"),
        ("https://www.dropbox.com/scl/fi/k/m.bin?rlkey=x", "dropbox"),
        ("https://dl.dropboxusercontent.com/s/k/m.bin", "direct"),
        ("zenodo:5/m.bin", "zenodo"),
        ("https://doi.org/10.5281/zenodo.5", "zenodo"),
        ("https://doi.org/10.1000/5", "direct"),
        ("ollama:llama3", "ollama"),
        ("s3://models/m.bin", "s3"),
        ("gs://models/m.bin", "gcs"),
        ("https://h.example/m.meta4", "metalink"),
        ("metalink:https://h.example/m", "metalink"),
        ("https://github.com/o/r/releases/download/v/m.meta4", "github"),
    ],
)
def test_so_does_a_reference_to_one_of_the_others(reference: str, source: str) -> None:
    assert catalog.find(reference, Environment()).name == source


LATE = [source for source in catalog.SOURCES if isinstance(source, catalog.LateSource)]


@pytest.mark.parametrize("late", LATE, ids=lambda late: late.name)
def test_a_source_that_comes_late_is_called_as_it_calls_itself(late: catalog.LateSource) -> None:
    assert late.source.name == late.name


OTHER_STARTS = [
    *("https://drive.google.com/", "https://drive.google.com/file/d/1A/view", "https://docs.google.com/uc?id=1A&"),
    *("https://drive.usercontent.google.com/download?id=1A", "https://www.dropbox.com/", "https://dropbox.com/s/k/m"),
    *("https://www.dropbox.com/scl/fo/k/m?", "zenodo:", "zenodo:5", "zenodo:5/m", "https://zenodo.org/records/5/"),
    *("https://doi.org/10.5281/zenodo.5", "ollama:", "ollama:m", "ollama:hf.co/", "https://ollama.com/library/"),
    *(
        "s3://",
        "s3://models/",
        "s3://my.models/m",
        "gs://",
        "gs://models/",
        "metalink:",
        "metalink:https://h.example/m",
    ),
    *("https://h.example/m.meta4", "http://h.example/m.metalink?", "https://h.example/"),
]
OTHER_REFERENCES = st.sampled_from(OTHER_STARTS) | st.builds(str.__add__, st.sampled_from(OTHER_STARTS), TAILS)
OTHER_LEAVES: st.SearchStrategy[object] = LEAVES | st.sampled_from(
    ["application/vnd.ollama.image.model", f"sha256:{'ab' * 32}", f"md5:{'ab' * 16}", "restricted", "a/b.bin"]
)
OTHER_KEYS = ["layers", "mediaType", "digest", "size", "files", "key", "checksum", "id", "metadata", "access_right"]
OTHER_DOCUMENTS = st.dictionaries(
    st.sampled_from(OTHER_KEYS),
    OTHER_LEAVES | st.lists(st.dictionaries(st.sampled_from(OTHER_KEYS), OTHER_LEAVES, max_size=4), max_size=2),
    max_size=5,
)
PIECES_OF_PAGES = [
    *(
        "<form id=download-form action='",
        "/x",
        "https://evil.example/",
        "http://evil.example/",
        "'>",
        "</form>",
        "<![x[",
    ),
    *("<input type=hidden name=confirm value=t>", "<input type=hidden name=", "&#xD800;", "Quota exceeded", "\x1b[0m"),
]
PIECES_OF_METALINKS = [
    *("<metalink xmlns='urn:ietf:params:xml:ns:metalink'>", "<file name='m'>", "<file name='../m'>", "</file>"),
    *("<url>https://h.example/m</url>", "<url priority='1'>http://evil.example/m</url>", "</metalink>", "<!DOCTYPE x>"),
    *(f"<hash type='sha-256'>{'ab' * 32}</hash>", "<hash type='md5'>x</hash>", "<size>5</size>", "<size>-1</size>"),
]
PAGES = st.one_of(*(st.lists(st.sampled_from(p)).map("".join) for p in (PIECES_OF_PAGES, PIECES_OF_METALINKS)))
OTHER_REPLIES = st.builds(
    Reply,
    OTHER_DOCUMENTS | PAGES | st.binary(max_size=20),
    st.sampled_from([200, 200, 200, 206, 301, 302, 307, 400, 403, 404, 416, 429, 500, 999]),
    st.sampled_from(
        [
            *({}, {"Content-Type": "text/html"}, {"Content-Disposition": 'attachment; filename="../m.bin"'}),
            *({"Location": "https://evil.example/x"}, {"Location": "/y"}, {"Location": "http://evil.example/"}),
            *({"x-amz-bucket-region": "eu-west-1"}, {"x-amz-bucket-region": "evil.example/"}),
            {"Location": "https://accounts.google.com/", "Content-Type": "text/html"},
        ]
    ),
)


def signed(url: Url, headers: Headers, region: str) -> Url:
    assert url.host.endswith(f"s3.{region}.amazonaws.com")
    assert not hosts_that_see(SECRET, [Request(url, headers=headers)])
    return Url.parse(f"{url.reveal()}?X-Amz-Signature={SECRET}")


def host_of(reference: str) -> str:
    try:
        return Url.parse(reference.removeprefix("metalink:").strip()).host
    except ValueError:
        return ""


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(OTHER_REFERENCES, st.lists(OTHER_REPLIES, min_size=1, max_size=4))
def test_whatever_the_others_are_asked_and_answer_ends_well_too(reference: str, replies: list[Reply]) -> None:
    tokens = {host: Secret(SECRET) for host in ("zenodo", "h.example", "storage.googleapis.com")}
    own = Headers.of(X_Own="MINE")
    asked, upcoming = list[Request](), iter(replies)
    resolving = catalog.resolve(
        Wish(reference, headers=own), Environment(tokens=tokens, region="eu-west-1", sign=signed)
    )
    try:
        resources = talk(resolving, lambda _: next(upcoming, NotFoundError("no more")), asked)
    except FetchError as error:
        assert SECRET not in f"{error} {error.hint}"  # noqa: PT017 - it may be raised, or not
        assert "MINE" not in f"{error} {error.hint}"  # noqa: PT017 - as above
        resources = ()
    assert {host for host in hosts_that_see(SECRET, asked, resources) if not host.endswith(".amazonaws.com")} <= {
        *("zenodo.org", "h.example", "storage.googleapis.com")
    }
    # Answers lead to strangers, and nothing that was meant for anybody else goes along.
    assert {host for host in hosts_that_see("MINE", asked, resources) if not host.endswith(".amazonaws.com")} <= {
        *("drive.google.com", "docs.google.com", "drive.usercontent.google.com", "www.dropbox.com", "zenodo.org"),
        *("registry.ollama.ai", "storage.googleapis.com", host_of(reference)),
    }
    for resource in resources:
        assert SECRET not in f"{resource.reference} {resource}"
        assert resource.name is None or "/" not in resource.name
        assert not {"", ".", ".."} & set(resource.folder)


ENVIRONMENTS = [Environment(), surroundings(dict.fromkeys((late.name for late in LATE), "http://127.0.0.1:8"))]


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    reference=REFERENCES | st.builds(str.__add__, st.sampled_from([*OTHER_STARTS, "http://127.0.0.1:8/"]), TAILS),
    change=st.sampled_from([str, str.upper, lambda text: text.replace("i", "\u0131"), lambda text: f"\uff48{text}"]),
    environment=st.sampled_from(ENVIRONMENTS),
)
def test_no_source_is_passed_over_because_it_comes_late(
    reference: str, change: Callable[[str], str], environment: Environment
) -> None:
    text = change(reference).strip()
    for late in LATE:
        assert late.recognises(text, environment) == late.source.recognises(text, environment)


def test_a_source_that_knows_hosts_has_a_word_for_each() -> None:
    for late in LATE:
        site = getattr(import_module(type(late.source).__module__), "SITE", None)
        for host in (*site.account.sites, *site.guides) if site else ():
            assert any(word in host for word in late.words)


METALINK = "https://public.example/a.meta4"
LISTED = """<metalink xmlns="urn:ietf:params:xml:ns:metalink"><file name="a.bin"><url>https://public.example/a.bin</url>
</file></metalink>"""


def asked_for(reference: str, replies: dict[str, Reply], author: Author, environment: Environment) -> list[str]:
    """The URLs that are asked, up to an error."""
    asked: list[Request] = []
    try:
        talk(catalog.resolve(Wish(reference, author=author), environment), replies, asked)
    except AccessDeniedError as error:
        assert "this machine or its own network" in error.message  # noqa: PT017 - the list is what is looked at
        assert "ANYFETCH_ALLOW_PRIVATE" in error.hint  # noqa: PT017 - as above
    return [request.url.reveal() for request in asked]


@pytest.mark.parametrize(
    "inside", ["http://127.0.0.1:80/x", "http://localhost/x", "http://10.1.2.3/x", "https://[::1]/x"]
)
@pytest.mark.parametrize("allowed", [False, True])
@pytest.mark.parametrize("author", Author)
def test_what_others_have_written_leads_no_request_into_the_own_network(
    inside: str, author: Author, *, allowed: bool
) -> None:
    inside = inside.replace("http:", "https:")
    replies = {METALINK: Reply(b"", 302, {"Location": inside}), inside: Reply(LISTED)}
    asked = asked_for(METALINK, replies, author, Environment(allows_private=allowed))
    assert (inside in asked) is (allowed or author is Author.USER)


def test_an_endpoint_and_a_reference_into_the_own_network_are_meant() -> None:
    endpoint = Environment(endpoints={"civitai": Url.parse("http://127.0.0.1:80")})
    version = "http://127.0.0.1:80/api/v1/model-versions/7"
    replies = {version: Reply({"id": 7, "files": [{"id": 1, "name": "a.bin"}]})}
    assert asked_for("civitai:7", replies, Author.FILE, endpoint) == [version]
    inside = "http://192.168.0.2/a.meta4"
    replies = {inside: Reply(b"", 302, {"Location": "/b.meta4"}), "http://192.168.0.2/b.meta4": Reply(LISTED)}
    assert asked_for(inside, replies, Author.FILE, Environment())[-1] == "http://192.168.0.2/b.meta4"
