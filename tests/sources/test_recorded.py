"""Which references mean a file that is recorded under a pinned one."""

from __future__ import annotations

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.sources.recorded import RecordedFile, means
from tests.sources.surroundings import surroundings

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SHA256 = "ab" * 32
VERSION = {
    "id": 7,
    "modelId": 3,
    "files": [
        {"id": 70, "name": "a.safetensors", "type": "Model", "primary": True, "metadata": {"size": "pruned"}},
        {"id": 71, "name": "b.safetensors", "type": "Model", "metadata": {"size": "full"}},
    ],
}
PRUNED = RecordedFile("civitai:7?fileId=70", (Digest("sha256", SHA256),), VERSION)
FULL = RecordedFile("civitai:7?fileId=71", (), VERSION)
WEIGHTS = RecordedFile(f"hf:org/repo@{COMMIT}/a b.bin")
ASSET = RecordedFile("github:o/r@v1/a.bin")
ENVIRONMENT = surroundings({"civitai": "https://mirror.example/c"})


@pytest.mark.parametrize(
    ("reference", "recorded"),
    [
        ("civitai:7", PRUNED),
        (" civitai:3@7 ", PRUNED),
        ("civitai:7+71", FULL),
        ("civitai:7?size=full", FULL),
        ("urn:air:sdxl:lora:civitai:3@7", PRUNED),
        ("https://civitai.com/models/3/a-name?modelVersionId=7", PRUNED),
        ("https://civitai.com/api/download/models/7?token=abc", PRUNED),
        ("https://mirror.example/c/api/download/models/7", PRUNED),
        (f"civitai:sha256:{SHA256.upper()}", PRUNED),
        ("civitai:7", RecordedFile("https://civitai.com/api/download/models/7")),
        ("hf:org/repo/a b.bin", WEIGHTS),
        ("https://huggingface.co/org/repo/blob/main/a%20b.bin", WEIGHTS),
        ("hf:org/repo/a.bin", RecordedFile("hf:org/repo@main/a.bin")),
        ("github:o/r@latest/a.bin", ASSET),
        ("https://github.com/o/r/releases/latest/download/a.bin", ASSET),
    ],
)
def test_what_people_type_means_what_is_pinned(reference: str, recorded: RecordedFile) -> None:
    assert means(reference, recorded, ENVIRONMENT)


@pytest.mark.parametrize(
    ("reference", "recorded"),
    [
        ("civitai:7", FULL),
        ("civitai:7", RecordedFile("civitai:7?fileId=70")),
        ("civitai:4@7", PRUNED),
        ("civitai:8", PRUNED),
        ("civitai:7?fileId=71", PRUNED),
        ("civitai:7?size=huge", PRUNED),
        ("https://civitai.com/models/3", PRUNED),
        (f"civitai:sha256:{'cd' * 32}", PRUNED),
        ("hf:org/repo", WEIGHTS),
        ("hf:org/repo/other.bin", WEIGHTS),
        (f"hf:org/repo@{COMMIT[::-1]}/a b.bin", WEIGHTS),
        ("hf:org/repo/a.bin", RecordedFile("hf:org/repo@v2/a.bin")),
        ("hf:org/repo@v2/a b.bin", WEIGHTS),
        ("https://huggingface.co/org/repo/blob/v2/a%20b.bin", WEIGHTS),
        ("hf:datasets/org/repo/a b.bin", WEIGHTS),
        ("github:o/r@v2/a.bin", ASSET),
        ("github:o/r", ASSET),
        ("https://example.org/a.bin", RecordedFile("https://example.org/a.bin")),
        ("civitai:", PRUNED),
        ("nothing", PRUNED),
    ],
)
def test_what_may_be_another_file_isnt_meant(reference: str, recorded: RecordedFile) -> None:
    assert not means(reference, recorded, ENVIRONMENT)
