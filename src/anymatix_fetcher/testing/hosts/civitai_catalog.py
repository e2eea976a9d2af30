"""The models of the Civitai stand-in, and their JSON form in its API (``/api/v1``, REST API reference)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

if TYPE_CHECKING:
    from anymatix_fetcher.testing.hosts.hosted import HostedFile

Access = Literal["open", "token", "early", "forbidden", "disabled", "archived", "broken"]
"""The access to a version's files: public, with a token, after payment, or none for several reasons."""

_SCANNED = "2025-01-01T00:00:00.000Z"


@dataclass(frozen=True, slots=True)
class CivitaiFile:
    """A file of a version.

    Attributes:
        kind: Model, VAE, Config, Text Encoder, ...
        format: SafeTensor, PickleTensor, GGUF, ...; none for files that have none.
        size: full or pruned.
        fp: fp32, fp16, bf16, fp8, ...
        hashes: Which hashes the API states; none for all.
    """

    id: int
    file: HostedFile
    kind: str = "Model"
    format: str | None = "SafeTensor"
    size: str | None = "pruned"
    fp: str | None = "fp16"
    hashes: tuple[str, ...] | None = None

    @property
    def metadata(self) -> dict[str, str]:
        """The known metadata, for download URLs and the API."""
        known = {"format": self.format, "size": self.size, "fp": self.fp}
        return {name: value for name, value in known.items() if value is not None}


@dataclass(frozen=True, slots=True)
class CivitaiVersion:
    """A version of a model; its first file is the primary one."""

    id: int
    name: str
    files: tuple[CivitaiFile, ...]
    base_model: str = "SDXL 1.0"
    access: Access = "open"
    deadline: str = "2030-01-01T00:00:00.000Z"
    """The end of early access."""


@dataclass(frozen=True, slots=True)
class CivitaiModel:
    """A model; its first version is the newest one."""

    id: int
    name: str
    versions: tuple[CivitaiVersion, ...]
    kind: str = "Checkpoint"


def model_json(model: CivitaiModel, url: str) -> dict[str, Any]:
    """The response of ``/api/v1/models/{id}``; ``url`` is the site's ``scheme://host:port``."""
    return {
        "id": model.id,
        "name": model.name,
        "description": f"<p>{model.name}</p>",
        "allowNoCredit": True,
        "type": model.kind,
        "minor": False,
        "poi": False,
        "nsfw": False,
        "nsfwLevel": 1,
        "stats": {"downloadCount": 0, "thumbsUpCount": 0, "thumbsDownCount": 0, "commentCount": 0},
        "creator": {"username": "anymatix", "image": None},
        "tags": ["test"],
        "modelVersions": [
            {
                "id": version.id,
                "index": index,
                "name": version.name,
                "baseModel": version.base_model,
                "publishedAt": _SCANNED,
                **_availability(version),
                "nsfwLevel": 1,
                "trainedWords": [],
                "stats": {"downloadCount": 0, "thumbsUpCount": 0, "thumbsDownCount": 0},
                **_offer(version, url),
                "images": [],
            }
            for index, version in enumerate(model.versions)
        ],
    }


def version_json(model: CivitaiModel, version: CivitaiVersion, url: str) -> dict[str, Any]:
    """The response of ``/api/v1/model-versions/{id}``; ``url`` is the site's ``scheme://host:port``."""
    ecosystem = version.base_model.lower().replace(" ", "").replace(".0", "")
    return {
        "id": version.id,
        "modelId": model.id,
        "name": version.name,
        "createdAt": _SCANNED,
        "updatedAt": _SCANNED,
        "status": "Published",
        "publishedAt": _SCANNED,
        "trainedWords": [],
        "trainingStatus": None,
        "trainingDetails": None,
        "baseModel": version.base_model,
        "baseModelType": "Standard",
        "earlyAccessEndsAt": version.deadline if version.access == "early" else None,
        "earlyAccessConfig": None,
        "description": None,
        "uploadType": "Created",
        "usageControl": "Download",
        "air": f"urn:air:{ecosystem}:{model.kind.lower()}:civitai:{model.id}@{version.id}",
        "stats": {"downloadCount": 0, "ratingCount": 0, "rating": 0, "thumbsUpCount": 0},
        "model": {
            "name": model.name,
            "type": model.kind,
            "nsfw": False,
            "poi": False,
            "mode": "Archived" if version.access == "archived" else None,
        },
        **_offer(version, url),
        "images": [],
    }


def download_url(url: str, version: CivitaiVersion, file: CivitaiFile) -> str:
    """A file's download URL in the API; that of the primary file has no query."""
    bare = f"{url}/api/download/models/{version.id}"
    if file is version.files[0]:
        return bare
    return f"{bare}?{urlencode({'type': file.kind, **file.metadata})}"


def _availability(version: CivitaiVersion) -> dict[str, str]:
    """The field of availability: early access is stated; others are stated as public or not at all."""
    return {"availability": "EarlyAccess"} if version.access == "early" else {}


def _offer(version: CivitaiVersion, url: str) -> dict[str, Any]:
    """The fields of downloads; an archived or removed version has none."""
    if version.access == "archived":
        return {}
    return {"files": _files_json(version, url), "downloadUrl": download_url(url, version, version.files[0])}


def _files_json(version: CivitaiVersion, url: str) -> list[dict[str, Any]]:
    return [
        {
            "id": file.id,
            "sizeKB": file.file.size / 1024,
            "name": file.file.name,
            "type": file.kind,
            "pickleScanResult": "Success",
            "pickleScanMessage": "No Pickle imports",
            "virusScanResult": "Success",
            "virusScanMessage": None,
            "scannedAt": _SCANNED,
            "metadata": file.metadata,
            "hashes": stated_hashes(file),
            **({"primary": True} if file is version.files[0] else {}),
            "downloadUrl": download_url(url, version, file),
        }
        for file in version.files
    ]


def stated_hashes(file: CivitaiFile) -> dict[str, str]:
    """The hashes that the API states for a file."""
    known = file.file.civitai_hashes()
    return known if file.hashes is None else {name: known[name] for name in file.hashes if name in known}
