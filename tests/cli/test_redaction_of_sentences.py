"""No sentence of ours is changed by the redaction, whatever the user's tokens and passwords are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import anymatix_fetcher
from anymatix_fetcher.cli.redaction import redact

ROOT = Path(anymatix_fetcher.__file__).parent
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
    return next((VALUES[word] for word in reversed(words) if word in VALUES), ", something")


def filled(text: str) -> str:
    """A template of the tables of explanations, whose words stand in braces."""
    return re.sub(r"\{([a-z_]+)\}", lambda match: VALUES.get(match.group(1), " for now"), text)


SENTENCES = sentences()
WORDS = sorted({word for text in SENTENCES for word in re.findall(r"\b[A-Za-z][a-z]{0,14}\b", text)})


def test_there_are_sentences_to_look_at() -> None:
    text = "\n".join(SENTENCES)
    assert len(SENTENCES) > 1000
    assert "Put them into ~/.netrc, or into the URL: https://USER:PASSWORD@..." in text
    assert "set HF_TOKEN or run: anyfetch login huggingface.co" in text


@pytest.mark.parametrize("token", [(), *TOKENS], ids=str)
def test_no_sentence_is_changed(token: str) -> None:
    secrets = (token,) if token else ()
    assert [(redact(text, secrets), text) for text in SENTENCES if redact(text, secrets) != text] == []


def test_no_sentence_is_changed_by_a_password_that_is_any_word_of_them() -> None:
    text = "\n".join(SENTENCES)
    assert redact(text, WORDS) == redact(text)
