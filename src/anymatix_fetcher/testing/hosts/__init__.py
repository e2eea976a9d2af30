"""Stand-ins for the hosts that models come from: Civitai, Hugging Face, GitHub and others, on this machine.

```python
with Hosts(civitai([model], CivitaiSettings(url_seconds=2, bytes_per_second=10e6))) as hosts:
    os.environ |= hosts.variables  # CIVITAI_ENDPOINT=http://127.0.0.1:...
    ...  # fetch civitai:143906
    assert hosts.ledger().signed["civitai"] == 2
```

Each site has its own port, and so its own origin. Signatures, expiries, tokens and limits are checked as by the real
hosts; files are generated while they are sent. ``everything()`` returns all hosts with a few files each.
"""

from __future__ import annotations

from anymatix_fetcher.testing.hosts.civitai import CivitaiSettings, CivitaiSite, civitai
from anymatix_fetcher.testing.hosts.civitai_catalog import CivitaiFile, CivitaiModel, CivitaiVersion
from anymatix_fetcher.testing.hosts.dropbox import DropboxLink, dropbox
from anymatix_fetcher.testing.hosts.everything import REFERENCES, TOKEN, EverythingSettings, everything
from anymatix_fetcher.testing.hosts.github import GitHubAsset, GitHubRelease, GitHubSettings, github
from anymatix_fetcher.testing.hosts.googledrive import GoogleDriveSettings, googledrive
from anymatix_fetcher.testing.hosts.hosted import HostedFile, hosted
from anymatix_fetcher.testing.hosts.hosts import Hosts, HostsLedger
from anymatix_fetcher.testing.hosts.hub_repository import HubFile, HubRepo
from anymatix_fetcher.testing.hosts.huggingface import HubSettings, huggingface
from anymatix_fetcher.testing.hosts.modelscope import ModelScopeRepo, ModelScopeSettings, modelscope
from anymatix_fetcher.testing.hosts.ollama import OllamaModel, ollama
from anymatix_fetcher.testing.hosts.site import Host, Site
from anymatix_fetcher.testing.hosts.zenodo import ZenodoRecord, zenodo

__all__ = [
    "REFERENCES",
    "TOKEN",
    "CivitaiFile",
    "CivitaiModel",
    "CivitaiSettings",
    "CivitaiSite",
    "CivitaiVersion",
    "DropboxLink",
    "EverythingSettings",
    "GitHubAsset",
    "GitHubRelease",
    "GitHubSettings",
    "GoogleDriveSettings",
    "Host",
    "HostedFile",
    "Hosts",
    "HostsLedger",
    "HubFile",
    "HubRepo",
    "HubSettings",
    "ModelScopeRepo",
    "ModelScopeSettings",
    "OllamaModel",
    "Site",
    "ZenodoRecord",
    "civitai",
    "dropbox",
    "everything",
    "github",
    "googledrive",
    "hosted",
    "huggingface",
    "modelscope",
    "ollama",
    "zenodo",
]
