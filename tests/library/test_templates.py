from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.filenames import SafeName, safe_name
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.library.templates import FIELDS, Template

FILE = SafeName("dream.v2.safetensors")
FACTS = {"base_model": "SDXL 1.0", "author": "ann", "type": "lora"}


@pytest.mark.parametrize(
    ("template", "parts"),
    [
        ("{base_model}/{name}", ("SDXL 1.0", "dream.v2.safetensors")),
        ("{type}/{author}-{name}", ("lora", "ann-dream.v2.safetensors")),
        ("fixed/{base_model}/{author}/{name}", ("fixed", "SDXL 1.0", "ann", "dream.v2.safetensors")),
        ("{name}", ("dream.v2.safetensors",)),
        ("{base_model}/", ("SDXL 1.0.safetensors",)),
        ("{version}/{name}", ("dream.v2.safetensors",)),
        ("a/{version}", ("a", "dream.v2.safetensors")),
        ("a/best.safetensors", ("a", "best.safetensors")),
        ("a/best", ("a", "best.safetensors")),
    ],
)
def test_fields_are_filled_in_and_parts_that_are_not_known_left_out(template: str, parts: tuple[str, ...]) -> None:
    assert Template.parse(template).path(FACTS, FILE) == parts


@pytest.mark.parametrize(
    ("template", "names"), [("{name}", True), ("a/{base_model}-{name}", True), ("{name}/a", False), ("a", False)]
)
def test_a_template_names_files_where_its_last_part_has_the_name(template: str, *, names: bool) -> None:
    assert Template.parse(template).names_files is names


def test_a_template_may_be_folders_alone() -> None:
    assert Template.parse("{base_model}/{author}").folders(FACTS) == ("SDXL 1.0", "ann")


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("../../etc", "__.._etc"),
        ("a/b\\c", "a_b_c"),
        ("CON", "_CON"),
        (".ssh", "_ssh"),
        ("x\x00\u202ey", "xy"),
        ("name. ", "name"),
        ("weights.part", "weights.part_"),
    ],
)
def test_values_become_one_safe_part(value: str, part: str) -> None:
    assert Template.parse("{author}").folders({"author": value}) == (part,)


def test_a_value_that_is_no_name_is_left_out() -> None:
    assert Template.parse("{author}/{type}").folders({"author": "..", "type": "lora"}) == ("lora",)


@pytest.mark.parametrize("template", ["", " ", "/abs", "../x", "a/../b", "a//b", "a\\b", "./x", "a/b/c/d/e/f/g/h/i"])
def test_a_template_that_leads_elsewhere_is_refused(template: str) -> None:
    with pytest.raises(ReferenceSyntaxError):
        Template.parse(template)


def test_a_field_that_there_is_not_is_named_with_the_one_that_is_meant() -> None:
    with pytest.raises(ReferenceSyntaxError) as caught:
        Template.parse("{basemodel}/{name}")
    assert "{base_model}" in caught.value.hint


@pytest.mark.parametrize("template", ["{", "a}b", "{}", "{a{b}", "{name.__class__}", "{name!r}", "{0}"])
def test_braces_are_for_fields_only(template: str) -> None:
    with pytest.raises(ReferenceSyntaxError):
        Template.parse(template)


@given(st.text(), st.dictionaries(st.sampled_from(FIELDS), st.none() | st.text()))
def test_whatever_is_filled_in_every_part_is_safe(template: str, facts: dict[str, str | None]) -> None:
    try:
        parsed = Template.parse(template)
    except ReferenceSyntaxError:
        return
    for part in (*parsed.folders(facts), *parsed.path(facts, FILE)):
        assert safe_name(part) == part
