"""A published file and its digests."""

from __future__ import annotations

import hashlib

from anymatix_fetcher.testing.content import GivenContent
from anymatix_fetcher.testing.hosts import HostedFile, hosted


def test_digests_are_those_of_the_bytes() -> None:
    file = hosted("a.bin", 2_500_000)
    data = file.content.read(0, file.size)
    assert file.sha256 == hashlib.sha256(data).hexdigest()
    assert file.md5 == hashlib.md5(data, usedforsecurity=False).hexdigest()
    assert file.git_sha1 == hashlib.sha1(b"blob 2500000\0" + data, usedforsecurity=False).hexdigest()


def test_only_safetensors_have_a_digest_of_their_tensors() -> None:
    assert "AutoV3" in hosted("a.safetensors", 10_000).civitai_hashes()
    for content in (GivenContent(b""), GivenContent(b"short"), GivenContent(b"\xff" * 8 + b"{ no header")):
        assert "AutoV3" not in HostedFile("a.safetensors", content).civitai_hashes()


def test_files_differ_by_mark() -> None:
    marks = {hosted(name, size).mark for name in ("a.bin", "b.bin") for size in (100, 101)}
    assert len(marks) == 4
