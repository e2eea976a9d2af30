"""A ready set of stand-ins: every host with a few files, for use without internet access."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.testing.content import GivenContent
from anymatix_fetcher.testing.hosts.civitai import CivitaiSettings, civitai
from anymatix_fetcher.testing.hosts.civitai_catalog import CivitaiFile, CivitaiModel, CivitaiVersion
from anymatix_fetcher.testing.hosts.dropbox import DropboxLink, dropbox
from anymatix_fetcher.testing.hosts.github import GitHubAsset, GitHubRelease, GitHubSettings, github
from anymatix_fetcher.testing.hosts.googledrive import GoogleDriveSettings, googledrive
from anymatix_fetcher.testing.hosts.hosted import HostedFile, hosted
from anymatix_fetcher.testing.hosts.hub_repository import HubFile, HubRepo
from anymatix_fetcher.testing.hosts.huggingface import HubSettings, huggingface
from anymatix_fetcher.testing.hosts.modelscope import ModelScopeRepo, ModelScopeSettings, modelscope
from anymatix_fetcher.testing.hosts.ollama import OllamaModel, ollama
from anymatix_fetcher.testing.hosts.zenodo import ZenodoRecord, zenodo

if TYPE_CHECKING:
    from anymatix_fetcher.testing.hosts.site import Host

TOKEN = "a-token-of-the-stand-ins"  # noqa: S105 - valid only for the stand-ins
"""The token that every host accepts."""

_TOKENS = frozenset({TOKEN})


@dataclass(frozen=True, slots=True)
class EverythingSettings:
    """The size of the files, the lifetime of signed URLs, and the rate of the stores.

    Attributes:
        size: The length in bytes of each large file.
        url_seconds: The lifetime of a signed URL; none for that of each real host.
        bytes_per_second: The limit of a connection to a store.
        seed: The seed of the files' bytes.
        pins_range: Whether Hugging Face signs URLs for the requested Range only; see `HubSettings`.
    """

    size: int = 100_000_000
    url_seconds: int | None = None
    bytes_per_second: float | None = 10_000_000
    seed: int = 0
    pins_range: bool = True


def everything(settings: EverythingSettings | None = None) -> tuple[Host, ...]:
    """All hosts; their files are those of `REFERENCES`."""
    settings = settings or EverythingSettings()
    rate = settings.bytes_per_second
    return (
        civitai(_civitai_models(settings), _civitai_settings(settings)),
        huggingface(_hub_repos(settings), _hub_settings(settings)),
        github(_github_releases(settings), _github_settings(settings)),
        modelscope(
            _modelscope_repos(settings), ModelScopeSettings(_TOKENS, rate, url_seconds=settings.url_seconds or 3600)
        ),
        googledrive(
            {"1AnymatixDriveFileIdentifier00000": _file(settings, "drive.safetensors")},
            GoogleDriveSettings(min(100_000_000, settings.size - 1), bytes_per_second=rate),
        ),
        dropbox([DropboxLink("a1b2c3", "k3y", _file(settings, "dropbox.safetensors"))], bytes_per_second=rate),
        zenodo([ZenodoRecord(123456, "Weights", (_file(settings, "zenodo.safetensors"),))], bytes_per_second=rate),
        ollama(
            [OllamaModel("tiny", "latest", _file(settings, "tiny.gguf"))],
            url_seconds=settings.url_seconds or 86_400,
            bytes_per_second=rate,
        ),
    )


REFERENCES = (
    "civitai:143906",
    "civitai:128713",
    "hf:anymatix/model/model.safetensors",
    "hf:anymatix/gated/model.safetensors",
    "github:anymatix/weights@v1.0/weights.safetensors",
    "modelscope:anymatix/model/model.safetensors",
    "https://drive.google.com/file/d/1AnymatixDriveFileIdentifier00000/view",
    "https://www.dropbox.com/scl/fi/a1b2c3/dropbox.safetensors?rlkey=k3y",
    "zenodo:123456/zenodo.safetensors",
    "ollama:tiny",
)
"""References to all files; those of the second version and the gated repository need the token."""


def _file(settings: EverythingSettings, name: str) -> HostedFile:
    return hosted(name, settings.size, seed=settings.seed)


def _civitai_models(settings: EverythingSettings) -> list[CivitaiModel]:
    checkpoint = CivitaiFile(100, _file(settings, "epicrealism_naturalSin.safetensors"))
    full = CivitaiFile(101, _file(settings, "epicrealism_full.safetensors"), size="full", fp="fp32")
    vae = CivitaiFile(102, _file(settings, "epicrealism.vae.safetensors"), kind="VAE", size=None, fp=None)
    lora = CivitaiFile(103, hosted("detail.safetensors", 1_000_000, seed=settings.seed), size=None)
    return [
        CivitaiModel(25694, "epiCRealism", (CivitaiVersion(143906, "Natural Sin", (checkpoint, full, vae), "SD 1.5"),)),
        CivitaiModel(43331, "Detail", (CivitaiVersion(128713, "v1", (lora,), access="token"),), "LORA"),
    ]


def _civitai_settings(settings: EverythingSettings) -> CivitaiSettings:
    seconds = settings.url_seconds
    return CivitaiSettings(
        tokens=_TOKENS,
        url_seconds=seconds or 86_400,
        b2_seconds=seconds or 3_600,
        bytes_per_second=settings.bytes_per_second,
    )


def _hub_repos(settings: EverythingSettings) -> list[HubRepo]:
    config = HubFile(HostedFile("config.json", GivenContent(b'{"model_type": "test"}\n')), lfs=False)
    model = HubFile(_file(settings, "model.safetensors"))
    vae = HubFile(hosted("vae.safetensors", 2_000_000, seed=settings.seed))
    files = {"config.json": config, "model.safetensors": model, "vae/vae.safetensors": vae}
    return [
        HubRepo("anymatix/model", files, former_ids=("anymatix/old-name",), branches=frozenset({"v1.0"})),
        HubRepo("anymatix/gated", {"model.safetensors": model}, access="gated", readers=_TOKENS),
        HubRepo("anymatix/private", {"model.safetensors": model}, access="private", readers=_TOKENS),
    ]


def _hub_settings(settings: EverythingSettings) -> HubSettings:
    return HubSettings(
        tokens=_TOKENS,
        url_seconds=settings.url_seconds or 3600,
        bytes_per_second=settings.bytes_per_second,
        pins_range=settings.pins_range,
    )


def _github_releases(settings: EverythingSettings) -> list[GitHubRelease]:
    weights = _file(settings, "weights.safetensors")
    return [
        GitHubRelease("anymatix/weights", "v1.0", (GitHubAsset(1, weights),)),
        GitHubRelease("anymatix/hidden", "v1.0", (GitHubAsset(2, weights, digest=False),), private=True),
    ]


def _github_settings(settings: EverythingSettings) -> GitHubSettings:
    return GitHubSettings(
        tokens=_TOKENS,
        url_seconds=settings.url_seconds or 3600,
        token_seconds=min(300, settings.url_seconds or 300),
        bytes_per_second=settings.bytes_per_second,
    )


def _modelscope_settings(settings: EverythingSettings) -> ModelScopeSettings:
    return ModelScopeSettings(_TOKENS, settings.bytes_per_second, url_seconds=settings.url_seconds or 3600)


def _modelscope_repos(settings: EverythingSettings) -> list[ModelScopeRepo]:
    return [ModelScopeRepo("anymatix/model", {"model.safetensors": _file(settings, "model.safetensors")})]
