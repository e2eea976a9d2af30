"""A stand-in for ModelScope: its list of files, and the files themselves."""

from __future__ import annotations

from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from anymatix_fetcher.testing.hosts.site import Host, Serving, bearer_token, json_answer, page, query_fields
from anymatix_fetcher.testing.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from anymatix_fetcher.testing.hosts.hosted import HostedFile
    from anymatix_fetcher.testing.hosts.site import Moment
    from anymatix_fetcher.testing.messages import Request
    from anymatix_fetcher.testing.responses.making import Draft


@dataclass(frozen=True, slots=True)
class ModelScopeRepo:
    """A model ``org/name``: its files by path, and whether one needs a token for it."""

    id: str
    files: Mapping[str, HostedFile]
    private: bool = False
    revisions: frozenset[str] = frozenset({"master"})


@dataclass(frozen=True, slots=True)
class ModelScopeSettings:
    """How the stand-in behaves.

    Attributes:
        tokens: The valid tokens, in the cookie ``m_session_id`` or as a bearer.
        bytes_per_second: The most that a connection gets.
        listed_at_most: Lists are cut after so many entries, and don't say so.
    """

    tokens: frozenset[str] = frozenset()
    bytes_per_second: float | None = None
    listed_at_most: int = 5000


def modelscope(repos: Sequence[ModelScopeRepo], settings: ModelScopeSettings | None = None) -> Host:
    """A stand-in with the site ``modelscope``."""
    site = _ModelScopeSite(repos, settings or ModelScopeSettings())
    return Host({"modelscope": site}, {"MODELSCOPE_ENDPOINT": "modelscope"})


class _ModelScopeSite:
    """Implements ``Site``."""

    stores = False

    def __init__(self, repos: Sequence[ModelScopeRepo], settings: ModelScopeSettings) -> None:
        self._repos = {repo.id: repo for repo in repos}
        self._settings = settings

    def answer(self, request: Request, moment: Moment) -> Draft | Serving:
        """Implements ``Site.answer``."""
        del moment
        fields = query_fields(request)
        _, *parts = map(unquote, request.path.split("/"))
        revision = fields.get("Revision") or "master"
        match parts:
            case ["api", "v1", "models", owner, name, "repo", "files"]:
                repo = self._readable(f"{owner}/{name}", request)
                if repo is not None and revision in repo.revisions:
                    return self._list(repo, fields)
            case ["api", "v1", "models", owner, name, "repo"]:
                repo = self._readable(f"{owner}/{name}", request)
                return self._file(repo, revision, fields.get("FilePath", ""))
            case ["models", owner, name, "resolve", revision, *path]:
                return self._file(self._readable(f"{owner}/{name}", request), revision, "/".join(path))
            case ["models", owner, name, *_] if f"{owner}/{name}" in self._repos:
                return page(200, f"<head><title>{name}</title></head>")
            case _:
                pass
        return _refusal("record not found")

    def _readable(self, name: str, request: Request) -> ModelScopeRepo | None:
        """The model, if there is one that may be read."""
        repo = self._repos.get(name)
        known = bearer_token(request) in self._settings.tokens or _session(request) in self._settings.tokens
        return None if repo is None or (repo.private and not known) else repo

    def _file(self, repo: ModelScopeRepo | None, revision: str, path: str) -> Draft | Serving:
        file = repo.files.get(path) if repo is not None and revision in repo.revisions else None
        if repo is None or file is None:
            return _refusal("file not found" if repo else "record not found")
        headers = (("Content-Disposition", f'attachment; filename="{file.name}"'),)
        resource = Resource(path, file.content, f'"{file.sha256}"', headers=headers)
        return Serving(resource, f"modelscope:{repo.id}/{path}", self._settings.bytes_per_second)

    def _list(self, repo: ModelScopeRepo, fields: Mapping[str, str]) -> Draft:
        root = fields.get("Root", "").strip("/")
        prefix = f"{root}/" if root else ""
        recursive = fields.get("Recursive", "").lower() == "true"
        entries = [
            entry
            for entry in _entries(repo)
            if entry["Path"].startswith(prefix) and (recursive or "/" not in entry["Path"].removeprefix(prefix))
        ]
        return _success({"Files": entries[: self._settings.listed_at_most], "IsVisual": 1})


def _session(request: Request) -> str | None:
    try:
        cookie = SimpleCookie(request.headers.get("cookie", "")).get("m_session_id")
    except CookieError:
        return None
    return cookie.value if cookie is not None else None


def _entries(repo: ModelScopeRepo) -> list[dict[str, Any]]:
    folders = sorted({path.rpartition("/")[0] for path in repo.files if "/" in path})
    entries: list[dict[str, Any]] = [
        {"Path": path, "Name": path.rpartition("/")[2], "Size": 0, "Sha256": "", "Type": "tree", "BlobId": ""}
        for path in folders
    ]
    entries += [
        {
            "Path": path,
            "Name": path.rpartition("/")[2],
            "Size": file.size,
            "Sha256": file.sha256,
            "Type": "blob",
            "BlobId": file.git_sha1,
            "IsLFS": True,
            "Mode": "33188",
        }
        for path, file in sorted(repo.files.items())
    ]
    return entries


def _success(data: dict[str, Any]) -> Draft:
    return json_answer(200, {"Code": 200, "Data": data, "Message": "success", "Success": True})


def _refusal(message: str) -> Draft:
    return json_answer(404, {"Code": 10010205001, "Data": None, "Message": message, "Success": False})
