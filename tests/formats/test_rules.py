from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.formats.architectures import GGUF_NAMES, STATED_NAMES, TITLES, UNKNOWN, stated_architecture
from anymatix_fetcher.formats.component_rules import ADDITION_RULES, COMPONENT_RULES
from anymatix_fetcher.formats.diffusion_rules import DIFFUSION_RULES
from anymatix_fetcher.formats.facts import ModelKind
from anymatix_fetcher.formats.lora_rules import LORA_RULES
from anymatix_fetcher.formats.rules import MAX_NAME_LENGTH, Rule, TensorNames, first_fit
from anymatix_fetcher.formats.tensors import Tensor

TABLES = {"additions": ADDITION_RULES, "components": COMPONENT_RULES, "diffusion": DIFFUSION_RULES, "loras": LORA_RULES}
ALL = [(table, rule) for table, rules in TABLES.items() for rule in rules]


def names_of(shapes: dict[str, tuple[int, ...]]) -> TensorNames:
    return TensorNames.of(Tensor(name, "F16", shape, 0, 0) for name, shape in shapes.items())


def just_what(rule: Rule) -> dict[str, tuple[int, ...]]:
    """The fewest tensors that fit the rule."""
    shapes: dict[str, tuple[int, ...]] = {}
    for pattern, axis, size in rule.sizes:
        name = f"{'x' * pattern.startswith('*')}{pattern.strip('*')}{'x' * pattern.endswith('*')}"
        shape = list(shapes.get(name, (1,) * 5))
        shape[axis] = size
        shapes[name] = tuple(shape)
    for pattern in (*rule.has, *rule.any_of[:1]):
        shapes.setdefault(f"{'x' * pattern.startswith('*')}{pattern.strip('*')}{'x' * pattern.endswith('*')}", (1,) * 5)
    return shapes


@pytest.mark.parametrize(("table", "rule"), ALL)
def test_no_rule_is_hidden_behind_one_of_another_family(table: str, rule: Rule) -> None:
    found = first_fit(TABLES[table], names_of(just_what(rule)))
    assert found is not None
    assert (found.kind, found.architecture, found.variant) == (rule.kind, rule.architecture, rule.variant)


@pytest.mark.parametrize(("table", "rule"), ALL)
def test_every_rule_asks_for_something_and_names_a_known_family(table: str, rule: Rule) -> None:
    assert rule.has or rule.any_of or rule.sizes
    assert rule.architecture in TITLES or rule.architecture == UNKNOWN
    assert (rule.kind is ModelKind.UNKNOWN) == (table in {"diffusion", "loras"})
    patterns = chain(rule.has, rule.any_of, rule.lacks, (pattern for pattern, _, _ in rule.sizes))
    assert not any("*" in pattern[1:-1] or pattern.strip("*") == "" for pattern in patterns)


@pytest.mark.parametrize("rules", TABLES.values(), ids=TABLES)
def test_nothing_fits_no_rule(rules: tuple[Rule, ...]) -> None:
    assert first_fit(rules, names_of({})) is None
    assert first_fit(rules, names_of({"weight": (1,), "bias": (1,)})) is None


def test_other_tools_names_lead_to_known_families() -> None:
    assert set(GGUF_NAMES.values()) <= set(TITLES)
    assert {name for _, name in STATED_NAMES} <= set(TITLES)
    for start, name in STATED_NAMES:
        assert stated_architecture(start.upper()) == name
    assert stated_architecture("") == UNKNOWN


NAMES = names_of({"a.b.weight": (2, 3), "c.b.weight": (4, 5), "plain": ()})


@pytest.mark.parametrize(
    ("pattern", "size"),
    [
        ("a.b.weight", 3),
        ("*.b.weight", 3),
        ("c.*", 5),
        ("*b.w*", 3),
        ("plain", None),
        ("*.weigh", None),
        (".b.*", None),
        ("*nothing*", None),
    ],
)
def test_a_pattern_fits_a_whole_name_its_beginning_its_end_or_a_piece(pattern: str, size: int | None) -> None:
    assert NAMES.has(pattern) == (size is not None or pattern == "plain")
    assert NAMES.size(pattern, 1) == size


@given(st.lists(st.text(max_size=10), max_size=5), st.text(max_size=5))
def test_names_of_any_kind_are_looked_through(names: list[str], piece: str) -> None:
    held = names_of(dict.fromkeys(names, (7,)))
    assert held.size(f"*{piece}*", 0) in {7, None}
    assert all(held.has(name) for name in names)


def test_a_name_that_is_too_long_isnt_looked_at() -> None:
    assert not names_of({"x" * (MAX_NAME_LENGTH + 1): ()}).shapes
