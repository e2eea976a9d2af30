"""A stand-in for ModelScope: its list of files, the files themselves, and the CDN of the large ones."""

from __future__ import annotations

from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from anymatix_fetcher.testing.hosts.schemes import AliyunScheme
from anymatix_fetcher.testing.hosts.site import (
    Host,
    Serving,
    bearer_token,
    json_answer,
    page,
    query_fields,
    redirect,
)
from anymatix_fetcher.testing.hosts.stores import Store
from anymatix_fetcher.testing.resources import Resource
from anymatix_fetcher.testing.responses.making import Draft

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from anymatix_fetcher.testing.hosts.hosted import HostedFile
    from anymatix_fetcher.testing.hosts.site import Moment
    from anymatix_fetcher.testing.messages import Request


@dataclass(frozen=True, slots=True)
class ModelScopeRepo:
    """A model ``org/name``: its files by path, and whether it needs a token.

    Attributes:
        small: The paths of the files outside LFS, which the site serves itself.
    """

    id: str
    files: Mapping[str, HostedFile]
    private: bool = False
    revisions: frozenset[str] = frozenset({"master"})
    small: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ModelScopeSettings:
    """The settings of the stand-in.

    Attributes:
        tokens: The valid tokens, in the cookie ``m_session_id`` or as a bearer.
        bytes_per_second: The limit of a connection.
        listed_at_most: The number of entries after which lists are silently truncated.
        url_seconds: The lifetime of a URL of the CDN.
        refuses_revisions: Whether the list of an unknown revision is a 404; otherwise it is empty.
    """

    tokens: frozenset[str] = frozenset()
    bytes_per_second: float | None = None
    listed_at_most: int = 3000
    url_seconds: int = 3600
    refuses_revisions: bool = False


def modelscope(repos: Sequence[ModelScopeRepo], settings: ModelScopeSettings | None = None) -> Host:
    """A stand-in with the sites ``modelscope`` and ``modelscope-cdn``."""
    settings = settings or ModelScopeSettings()
    cdn = Store(
        "modelscope-cdn",
        AliyunScheme("secret of the stand-in for Aliyun"),
        prefix="/prod/lfs-objects/",
        bytes_per_second=settings.bytes_per_second,
    )
    site = _ModelScopeSite(repos, settings, cdn)
    return Host({"modelscope": site, cdn.name: cdn}, {"MODELSCOPE_ENDPOINT": "modelscope"})


class _ModelScopeSite:
    """Implements ``Site``."""

    stores = False

    def __init__(self, repos: Sequence[ModelScopeRepo], settings: ModelScopeSettings, cdn: Store) -> None:
        self._repos = {repo.id: repo for repo in repos}
        self._settings = settings
        self._cdn = cdn
        for repo in repos:
            for path, file in repo.files.items():
                cdn.put(_key(file), file, _account(repo, path))

    def answer(self, request: Request, moment: Moment) -> Draft | Serving:
        """Implements ``Site.answer``."""
        fields = query_fields(request)
        _, *parts = map(unquote, request.path.split("/"))
        revision = fields.get("Revision") or "master"
        match parts:
            case ["api", "v1", "models", owner, name, "repo", "files"]:
                repo = self._readable(f"{owner}/{name}", request)
                return repo if isinstance(repo, Draft) else self._list(repo, revision, fields)
            case ["api", "v1", "models", owner, name, "repo"]:
                repo = self._readable(f"{owner}/{name}", request)
                return repo if isinstance(repo, Draft) else self._file(repo, revision, fields.get("FilePath", ""))
            case ["models", owner, name, "resolve", revision, *path]:
                repo = self._readable(f"{owner}/{name}", request)
                if isinstance(repo, ModelScopeRepo) and self._is_large(repo, revision, "/".join(path)):
                    return self._to_cdn(repo.files["/".join(path)], moment)
                return repo if isinstance(repo, Draft) else self._file(repo, revision, "/".join(path))
            case ["models", owner, name, *_] if f"{owner}/{name}" in self._repos:
                return page(200, f"<head><title>{name}</title></head>")
            case _:
                return _failure(404, 10010205001, "record not found")

    def _readable(self, name: str, request: Request) -> ModelScopeRepo | Draft:
        """The model, or the refusal if it is missing or not accessible."""
        repo = self._repos.get(name)
        known = bearer_token(request) in self._settings.tokens or _session(request) in self._settings.tokens
        if repo is None:
            return _failure(404, 10010205001, "record not found")
        return _failure(404, 10010200001, "no permission") if repo.private and not known else repo

    @staticmethod
    def _is_large(repo: ModelScopeRepo, revision: str, path: str) -> bool:
        return revision in repo.revisions and path in repo.files and path not in repo.small

    def _to_cdn(self, file: HostedFile, moment: Moment) -> Draft:
        headers = [("X-Linked-Etag", f'"{file.sha256}"'), ("X-Linked-Size", str(file.size))]
        location = self._cdn.url(_key(file), moment, self._settings.url_seconds)
        return redirect(302, location, headers, signed=True)

    def _file(self, repo: ModelScopeRepo, revision: str, path: str) -> Draft | Serving:
        """A file from the site itself, which never sends 206, and 200 for a missing file."""
        if revision not in repo.revisions:
            return _failure(404, 10990101004, "revision not found")
        file = repo.files.get(path)
        if file is None:
            return _failure(200, 10990101007, f"get file {path} failed: file not found")
        headers = (("Content-Disposition", f'attachment; filename="{file.name}"'),)
        resource = Resource(path, file.content, f'"{file.sha256}"', headers=headers, parts_as_200=True)
        return Serving(resource, _account(repo, path), self._settings.bytes_per_second)

    def _list(self, repo: ModelScopeRepo, revision: str, fields: Mapping[str, str]) -> Draft:
        if revision not in repo.revisions:
            refuses = self._settings.refuses_revisions
            return _failure(404, 10990101004, "revision not found") if refuses else _success({"Files": None})
        root = fields.get("Root", "").strip("/")
        prefix = f"{root}/" if root else ""
        recursive = fields.get("Recursive", "").lower() == "true"
        entries = [
            entry
            for entry in _entries(repo)
            if entry["Path"].startswith(prefix) and (recursive or "/" not in entry["Path"].removeprefix(prefix))
        ]
        return _success({"Files": entries[: self._settings.listed_at_most], "IsVisual": 1})


def _key(file: HostedFile) -> str:
    """The key of a file in the store."""
    return f"{file.sha256[:2]}/{file.sha256[2:4]}/{file.sha256[4:]}"


def _account(repo: ModelScopeRepo, path: str) -> str:
    return f"modelscope:{repo.id}/{path}"


def _session(request: Request) -> str | None:
    try:
        cookie = SimpleCookie(request.headers.get("cookie", "")).get("m_session_id")
    except CookieError:
        return None
    return cookie.value if cookie is not None else None


def _entries(repo: ModelScopeRepo) -> list[dict[str, Any]]:
    folders = sorted({str(folder) for path in repo.files for folder in PurePosixPath(path).parents} - {"."})
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
            "IsLFS": path not in repo.small,
            "Mode": "33188",
        }
        for path, file in sorted(repo.files.items())
    ]
    return entries


def _success(data: dict[str, Any]) -> Draft:
    return json_answer(200, {"Code": 200, "Data": data, "Message": "success", "Success": True})


def _failure(status: int, code: int, message: str) -> Draft:
    identifier = "7b2a6c3e-0d5f-4f7e-9a51-3c1f8d0e6b42"
    said = {"Code": code, "Data": None, "Message": message, "RequestId": identifier, "Success": False}
    return json_answer(status, said)
