"""The services that models come from: their hosts, their endpoints, and the recipients of their tokens.

This is the only such table. Sources, credentials, endpoints, ``auth`` and ``login`` derive what they need from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Account:
    """One service.

    Args:
        name: The key for its endpoint and token.
        title: The name for people.
        sites: Its hosts, each with the base URL of its requests. The first one is the main host, under which a keyring
            stores the token.
        token_variables: The variables that hold its token; the first one that is set is used.
        endpoint_variables: The variables that hold its endpoint; the first one that is set is used.
        api_site: The base URL of its API, if it differs from the sites'.
        api_endpoint_variables: The variables that hold its API's endpoint; the first one that is set is used.
    """

    name: str
    title: str
    sites: Mapping[str, str] = field(default_factory=dict)
    token_variables: tuple[str, ...] = ()
    endpoint_variables: tuple[str, ...] = ()
    api_site: str = ""
    api_endpoint_variables: tuple[str, ...] = ()

    @property
    def main_host(self) -> str:
        """The host that identifies the service."""
        return next(iter(self.sites))

    @property
    def home(self) -> str:
        """The default base URL, without a trailing slash."""
        return self.sites[self.main_host]

    @property
    def api_name(self) -> str:
        """The key for the API's endpoint."""
        return f"{self.name}_api"

    @property
    def asked(self) -> tuple[tuple[str, str], ...]:
        """Every base URL once, with the key for its endpoint."""
        sites = [(self.name, site) for site in dict.fromkeys(self.sites.values())]
        return (*sites, (self.api_name, self.api_site)) if self.api_site else tuple(sites)


def _with_www(*hosts: str) -> dict[str, str]:
    """Each host as a site of its own; the name with www is an alias."""
    return {f"{www}{host}": f"https://{host}" for host in hosts for www in ("", "www.")}


CIVITAI = Account(
    "civitai",
    "Civitai",
    _with_www("civitai.com", "civitai.red", "civitai.green", "civitai.blue"),
    ("CIVITAI_API_TOKEN", "CIVITAI_TOKEN", "CIVITAI_API_KEY"),
    ("CIVITAI_ENDPOINT",),
)
HUGGING_FACE = Account(
    "huggingface",
    "Hugging Face",
    dict.fromkeys(_with_www("huggingface.co", "huggingface.com", "hf.co"), "https://huggingface.co"),
    ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"),
    ("HF_ENDPOINT",),
)
RAW_HOST = "raw.githubusercontent.com"
GITHUB = Account(
    "github",
    "GitHub",
    {**_with_www("github.com"), RAW_HOST: f"https://{RAW_HOST}"},
    ("GITHUB_TOKEN", "GH_TOKEN"),
    ("GITHUB_ENDPOINT",),
    "https://api.github.com",
    ("GITHUB_API_ENDPOINT",),
)
MODELSCOPE = Account(
    "modelscope",
    "ModelScope",
    {
        f"{www}modelscope.{domain}": f"https://www.modelscope.{domain}"
        for domain in ("cn", "ai")
        for www in ("", "www.")
    },
    ("MODELSCOPE_API_TOKEN",),
    ("MODELSCOPE_ENDPOINT",),
)
ZENODO = Account("zenodo", "Zenodo", _with_www("zenodo.org"), ("ZENODO_TOKEN",), ("ZENODO_ENDPOINT",))
OLLAMA = Account(
    "ollama",
    "Ollama's registry",
    dict.fromkeys(
        ("registry.ollama.ai", "ollama.com", "www.ollama.com", "ollama.ai"),
        "https://registry.ollama.ai",
    ),
    endpoint_variables=("OLLAMA_ENDPOINT",),
)
CONTENT_HOST = "drive.usercontent.google.com"
GOOGLE_DRIVE = Account(
    "gdrive",
    "Google Drive",
    {host: f"https://{host}" for host in ("drive.google.com", "docs.google.com", CONTENT_HOST)},
    endpoint_variables=("GDRIVE_ENDPOINT",),
)
DROPBOX = Account(
    "dropbox",
    "Dropbox",
    dict.fromkeys(("dropbox.com", "www.dropbox.com"), "https://www.dropbox.com"),
    endpoint_variables=("DROPBOX_ENDPOINT",),
)
GOOGLE_CLOUD = Account(
    "gcs",
    "Google Cloud Storage",
    {"storage.googleapis.com": "https://storage.googleapis.com"},
    endpoint_variables=("GCS_ENDPOINT",),
)
S3 = Account("s3", "Amazon S3", endpoint_variables=("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"))

ACCOUNTS = {
    account.name: account
    for account in (
        CIVITAI,
        HUGGING_FACE,
        GITHUB,
        MODELSCOPE,
        ZENODO,
        OLLAMA,
        GOOGLE_DRIVE,
        DROPBOX,
        GOOGLE_CLOUD,
        S3,
    )
}
"""All services by name."""
WITH_TOKENS = {name: account for name, account in ACCOUNTS.items() if account.token_variables}
"""The services that have tokens."""


def host_named_by(reference: str) -> str | None:
    """The host that a reference names; ``None`` where it names none, or a service by its own address.

    A service is asked where its endpoint variable says, which is the operator's word.
    """
    text = reference.strip()
    if not text.lower().startswith(("http://", "https://")):
        return None
    try:
        host = (urlsplit(text).hostname or "").rstrip(".")
    except ValueError:
        return ""
    return None if host in {site for account in ACCOUNTS.values() for site in account.sites} else host
