"""The repositories of the Hugging Face stand-in, and their JSON form in its API."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from anymatix_fetcher.testing.hosts.hosted import HostedFile

RepoKind = Literal["models", "datasets", "spaces"]

_DATE = "2025-01-01T00:00:00.000Z"


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository; LFS files are redirected to the CDN, others are served by the hub."""

    file: HostedFile
    lfs: bool = True

    @property
    def pointer(self) -> str:
        """The LFS pointer of a file (Git LFS specification, "The pointer")."""
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.file.sha256}\nsize {self.file.size}\n"

    @property
    def git_oid(self) -> str:
        """The git blob id of the pointer, or of the file itself."""
        if not self.lfs:
            return self.file.git_sha1
        pointer = self.pointer.encode()
        return hashlib.sha1(f"blob {len(pointer)}\0".encode() + pointer, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class HubRepo:
    """A repository.

    Attributes:
        id: ``org/name``.
        files: Its files by path.
        readers: The tokens with access to a private or gated repository.
        former_ids: Former names.
        branches: Branches and tags in addition to ``main``; all point to the same commit.
    """

    id: str
    files: Mapping[str, HubFile]
    kind: RepoKind = "models"
    access: Literal["open", "gated", "private", "disabled"] = "open"
    readers: frozenset[str] = frozenset()
    former_ids: tuple[str, ...] = ()
    branches: frozenset[str] = field(default_factory=frozenset)

    @property
    def commit(self) -> str:
        """The commit that all branches point to."""
        text = "".join(f"{path}:{file.git_oid}\n" for path, file in sorted(self.files.items()))
        return hashlib.sha1(f"{self.kind}/{self.id}\n{text}".encode(), usedforsecurity=False).hexdigest()

    def has_revision(self, revision: str) -> bool:
        """Whether there is such a branch, tag or commit."""
        return revision in {"main", self.commit, *self.branches}


def hub_id(repo: HubRepo) -> str:
    """The hub's number for the repository."""
    return hashlib.sha256(repo.id.encode()).hexdigest()[:24]


def info_json(repo: HubRepo, *, blobs: bool) -> dict[str, Any]:
    """The response of ``/api/models/{repo}``; with ``blobs``, including sizes and digests."""
    return {
        "_id": hub_id(repo),
        "id": repo.id,
        **({"modelId": repo.id} if repo.kind == "models" else {}),
        "author": repo.id.partition("/")[0],
        "sha": repo.commit,
        "lastModified": _DATE,
        "createdAt": _DATE,
        "private": repo.access == "private",
        "gated": "manual" if repo.access == "gated" else False,
        "disabled": repo.access == "disabled",
        "downloads": 0,
        "likes": 0,
        "tags": ["region:us"],
        "usedStorage": sum(file.file.size for file in repo.files.values()),
        "siblings": [_sibling(path, file, blobs=blobs) for path, file in sorted(repo.files.items())],
    }


def _sibling(path: str, file: HubFile, *, blobs: bool) -> dict[str, Any]:
    if not blobs:
        return {"rfilename": path}
    return {"rfilename": path, "blobId": file.git_oid, "size": file.file.size, **_lfs(file)}


def _lfs(file: HubFile) -> dict[str, Any]:
    if not file.lfs:
        return {}
    sha256, size = file.file.sha256, file.file.size
    return {"lfs": {"oid": sha256, "sha256": sha256, "size": size, "pointerSize": len(file.pointer)}}


def tree_json(repo: HubRepo, folder: str, *, recursive: bool, expand: bool) -> list[dict[str, Any]]:
    """All entries that ``/api/models/{repo}/tree/{revision}/{folder}`` lists, page by page; none: no such folder."""
    prefix = f"{folder}/" if folder else ""
    inside = {path: file for path, file in sorted(repo.files.items()) if path.startswith(prefix)}
    folders = sorted({name for path in inside for name in _folders(path) if name.startswith(prefix) and name != folder})
    entries = [_folder_entry(repo, name) for name in folders]
    entries += [_file_entry(path, file, expand=expand) for path, file in inside.items()]
    return [one for one in entries if recursive or "/" not in one["path"].removeprefix(prefix)]


def _folders(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _folder_entry(repo: HubRepo, path: str) -> dict[str, Any]:
    oid = hashlib.sha1(f"tree {repo.commit} {path}".encode(), usedforsecurity=False).hexdigest()
    return {"type": "directory", "oid": oid, "size": 0, "path": path}


def _file_entry(path: str, file: HubFile, *, expand: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "file", "oid": file.git_oid, "size": file.file.size, "path": path}
    if file.lfs:
        entry["lfs"] = {"oid": file.file.sha256, "size": file.file.size, "pointerSize": len(file.pointer)}
        entry["xetHash"] = file.file.xet_hash
    if expand:
        entry["lastCommit"] = {"id": file.git_oid, "title": "Upload", "date": _DATE}
        entry["securityFileStatus"] = {"status": "safe", "avScan": None, "pickleImportScan": None}
    return entry
