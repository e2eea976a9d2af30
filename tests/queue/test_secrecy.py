from __future__ import annotations

from dataclasses import replace

import pytest

from anymatix_fetcher.queue.jobs import JobWanted
from anymatix_fetcher.queue.secrecy import may_be_stored, storable
from tests.queue.sample import URL, job

SECRET = (
    "https://example.org/a?token=planted",
    "https://example.org/a?type=Model&api_key=planted",
    "https://example.org/a;x?X-Amz-Signature=planted&X-Amz-Expires=60",
    "https://example.org/a?sig=planted&se=2030",
    "https://user:planted@example.org/a",
    "https://user:planted@exa mple.org/a",
    "https://example.org/a?value=hf_plantedplantedplanted",
    "civitai:143906?token=planted",
)
PUBLIC = (
    URL,
    "https://civitai.com/api/download/models/143906?type=Model&format=SafeTensor",
    "civitai:143906",
    "hf:org/repo@main/model.safetensors",
    "urn:air:sdxl:lora:civitai:1@2",
    "s3://bucket/key/of/it.gguf",
)


@pytest.mark.parametrize("reference", SECRET)
def test_an_address_with_a_secret_is_not_written_down(reference: str) -> None:
    assert not may_be_stored(reference)
    assert storable(job(wanted=JobWanted(reference=reference))).wanted.reference == ""


@pytest.mark.parametrize("reference", PUBLIC)
def test_an_address_without_one_is(reference: str) -> None:
    kept = job(wanted=JobWanted(reference=reference))
    assert storable(kept) == kept


def test_what_is_added_to_an_address_is_not_written_down() -> None:
    stored = storable(job(wanted=JobWanted(reference=URL, auth="harmless=planted"))).wanted
    assert (stored.reference, stored.auth) == ("", "")


def test_header_fields_secret_mirrors_and_proxies_are_not_written_down() -> None:
    wanted = JobWanted(reference=URL, mirrors=(SECRET[0], PUBLIC[1]), headers=(("Authorization", "Bearer planted"),))
    stored = storable(job(wanted=wanted)).wanted
    assert (stored.reference, stored.mirrors, stored.headers) == ("", (PUBLIC[1],), ())
    stored = storable(job(wanted=replace(JobWanted(reference=URL), proxy="http://user:planted@proxy:8080"))).wanted
    assert (stored.reference, stored.proxy) == ("", "")
