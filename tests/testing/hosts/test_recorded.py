"""Each answer of a stand-in follows one that was recorded of the real host, and is named by it."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from anymatix_fetcher.testing.content import GivenContent
from anymatix_fetcher.testing.hosts import (
    CivitaiFile,
    CivitaiModel,
    CivitaiSettings,
    CivitaiVersion,
    GitHubAsset,
    GitHubRelease,
    GitHubSettings,
    HostedFile,
    Hosts,
    HubFile,
    HubRepo,
    HubSettings,
    ModelScopeRepo,
    ModelScopeSettings,
    OllamaModel,
    ZenodoRecord,
    civitai,
    github,
    hosted,
    huggingface,
    modelscope,
    ollama,
    zenodo,
)
from tests.testing.hosts.asking import Clock, Reply, ask, query_of

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL = hosted("model.safetensors", 200_000)
LONG = hosted("long.safetensors", 300_000)
LONG_NAMESAKE = HostedFile("model.safetensors", LONG.content)
CONFIG = HostedFile("config.json", GivenContent(b'{"model_type": "test"}\n'))
TOKENS = frozenset({"good"})
HUB_FILES = {
    "model.safetensors": HubFile(MODEL),
    "long.safetensors": HubFile(LONG),
    "config.json": HubFile(CONFIG, lfs=False),
}
SCOPE_FILES = {"model.safetensors": MODEL, "config.json": CONFIG}
MANY = {f"{number}.json": CONFIG for number in range(3001)}


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One recorded answer.

    Attributes:
        row: What was recorded.
        path: What is asked for, with the site's name before it.
        method: How.
        sent: The request's fields.
        follow: Whether the answer is that of the place to which a redirect leads.
        followed_with: The fields that are sent there.
        status: The answer's.
        fields: Patterns for values of fields.
        absent: The names of fields that it hasn't.
        body: A pattern in the body.
    """

    row: str
    path: str
    method: str = "GET"
    sent: dict[str, str] = field(default_factory=dict)
    follow: bool = False
    followed_with: dict[str, str] = field(default_factory=dict)
    status: int
    fields: dict[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    body: str = ""

    def answered(self, hosts: Hosts) -> Reply:
        site, _, path = self.path.partition("/")
        reply = ask(f"{hosts.urls[site]}/{path}", self.method, **self.sent)
        return ask(reply.location, self.method, **self.followed_with) if self.follow else reply


FILE = "huggingface/org/model/resolve/main/model.safetensors"
GOOD = {"Authorization": "Bearer good"}
BAD = {"Authorization": "Bearer bad"}
UNNAMED: dict[str, Any] = {
    "status": 401,
    "fields": {"content-type": "text/plain", "www-authenticate": "^Bearer$"},
    "absent": ("x-error-code",),
    "body": r"^Invalid username or password\.$",
}
FIRST = {"Range": "bytes=0-99"}
LISTED = "modelscope/api/v1/models/org/{}/repo/files?Revision={}&Recursive=true"

HUB = (
    Recorded(
        row="hub: a file in LFS is a 302 that states size, SHA-256 and commit, has no ETag and isn't stored",
        path=FILE,
        status=302,
        fields={
            "x-linked-size": f"^{MODEL.size}$",
            "x-linked-etag": f'^"{MODEL.sha256}"$',
            "x-repo-commit": "^[0-9a-f]{40}$",
            "cache-control": "^no-store$",
            "vary": "^Origin, Accept$",
            "location": r"\?X-Xet-Cas-Uid=[^&]*&response-content-disposition=[^&]*%3B&Expires=\d+&Policy=[^&]+"
            r"&Signature=[^&]+&Key-Pair-Id=[0-9A-HJKMNP-TV-Z]{26}$",
        },
        absent=("etag",),
    ),
    Recorded(
        row="hub: a resolve without Range gives an address that takes any range, and its ETag is Xet's hash",
        path=FILE,
        follow=True,
        followed_with={"Range": "bytes=100-199"},
        status=206,
        fields={"etag": f'^"{MODEL.xet_hash}"$', "content-disposition": "^inline; filename.*;$"},
    ),
    Recorded(
        row="hub: a resolve with a Range gives an address that refuses every other one",
        path=FILE,
        sent=FIRST,
        follow=True,
        followed_with={"Range": "bytes=100-199"},
        status=403,
        fields={"content-type": "^text/plain"},
        absent=("x-error-code",),
        body="^Auth failed: invalid range$",
    ),
    Recorded(
        row="hub: it takes the very range that it was signed for",
        path=FILE,
        sent=FIRST,
        follow=True,
        followed_with=FIRST,
        status=206,
    ),
    Recorded(
        row="hub: a bare GET of a very long file is a 400 at the CDN",
        path="huggingface/org/model/resolve/main/long.safetensors",
        follow=True,
        status=400,
    ),
    Recorded(
        row="hub: a missing repository, anonymous",
        path="huggingface/org/nothing/resolve/main/config.json",
        **UNNAMED,
    ),
    Recorded(
        row="hub: a private repository, anonymous", path="huggingface/org/private/resolve/main/config.json", **UNNAMED
    ),
    Recorded(row="hub: a wrong token gets the same answer, even for a public file", path=FILE, sent=BAD, **UNNAMED),
    Recorded(
        row="hub: JSON at the API only",
        path="huggingface/api/models/org/nothing",
        status=401,
        fields={"content-type": "^application/json"},
        body='^{"error": "Invalid username or password."}$',
    ),
    Recorded(
        row="hub: a missing repository, with a valid token",
        path="huggingface/org/nothing/resolve/main/config.json",
        sent=GOOD,
        status=404,
        fields={"x-error-code": "^RepoNotFound$", "content-type": "^text/plain"},
    ),
    Recorded(
        row="hub: gated, anonymous",
        path="huggingface/org/gated/resolve/main/config.json",
        status=401,
        fields={"x-error-code": "^GatedRepo$"},
    ),
    Recorded(
        row="hub: gated, not approved",
        path="huggingface/org/gated/resolve/main/config.json",
        sent=GOOD,
        status=403,
        fields={"x-error-code": "^GatedRepo$", "x-error-message": "."},
    ),
    Recorded(
        row="hub: no such revision",
        path="huggingface/org/model/resolve/v9/config.json",
        status=404,
        fields={"x-error-code": "^RevisionNotFound$", "content-type": "^text/plain"},
    ),
    Recorded(
        row="hub: no such file",
        path="huggingface/org/model/resolve/main/nothing",
        status=404,
        fields={"x-error-code": "^EntryNotFound$", "content-type": "^text/plain"},
    ),
    Recorded(
        row="hub: a disabled repository",
        path="huggingface/org/disabled/resolve/main/config.json",
        status=403,
        body="Access to this resource is disabled",
    ),
    Recorded(
        row="hub: a public repository's small file comes by its cache, whose query matters",
        path="huggingface/org/model/resolve/main/config.json",
        status=307,
        fields={"location": "^/api/resolve-cache/models/org/model/[0-9a-f]{40}/config.json[?].*etag="},
    ),
    Recorded(
        row="hub: a private repository's small file comes at once",
        path="huggingface/org/private/resolve/main/config.json",
        sent={"Authorization": "Bearer reader"},
        status=200,
        fields={"etag": f'^"{CONFIG.git_sha1}"$'},
    ),
    Recorded(
        row="hub: what is left of the limits stands on every success",
        path="huggingface/api/models/org/model",
        status=200,
        fields={"ratelimit": '^"api";r=[0-9]+;t=[0-9]+$', "ratelimit-policy": '^"fixed window";"api";q=500;w=300$'},
    ),
    Recorded(
        row="hub: a canonical name is redirected at the API",
        path="huggingface/api/models/bert",
        status=307,
        fields={"location": "^/api/models/org/model$"},
    ),
    Recorded(row="hub: and nowhere else", path="huggingface/bert/resolve/main/model.safetensors", status=302),
)

MODELSCOPE = (
    Recorded(
        row="ModelScope: a file in LFS is a 302 to a CDN with an auth_key, and states its SHA-256",
        path="modelscope/models/org/model/resolve/master/model.safetensors",
        status=302,
        fields={
            "x-linked-etag": MODEL.sha256,
            "location": "[?]auth_key=[0-9]{10}-[0-9a-f]+-0-[0-9a-f]{32}$",
        },
    ),
    Recorded(
        row="ModelScope: the CDN knows ranges",
        path="modelscope/models/org/model/resolve/master/model.safetensors",
        follow=True,
        followed_with=FIRST,
        status=206,
        fields={"content-range": f"^bytes 0-99/{MODEL.size}$"},
    ),
    Recorded(
        row="ModelScope: all else is 200 with a Content-Range",
        path="modelscope/models/org/model/resolve/master/config.json",
        sent={"Range": "bytes=0-9"},
        status=200,
        fields={"content-range": f"^bytes 0-9/{CONFIG.size}$", "content-length": "^10$"},
    ),
    Recorded(
        row="ModelScope: so are the API's own addresses of files in LFS",
        path="modelscope/api/v1/models/org/model/repo?Revision=master&FilePath=model.safetensors",
        sent=FIRST,
        status=200,
        fields={"content-range": f"^bytes 0-99/{MODEL.size}$"},
    ),
    Recorded(
        row="ModelScope: a missing file is a success with a number",
        path="modelscope/models/org/model/resolve/master/nothing.json",
        status=200,
        fields={"content-type": "json"},
        body='"Code": 10990101007.*"Success": false',
    ),
    Recorded(
        row="ModelScope: the list of an unknown revision is a success without files",
        path=LISTED.format("model", "v9"),
        status=200,
        body='"Files": null',
    ),
    Recorded(
        row="ModelScope: an unknown revision of a file",
        path="modelscope/models/org/model/resolve/v9/config.json",
        status=404,
        body='"Code": 10990101004',
    ),
    Recorded(
        row="ModelScope: no such repository", path=LISTED.format("x", "master"), status=404, body='"Code": 10010205001'
    ),
    Recorded(
        row="ModelScope: no access to a repository",
        path=LISTED.format("private", "master"),
        status=404,
        body='"Code": 10010200001',
    ),
    Recorded(
        row="ModelScope: a list ends after 3000 entries without a word",
        path=LISTED.format("many", "master"),
        status=200,
        body=r'^(?!.*more|.*Total)(?:.*?"Path": ){3000}(?!.*"Path": ).*"Success": true',
    ),
)

OTHERS = (
    Recorded(
        row="Civitai: an archived version has neither files nor an address, and may lack its availability",
        path="civitai/api/v1/model-versions/8",
        status=200,
        body='^(?!.*"files")(?!.*"downloadUrl")(?!.*"availability").*"id": 8',
    ),
    Recorded(row="Civitai: the download of an archived version", path="civitai/api/download/models/8", status=410),
    Recorded(
        row="Civitai: several files of one version may have one name",
        path="civitai/api/v1/model-versions/7",
        status=200,
        body='(?:.*"name": "model.safetensors"){2}',
    ),
    Recorded(
        row="Civitai: R2 refuses HEAD, for the method is signed",
        path="civitai/api/download/models/7",
        sent={},
        method="HEAD",
        follow=True,
        status=403,
    ),
    Recorded(
        row="Ollama: the manifest is text in chunks, without a length",
        path="ollama/v2/library/tiny/manifests/latest",
        status=200,
        fields={"content-type": "^text/plain", "transfer-encoding": "^chunked$"},
        absent=("content-length",),
        body='"layers"',
    ),
    Recorded(
        row="Ollama: the address of a layer holds for a day",
        path=f"ollama/v2/library/tiny/blobs/sha256:{MODEL.sha256}",
        status=307,
        fields={"location": "X-Amz-Expires=86400"},
    ),
    Recorded(
        row="Zenodo: limits and Retry-After on a success, Accept-Ranges twice, an MD5 in hexadecimal",
        path="zenodo/records/5/files/model.safetensors",
        status=200,
        fields={
            "retry-after": "^[0-9]+$",
            "x-ratelimit-remaining": "^[0-9]+$",
            "accept-ranges": "^none, bytes$",
            "content-md5": f"^{MODEL.md5}$",
        },
    ),
    Recorded(
        row="Zenodo: aria2 is turned away by its name",
        path="zenodo/records/5/files/model.safetensors",
        sent={"User_Agent": "aria2/1.37.0"},
        status=403,
    ),
    Recorded(
        row="GitHub: a used-up API",
        path="github-api/repos/o/r/releases/tags/v1",
        status=403,
        fields={"x-ratelimit-remaining": "^0$"},
        body="API rate limit exceeded",
    ),
    Recorded(
        row="GitHub: and the asset can still be had, by an address with a token of five minutes",
        path="github/o/r/releases/download/v1/model.safetensors",
        status=302,
        fields={"location": "[?]sp=r&sv=.*&jwt=eyJ"},
    ),
)


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    readers = frozenset({"reader"})
    repos = (
        HubRepo("org/model", HUB_FILES, former_ids=("bert",)),
        HubRepo("org/gated", HUB_FILES, access="gated"),
        HubRepo("org/private", HUB_FILES, access="private", readers=readers),
        HubRepo("org/disabled", HUB_FILES, access="disabled"),
    )
    versions = (
        CivitaiVersion(7, "v2", (CivitaiFile(70, MODEL), CivitaiFile(71, LONG_NAMESAKE))),
        CivitaiVersion(8, "v1", (CivitaiFile(80, MODEL),), access="archived"),
    )
    with Hosts(
        huggingface(
            repos,
            HubSettings(TOKENS | readers, pins_range=True, resolve_cache=True, most_without_range=MODEL.size),
        ),
        modelscope(
            [
                ModelScopeRepo("org/model", SCOPE_FILES, small=frozenset({"config.json"})),
                ModelScopeRepo("org/private", SCOPE_FILES, private=True),
                ModelScopeRepo("org/many", MANY, small=frozenset(MANY)),
            ],
            ModelScopeSettings(TOKENS),
        ),
        civitai([CivitaiModel(5, "Model", versions)], CivitaiSettings(TOKENS)),
        ollama([OllamaModel("tiny", "latest", MODEL)]),
        zenodo([ZenodoRecord(5, "Weights", (MODEL,))]),
        github([GitHubRelease("o/r", "v1", (GitHubAsset(1, MODEL),))], GitHubSettings(api_limit=0)),
        clock=Clock(),
    ) as running:
        yield running


@pytest.mark.parametrize("recorded", [*HUB, *MODELSCOPE, *OTHERS], ids=lambda recorded: recorded.row)
def test_an_answer_follows_what_was_recorded(hosts: Hosts, recorded: Recorded) -> None:
    reply = recorded.answered(hosts)
    assert reply.status == recorded.status
    for name, pattern in recorded.fields.items():
        assert re.search(pattern, reply.headers[name]), (name, reply.headers[name])
    assert not [name for name in recorded.absent if name in reply.headers]
    assert re.search(recorded.body, reply.text if recorded.body else "", re.DOTALL)


def test_the_policy_is_in_the_recorded_grammar(hosts: Hosts) -> None:
    location = ask(f"{hosts.urls['huggingface']}/{FILE.partition('/')[2]}", **FIRST).location
    fields = query_of(location)
    policy = json.loads(base64.b64decode(fields["Policy"].translate(str.maketrans("-_~", "+=/"))))
    (statement,) = policy["Statement"]
    assert statement["Condition"] == {
        "DateLessThan": {"EpochTime": int(fields["Expires"])},
        "ByteRange": {"ExpectedHeader": "bytes=0-99"},
    }
    assert statement["Resource"] == location.partition("&Expires=")[0]


def test_b2_answers_head() -> None:
    version = CivitaiVersion(7, "v1", (CivitaiFile(70, MODEL),))
    with Hosts(civitai([CivitaiModel(5, "Model", (version,))], CivitaiSettings(b2_after=0))) as hosts:
        location = ask(f"{hosts.urls['civitai']}/api/download/models/7").location
        assert location.startswith(hosts.urls["civitai-b2"])
        assert ask(location, "HEAD").status == 200
