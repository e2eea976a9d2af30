from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.filenames import safe_name
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.workflows.needs import Need, asked_file, safe_folder, safe_url, shown


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("m.safetensors", "m.safetensors"),
        (r"SDXL\my model (1).safetensors", "SDXL/my model (1).safetensors"),
        (" a/b/c.pt ", "a/b/c.pt"),
        ("cafe\u0301.pt", "cafe\u0301.pt"),
        ("-a:b.pt", "-a:b.pt"),
    ],
)
def test_a_name_keeps_its_folders(text: str, name: str) -> None:
    assert asked_file(text) == name


@pytest.mark.parametrize(
    "text", ["", "/etc/passwd", "../m.pt", "a/../../m.pt", r"..\m.pt", "a//m.pt", "~/m.pt", "a/", "x" * 1025]
)
def test_a_name_that_leads_elsewhere_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="its name is"):
        asked_file(text)


@pytest.mark.parametrize("text", ["custom_nodes", "Custom_Nodes/x", "configs", "custom_nodes.", " configs/"])
def test_nothing_is_fetched_to_where_code_is(text: str) -> None:
    with pytest.raises(ValueError, match=r"nothing is fetched into|isn't a path"):
        safe_folder(text)


def test_folders_have_their_names_of_today() -> None:
    assert safe_folder("unet") == "diffusion_models"
    assert safe_folder("clip/t5") == "text_encoders/t5"
    assert safe_folder("loras/unet") == "loras/unet"


def test_an_address_hides_its_query() -> None:
    need = Need("m", safe_url(" https://h.example/m?token=SECRET "), "vae")
    assert need.url == Url.parse("https://h.example/m?token=SECRET")
    assert "SECRET" not in f"{need} {need!r}"
    assert str(need) == "vae/m"
    assert str(Need(None, None, "vae")) == "vae/..."


@given(st.text())
def test_every_text_becomes_a_path_that_leads_nowhere_else_or_is_refused(text: str) -> None:
    try:
        need = Need(asked_file(text), None, "vae")
    except ValueError:
        return
    assert need.name is not None
    assert need.portable is not None
    assert all(component not in {"", ".", ".."} and "\\" not in component for component in need.name.split("/"))
    assert all(safe_name(component) == component for component in need.portable.split("/"))


@given(st.text())
def test_what_is_shown_is_one_short_printable_line(text: str) -> None:
    assert shown(text).isprintable()
    assert len(shown(text)) <= 80
