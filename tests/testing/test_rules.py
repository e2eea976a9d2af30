from __future__ import annotations

import pytest

from anymatix_fetcher.testing import Fault, Match, Rule, load, parse_rule, parse_size, rules_help
from anymatix_fetcher.testing.faults import FAULTS
from anymatix_fetcher.testing.rules import entries
from tests.testing.wire import fetch


def test_sizes_are_decimal_unless_they_say_otherwise() -> None:
    assert [parse_size(text) for text in ("300000", "64KiB", "10M", "2GB", "1.5k", 7)] == [
        300_000,
        65_536,
        10_000_000,
        2_000_000_000,
        1500,
        7,
    ]
    with pytest.raises(ValueError, match="not a size"):
        parse_size("many")


def test_a_text_is_a_fault_and_its_conditions() -> None:
    assert parse_rule("reset:after=300000,request=2") == Rule(Fault.reset(after=300_000), Match(request=2))
    assert parse_rule("throttle:rate=10M/s") == Rule(Fault.throttle(rate=10_000_000))
    assert parse_rule("ignore-range") == Rule(Fault.ignore_range())
    assert parse_rule("flip:offsets=5+9k,times=1") == Rule(Fault.flip(offsets=(5, 9000)), Match(times=1))
    assert parse_rule("status:code=503,ranged=yes,starts=1M-2M,request=3-,chance=0.5,since=1.5") == Rule(
        Fault.status(code=503), Match(ranged=True, starts=(1_000_000, 2_000_000), request="3-", chance=0.5, since=1.5)
    )
    assert parse_rule("content-length:text=10, 10,request=1") == Rule(
        Fault.content_length(text="10, 10"), Match(request=1)
    )
    assert parse_rule(r"header:name=A,value=b\,c=d") == Rule(Fault.header(name="A", value="b,c=d"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("explode", "'explode' is not a rule"),
        ("reset:aftr=3", "reset: 'aftr' is unknown"),
        ("reset:after", "reset: 'after' is not of the form"),
        ("reset:after=many", "reset: after: 'many' is not a size"),
        ("throttle", "throttle: rate is missing"),
        ("throttle:rate=0", "throttle: rate: 0.0 is not above zero"),
        ("throttle:rate=1,scope=moon", "throttle: scope: 'moon' is not one of connection, total"),
        ("reset:request=0", "reset: request: 0 is not of the form"),
        ("refuse:path=/a", "refuse: path: "),
        ("status:code=no", "status: code: "),
        ("status:code=99", "status: code: 99"),
        ("redirect:code=200", "redirect: code: 200"),
        ("interim:code=200", "interim: code: 200"),
        ("ignore-range:ranged=perhaps", "ignore-range: ranged: "),
        ("ignore-range:starts=5", "ignore-range: starts: "),
    ],
)
def test_a_wrong_text_is_told_by_its_key(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        parse_rule(text)


def test_every_rule_is_in_the_help_and_its_example_is_one() -> None:
    text = rules_help()
    conditions = {entry.name for entry in entries(Match)}
    for name, kind in FAULTS.items():
        assert f"\n  {name}\n" in text
        assert f"e.g. {kind.example}\n" in text
        assert isinstance(parse_rule(kind.example).fault, kind)
        assert kind.example.partition(":")[0] == name
        assert not conditions & {entry.name for entry in entries(kind)}
    assert all(name in text for name in conditions)


def test_a_description_is_an_origin() -> None:
    origin = load(
        {
            "seed": 7,
            "files": [
                {"path": "/m.bin", "size": "2KB", "etag": "weak", "headers": {"X-Linked-Size": "{size}"}},
                {"path": "/t.txt", "text": "hello", "etag": None, "last_modified": None},
            ],
            "signed": {"path": "/s.bin", "size": 100, "ttl_seconds": 60, "bytes_per_second": "10M"},
            "rules": [
                "delay:seconds=0",
                {"do": "status", "code": 503, "when": {"request": 2, "path": "/m.bin"}},
            ],
        }
    )
    with origin:
        first = fetch(origin.url("/m.bin"))
        assert (first.status, len(first.body)) == (200, 2000)
        assert first.headers["etag"].startswith("W/")
        assert first.headers["x-linked-size"] == "2000"
        assert fetch(origin.url("/m.bin")).status == 503
        text = fetch(origin.url("/t.txt"))
        assert text.body == b"hello"
        assert "etag" not in text.headers
        assert "last-modified" not in text.headers
        assert fetch(origin.url("/s.bin")).status == 307


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"sed": 1}, "sed: unknown"),
        ({"seed": "1"}, "seed: '1' is of the wrong type"),
        ({"files": {"path": "/a", "size": "x"}}, r"files\.size: 'x' is not a size"),
        ({"files": [{"size": 1}]}, r"files\[0\]\.path: missing"),
        ({"files": [{"path": "/a"}]}, r"files\[0\]: size: exactly one"),
        ({"files": [{"path": "/a", "size": 1, "colour": 2}]}, r"files\[0\]\.colour: unknown"),
        ({"files": [{"path": "/a", "size": 1, "form": "zip"}]}, r"files\[0\]\.form: 'zip'"),
        ({"files": 3}, "files: not a list"),
        ({"files": [3]}, r"files\[0\]: not an object"),
        ({"signed": [{"path": "/a", "size": 1}]}, r"signed\[0\]\.ttl_seconds: missing"),
        ({"rules": ["explode"]}, r"rules\[0\]: 'explode' is not a rule"),
        ({"rules": [{"do": "reset", "aftr": 1}]}, r"rules\[0\]: reset: 'aftr' is unknown"),
        ({"rules": [{"do": "reset", "after": []}]}, r"rules\[0\]: reset: after: "),
        ({"rules": [{"do": "reset", "when": {"reqest": 1}}]}, r"rules\[0\]: reset: 'reqest' is unknown"),
        ({"rules": [{"do": "reset", "when": 3}]}, r"rules\[0\]: when: not an object"),
        ({"rules": [{}]}, r"rules\[0\]: do: missing"),
        ({"rules": [3]}, r"rules\[0\]: 3 is neither"),
    ],
)
def test_a_wrong_description_is_told_by_its_place(spec: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        load(spec)
