from __future__ import annotations

import pytest

from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.sources.explanations.hosts import service_of


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("civitai.com", "civitai"),
        ("WWW.Civitai.RED", "civitai"),
        ("b2.civitai.com", "s3"),
        ("civitai-modelfiles-b2.f004.backblazeb2.com", "s3"),
        ("x.5ac0.r2.cloudflarestorage.com", "s3"),
        ("huggingface.co", "huggingface"),
        ("huggingface.co.", "huggingface"),
        ("us.gcp.cdn.hf.co", "huggingface"),
        ("cas-bridge.xethub.hf.co", "huggingface"),
        ("github.com", "github"),
        ("api.github.com", "github"),
        ("raw.githubusercontent.com", "github"),
        ("release-assets.githubusercontent.com", "azure"),
        ("www.modelscope.cn", "modelscope"),
        ("drive.usercontent.google.com", "gdrive"),
        ("storage.googleapis.com", "gcs"),
        ("a.blob.core.windows.net", "azure"),
        ("google.com", "any"),
        ("notcivitai.com", "any"),
        ("civitai.com.evil.example", "any"),
        ("127.0.0.1", "any"),
        ("[::1]", "any"),
    ],
)
def test_a_host_tells_who_answers_there(host: str, service: str) -> None:
    assert service_of(Url.parse(f"https://{host}/m")) == service
