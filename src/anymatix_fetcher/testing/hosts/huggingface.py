"""A stand-in for the Hugging Face Hub: its files, its API, and the CDN behind it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, quote, unquote, urlencode

from anymatix_fetcher.testing.hosts.cloudfront import KeyPair
from anymatix_fetcher.testing.hosts.hub_refusals import no_access, no_entry, no_repository, refusal, unauthorized
from anymatix_fetcher.testing.hosts.hub_repository import hub_id, info_json, tree_json
from anymatix_fetcher.testing.hosts.schemes import CloudFrontScheme
from anymatix_fetcher.testing.hosts.sigv4 import Credentials
from anymatix_fetcher.testing.hosts.site import Host, Serving, bearer_token, json_answer, page, query_fields, redirect
from anymatix_fetcher.testing.hosts.stores import Store
from anymatix_fetcher.testing.hosts.windows import FixedWindows
from anymatix_fetcher.testing.resources import Resource
from anymatix_fetcher.testing.responses.making import Draft, document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.testing.hosts.hub_repository import HubFile, HubRepo
    from anymatix_fetcher.testing.hosts.site import Moment
    from anymatix_fetcher.testing.messages import Request

_KINDS: Final = ("models", "datasets", "spaces")
_ACTIONS: Final = ("resolve", "blob", "raw")
_WINDOW_SECONDS = 300


@dataclass(frozen=True, slots=True)
class HubSettings:
    """The settings of the stand-in.

    Attributes:
        tokens: The valid tokens; any other is refused even if none is needed.
        url_seconds: The lifetime of a URL of the CDN; in reality 1 h.
        bridge: Whether URLs carry a SigV4 signature as well, like those of the older bridge.
        bytes_per_second: The limit of a connection to the CDN.
        page_entries: The largest number of entries on a page of the tree.
        resolver_limit: The limit of file requests in 5 minutes; in reality 3,000 without a token.
        api_limit: The limit of API requests in 5 minutes; in reality 500 without a token.
        most_without_range: The size above which the CDN serves ranges only.
        resolve_cache: Whether small files are redirected within the site, with a query that has to be kept.
        pins_range: Whether a request with a Range is redirected to a URL that is valid for that Range only; a request
            without one
                gets a URL for any Range.
    """

    tokens: frozenset[str] = frozenset()
    url_seconds: int = 3600
    bridge: bool = False
    bytes_per_second: float | None = None
    page_entries: int = 1000
    resolver_limit: int = 3000
    api_limit: int = 500
    most_without_range: int = 40_000_000_000
    resolve_cache: bool = False
    pins_range: bool = True


def huggingface(repos: Sequence[HubRepo], settings: HubSettings | None = None) -> Host:
    """A stand-in with the sites ``huggingface`` and ``huggingface-cdn``."""
    settings = settings or HubSettings()
    credentials = Credentials("AKIAXETBRIDGE", "secret of the stand-in for the bridge") if settings.bridge else None
    scheme = CloudFrontScheme(KeyPair("01K2N8F4GPSG1FCSTANDN0000X", b"secret of the stand-in for the CDN"), credentials)
    cdn = Store(
        "huggingface-cdn",
        scheme,
        prefix="/xet-bridge-us/",
        bytes_per_second=settings.bytes_per_second,
        most_without_range=settings.most_without_range,
    )
    return Host({"huggingface": HubSite(repos, settings, cdn), cdn.name: cdn}, {"HF_ENDPOINT": "huggingface"})


@dataclass(frozen=True, slots=True)
class _Path:
    """A path within a repository, as requested."""

    repo: HubRepo
    revision: str
    path: str


class HubSite:
    """The hub itself; implements ``Site``."""

    stores = False

    def __init__(self, repos: Sequence[HubRepo], settings: HubSettings, cdn: Store) -> None:
        self._settings = settings
        self._cdn = cdn
        self._repos: dict[tuple[str, str], HubRepo] = {(repo.kind, repo.id): repo for repo in repos}
        self._former: dict[tuple[str, str], HubRepo] = {
            (repo.kind, name): repo for repo in repos for name in repo.former_ids
        }
        self._windows = {
            "resolvers": FixedWindows(settings.resolver_limit, _WINDOW_SECONDS),
            "api": FixedWindows(settings.api_limit, _WINDOW_SECONDS),
        }
        for repo in repos:
            for path, file in repo.files.items():
                if file.lfs:
                    cdn.put(_key(repo, file), file.file, f"huggingface:{repo.id}/{path}")

    def answer(self, request: Request, moment: Moment) -> Draft | Serving:
        """Implements ``Site.answer``."""
        bucket = "api" if request.path.startswith("/api/") else "resolvers"
        token = bearer_token(request)
        allowance = self._windows[bucket].take(token or "", moment.now)
        limits = [
            ("RateLimit", f'"{bucket}";r={allowance.remaining};t={allowance.reset_seconds}'),
            ("RateLimit-Policy", f'"fixed window";"{bucket}";q={allowance.limit};w={_WINDOW_SECONDS}'),
        ]
        if not allowance.allowed:
            return page(429, "<body><h1>429</h1><p>We had to rate limit you</p></body>", limits)
        said = self._answer(request, token, moment)
        if isinstance(said, Serving):
            return replace(said, resource=replace(said.resource, headers=(*said.resource.headers, *limits)))
        said.headers += limits
        return said

    def _answer(self, request: Request, token: str | None, moment: Moment) -> Draft | Serving:
        if token is not None and token not in self._settings.tokens:
            return unauthorized(request)
        _, *parts = map(unquote, request.path.rstrip("/").split("/"))
        match parts:
            case ["api", "whoami-v2"]:
                known = {"type": "user", "name": "anymatix", "auth": {"type": "access_token"}}
                return json_answer(200, known) if token else unauthorized(request)
            case ["api", "resolve-cache", kind, *rest] if kind in _KINDS:
                return self._from_cache(request, kind, rest)
            case ["api", kind, *rest] if kind in _KINDS:
                return self._api(request, kind, rest, token, moment)
            case [kind, *rest] if kind in _KINDS:
                return self._file(request, kind, rest, token, moment)
            case _:
                return self._file(request, "models", parts, token, moment)

    # ---- Repositories ----

    def _repo(self, kind: str, parts: Sequence[str], request: Request) -> tuple[HubRepo, list[str]] | Draft | None:
        """The repository at the start of a path and the rest of the path, or the redirect from a former name."""
        for count in (2, 1):
            name = "/".join(parts[:count])
            repo = self._repos.get((kind, name))
            if repo is not None:
                return repo, list(parts[count:])
            renamed = self._former.get((kind, name))
            if renamed is not None and "/" not in name and not request.path.startswith("/api/"):
                return renamed, list(parts[count:])  # names without an owner are valid for files
            if renamed is not None:
                location = request.target.replace(quote(name), quote(renamed.id), 1)
                return redirect(307, location)
        return None

    @staticmethod
    def _hidden(repo: HubRepo, token: str | None) -> bool:
        return repo.access == "private" and token not in repo.readers

    # ---- Files ----

    def _file(
        self, request: Request, kind: str, parts: Sequence[str], token: str | None, moment: Moment
    ) -> Draft | Serving:
        found = self._repo(kind, parts, request)
        if isinstance(found, Draft):
            return found
        if found is None or self._hidden(found[0], token):
            return no_repository(request, token)
        repo, rest = found
        if len(rest) < 3 or rest[0] not in _ACTIONS:  # noqa: PLR2004 - action, revision, path
            return page(200, f"<head><title>{repo.id}</title></head>")
        where = _Path(repo, rest[1], "/".join(rest[2:]))
        refused = no_access(request, repo, token) or no_entry(request, repo, where.revision, where.path)
        if refused is not None:
            return refused
        file = repo.files[where.path]
        match rest[0]:
            case "blob":
                return page(200, f"<head><title>{where.path} · {repo.id}</title></head>")
            case "raw" if file.lfs:
                return document(200, "text/plain; charset=utf-8", file.pointer, [("X-Repo-Commit", repo.commit)])
            case _ if file.lfs:
                return self._to_cdn(request, repo, file, moment)
            case _ if self._settings.resolve_cache and repo.access != "private":
                return _to_cache(request, where)
            case _:
                return _served(where)

    def _to_cdn(self, request: Request, repo: HubRepo, file: HubFile, moment: Moment) -> Draft:
        hub = moment.urls["huggingface"]
        token_route = f"<{hub}/api/{repo.kind}/{repo.id}/xet-read-token/{repo.commit}>"
        construction = f"<https://cas-server.xethub.hf.co/v1/reconstructions/{file.file.xet_hash}>"
        headers = [
            ("X-Repo-Commit", repo.commit),
            ("Accept-Ranges", "bytes"),
            ("Cache-Control", "no-store"),
            ("Vary", "Origin, Accept"),
            ("X-Linked-Size", str(file.file.size)),
            ("X-Linked-Etag", f'"{file.file.sha256}"'),
            ("X-Xet-Hash", file.file.xet_hash),
            ("Link", f'{token_route}; rel="xet-auth", {construction}; rel="xet-reconstruction-info"'),
        ]
        pinned = request.headers.get("range") if self._settings.pins_range else None
        location = self._cdn.url(_key(repo, file), moment, self._settings.url_seconds, pinned)
        return redirect(302, location, headers, signed=True)

    def _from_cache(self, request: Request, kind: str, parts: Sequence[str]) -> Draft | Serving:
        """A small file at the URL of its redirect; the query has to be complete."""
        found = self._repo(kind, parts, request)
        if isinstance(found, Draft) or found is None or "etag" not in query_fields(request):
            return refusal(request, 404, "EntryNotFound", "Entry not found")
        repo, rest = found
        where = _Path(repo, rest[0] if rest else "", "/".join(rest[1:]))
        return no_entry(request, repo, where.revision, where.path) or _served(where)

    # ---- The API ----

    def _api(self, request: Request, kind: str, parts: Sequence[str], token: str | None, moment: Moment) -> Draft:
        found = self._repo(kind, parts, request)
        if isinstance(found, Draft):
            return found
        if found is None or self._hidden(found[0], token):
            return no_repository(request, token)
        repo, rest = found
        blobs = query_fields(request).get("blobs", "").lower() in {"1", "true"}
        match rest:
            case []:
                return json_answer(200, info_json(repo, blobs=blobs))
            case ["revision", revision] if repo.has_revision(revision):
                return json_answer(200, info_json(repo, blobs=blobs))
            case ["tree", revision, *folders] if repo.has_revision(revision):
                return self._tree(request, repo, "/".join(folders), moment)
            case ["paths-info", revision] if repo.has_revision(revision) and request.method == "POST":
                return _paths_info(request, repo)
            case ["revision" | "tree" | "paths-info", *_]:
                return refusal(request, 404, "RevisionNotFound", "Invalid rev id")
            case _:
                return refusal(request, 404, None, "Not found")

    def _tree(self, request: Request, repo: HubRepo, folder: str, moment: Moment) -> Draft:
        fields = query_fields(request)
        said = {name: fields.get(name, "").lower() in {"1", "true"} for name in ("recursive", "expand")}
        entries = tree_json(repo, folder, recursive=said["recursive"], expand=said["expand"])
        if not entries and folder:
            return refusal(request, 404, "EntryNotFound", f"{folder} does not exist on the revision")
        start = _offset(fields.get("cursor"))
        stop = start + min(self._settings.page_entries, int(fields.get("limit", "1000")))
        if stop >= len(entries):
            return json_answer(200, entries[start:])
        cursor = base64.urlsafe_b64encode(str(stop).encode()).decode()
        query = urlencode({**fields, "cursor": cursor})
        link = f'<{moment.urls["huggingface"]}{request.path}?{query}>; rel="next"'
        return json_answer(200, entries[start:stop], [("Link", link)])


def _paths_info(request: Request, repo: HubRepo) -> Draft:
    """The entries of the paths in a form or JSON object; missing paths are omitted."""
    try:
        asked = json.loads(request.body) if request.body.startswith(b"{") else parse_qs(request.body.decode())
    except ValueError:
        return refusal(request, 400, None, "Invalid body")
    wanted = set(asked.get("paths", ()))
    expand = asked.get("expand") in (True, ["true"], ["True"], ["1"])
    entries = tree_json(repo, "", recursive=True, expand=expand)
    return json_answer(200, [entry for entry in entries if entry["path"] in wanted])


def _offset(cursor: str | None) -> int:
    return int(base64.urlsafe_b64decode(cursor)) if cursor else 0


def _key(repo: HubRepo, file: HubFile) -> str:
    """The key of a file in the store."""
    return f"{hub_id(repo)}/{file.file.xet_hash}"


def _served(where: _Path) -> Serving:
    """The response with a small file from the hub itself."""
    file = where.repo.files[where.path]
    name = where.path.rpartition("/")[2]
    headers = (
        ("X-Repo-Commit", where.repo.commit),
        ("Content-Disposition", f"inline; filename*=UTF-8''{quote(name)}; filename=\"{name}\";"),
    )
    tag = f'"{file.git_oid}"'
    text = "text/plain; charset=utf-8"
    resource = Resource(where.path, file.file.content, tag, None, text, headers)
    return Serving(resource, f"huggingface:{where.repo.id}/{where.path}")


def _to_cache(request: Request, where: _Path) -> Draft:
    repo = where.repo
    query = "&".join(part for part in (request.query, f"etag=%22{repo.files[where.path].git_oid}%22") if part)
    headers = [("X-Repo-Commit", repo.commit)]
    path = f"/api/resolve-cache/{repo.kind}/{repo.id}/{repo.commit}/{quote(where.path)}"
    return redirect(307, f"{path}?{query}", headers)
