"""No sentence of ours is changed by the redaction, whatever the user's tokens and passwords are."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import anymatix_fetcher
from anymatix_fetcher import errors
from anymatix_fetcher.cli.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(anymatix_fetcher.__file__).parent
PLACEHOLDER = ", something"
VALUES = {
    "url": "https://models.example.com/files/model.safetensors?...",
    "host": "models.example.com",
    "site": "https://models.example.com",
    "page": "http://127.0.0.1:8080/hf/new/repo",
    "origin": "https://models.example.com",
    "path": "/home/me/ComfyUI/models/loras/style.safetensors",
    "name": "style.safetensors",
    "reference": "hf:new/repo/model.safetensors",
    "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}
TOKENS = (
    *("hf_abcdefghijklmnop", "hf_TokenOfTheUser123", "ghp_0123456789abcdefghijABCDEFGHIJ", "0123456789abcdef" * 2),
    *("DefaultPass1", "correct horse battery staple", "tiger", "abc", "password", "secret", "token", "download"),
    *("huggingface", "repository", "authorization", "credentials", "Bearer", "model.safetensors", "application/json"),
    *("HF_TOKEN", "CIVITAI_API_TOKEN", "anyfetch login", "settings", "https", "USER:PASSWORD", "USER", "PASSWORD"),
)


def sentences() -> list[str]:
    """Every text with a blank in it, but docstrings, placeholders filled in."""
    found = set[str]()
    for path in sorted(ROOT.rglob("*.py")):
        if "testing" in path.relative_to(ROOT).parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        plain = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if id(node) in inner or id(node) in plain:
                continue
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(filled(node.value))
            elif isinstance(node, ast.JoinedStr):
                found.add("".join(part_of(value) for value in node.values))
    return sorted(text for text in found if re.search(r"\w \w", text))


def part_of(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    words = [word for inner in ast.walk(node) if isinstance(inner, ast.Name) for word in (inner.id,)]
    words += [inner.attr for inner in ast.walk(node) if isinstance(inner, ast.Attribute)]
    return next((VALUES[word] for word in reversed(words) if word in VALUES), PLACEHOLDER)


def filled(text: str) -> str:
    """A template of the tables of explanations, whose words stand in braces."""
    return re.sub(r"\{([a-z_]+)\}", lambda match: VALUES.get(match.group(1), " for now"), text)


SENTENCES = sentences()
ERRORS = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
ERRORS_ELSEWHERE = {"Misuse", "WrongStateError", "UnknownJobError", "ConflictingJobError", "OutsideError"}
POSITIONS_WITH_A_HINT = 2
"""Where an error's hint may stand without its name."""
MOST_CHARACTERS = 300
"""Of a message or a hint, its placeholders filled in."""
WORDS = sorted({word for text in SENTENCES for word in re.findall(r"\b[A-Za-z][a-z]{0,14}\b", text)})


def test_there_are_sentences_to_look_at() -> None:
    text = "\n".join(SENTENCES)
    assert len(SENTENCES) > 1000
    assert "Put them into ~/.netrc, or into the URL: https://USER:PASSWORD@..." in text
    assert "set HF_TOKEN or run: anyfetch login huggingface.co" in text


def raised() -> list[tuple[str, list[str], list[str]]]:
    """Where errors are made, with the texts of their messages and of their hints."""
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        if "testing" in path.relative_to(ROOT).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func).split(".")[-1]
            if name != "Misuse" and not (name in ERRORS and any(one.arg == "hint" for one in node.keywords)):
                continue
            hints = [*node.args[1:2]] if name == "Misuse" else [one.value for one in node.keywords if one.arg == "hint"]
            place = f"{path.relative_to(ROOT)}:{node.lineno}"
            found.append((place, texts_of(node.args[:1]), texts_of(hints)))
    return found


def texts_of(nodes: Sequence[ast.expr]) -> list[str]:
    """The texts among them; what is computed elsewhere has none here."""
    found = []
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
            found.append(node.value)
        elif isinstance(node, ast.JoinedStr):
            found.append("".join(part_of(value) for value in node.values))
    return found


def test_a_message_is_a_clause_and_a_hint_is_a_sentence() -> None:
    made = raised()
    assert len(made) > 150
    for place, messages, hints in made:
        for text in messages:
            assert text.endswith("...") or not text.endswith("."), f"{place}: a message has no full stop: {text}"
            assert len(text) <= MOST_CHARACTERS, f"{place}: {text}"
        for text in hints:
            assert text.endswith((".", "?", PLACEHOLDER)), f"{place}: a hint ends as a sentence does: {text}"
            assert len(text) <= MOST_CHARACTERS, f"{place}: {text}"


def test_no_placeholder_is_left_in_a_message_or_a_hint() -> None:
    left = re.compile(r"\{(?!base_model|name\})[a-z_.]+\}")
    found = [(place, text) for place, *kinds in raised() for texts in kinds for text in texts if left.search(text)]
    assert found == []


def test_no_error_is_made_without_a_hint() -> None:
    made = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"
        for path in sorted(ROOT.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in {*ERRORS, *ERRORS_ELSEWHERE}
        if all(one.arg not in {"hint", None} for one in node.keywords) and len(node.args) < POSITIONS_WITH_A_HINT
    ]
    assert made == []


def test_no_sentence_has_persons_in_the_place_of_things() -> None:
    assert [text for text in SENTENCES if re.search(r"\b(nobody|whoever|somebody)\b", text, re.IGNORECASE)] == []


@pytest.mark.parametrize("token", [(), *TOKENS], ids=str)
def test_no_sentence_is_changed(token: str) -> None:
    secrets = (token,) if token else ()
    assert [(redact(text, secrets), text) for text in SENTENCES if redact(text, secrets) != text] == []


def test_no_sentence_is_changed_by_a_password_that_is_any_word_of_them() -> None:
    text = "\n".join(SENTENCES)
    assert redact(text, WORDS) == redact(text)
