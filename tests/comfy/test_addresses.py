"""Which servers the routes may be made to ask."""

from __future__ import annotations

import pytest

from anymatix_fetcher.comfy.routes.addresses import looked_up, refused_host
from anymatix_fetcher.core.values.ip_addresses import is_public, private_is_allowed


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "127.8.8.8",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
        ),
        *("100.127.255.254", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1", "nonsense"),
    ],
)
def test_addresses_that_arent_the_internets(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "100.63.255.255", "100.128.0.1", "2606:4700::1", "64:ff9b::808:808"])
def test_addresses_of_the_internet(address: str) -> None:
    assert is_public(address)


NAMES = {"models.example": ["8.8.8.8", "2606:4700::1"], "sly.example": ["8.8.8.8", "10.0.0.1"], "0x7f.1": ["127.0.0.1"]}


def look_up(host: str) -> list[str]:
    return NAMES.get(host, [])


@pytest.mark.parametrize(
    ("reference", "host"),
    [
        ("http://127.0.0.1:8000/m.safetensors", "127.0.0.1"),
        ("http://[::1]/m.safetensors", "::1"),
        ("https://user:word@10.0.0.1/m", "10.0.0.1"),
        ("HTTP://LOCALHOST/m", "localhost"),
        ("http://api.localhost./m", "api.localhost"),
        ("https://sly.example/m", "sly.example"),
        ("http://0x7f.1/m", "0x7f.1"),
        ("http:///m", "an invalid URL"),
        ("http://[broken/m", "an invalid URL"),
    ],
)
def test_what_leads_into_the_network_of_the_machine_is_refused(reference: str, host: str) -> None:
    assert refused_host(["https://models.example/m", reference], look_up) == host


@pytest.mark.parametrize(
    "reference",
    [
        "https://models.example/m.safetensors",
        "https://unknown.example/m.safetensors",  # the download says that there is none
        "civitai:143906",
        "hf:org/repo/m.safetensors",
        "hf://org/repo/m.safetensors",
        "https://huggingface.co/org/repo/resolve/main/m.safetensors",  # an endpoint's, where the operator has named one
        "sha256://" + "0" * 64,
    ],
)
def test_what_leads_to_the_internet_or_to_a_service_is_taken(reference: str) -> None:
    assert refused_host([reference], look_up) is None


def test_names_are_looked_up_by_the_system() -> None:
    assert refused_host(["http://2130706433/m"], looked_up) == "2130706433"


def test_the_operator_allows_private_ones() -> None:
    assert private_is_allowed({"ANYFETCH_ALLOW_PRIVATE": "1"})
    assert not private_is_allowed({"ANYFETCH_ALLOW_PRIVATE": "0"})
    assert not private_is_allowed({})
