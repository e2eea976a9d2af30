from __future__ import annotations

import pytest

from anymatix_fetcher.cli.redaction import redact, redact_log, secrets_in, secrets_in_field


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("GET https://h/a?X-Amz-Signature=abc&x=1 failed", "GET https://h/a?... failed"),
        ("no such file (https://h/a?...)", "no such file (https://h/a?...)"),
        ("(https://h/a?...secret)", "(https://h/a?..."),
        ("https://h/a?...; 3 of them", "https://h/a?...; 3 of them"),
        ("'Authorization', 'token ghp_abcdef'", "'Authorization', 'token [hidden]'"),
        ("token ghp_0123456789", "token [hidden]"),
        ("the token settings, and basic authentication", "the token settings, and basic authentication"),
        ("into the address: https://USER:PASSWORD@...", "into the address: https://USER:PASSWORD@..."),
        ("'https://user:word@h/a'", "'https://[hidden]@h/a'"),
        ("socks5h://u:p@ss@h:1", "socks5h://[hidden]@h:1"),
        ("Authorization: Bearer hf_abcdefgh", "Authorization: Bearer [hidden]"),
        ("path /a?token=abcdef&b", "path /a?token=[hidden]&b"),
        (
            "set CIVITAI_API_TOKEN and go to https://civitai.com/user",
            "set CIVITAI_API_TOKEN and go to https://civitai.com/user",
        ),
    ],
)
def test_secrets_are_taken_out_and_the_rest_stays(text: str, clean: str) -> None:
    assert redact(text) == clean


def test_known_secrets_are_hidden_wherever_they_stand_the_longest_first() -> None:
    assert redact("repr('Bearer s3cr3t!!') s3cr3t!!", ["s3cr3t!!", "Bearer s3cr3t!!"]) == "repr('[hidden]') [hidden]"


@pytest.mark.parametrize("word", ["password", "Download", "HF_TOKEN", "application/json", "model.safetensors"])
def test_an_ordinary_word_is_taken_out_of_logs_and_of_no_sentence(word: str) -> None:
    sentence = f"Set it, then {word} again."
    assert redact(sentence, [word]) == sentence
    assert redact_log(sentence, [word]) == "Set it, then [hidden] again."


@pytest.mark.parametrize("token", ["hf_abcdefghijklmnop", "tr0ub4dor&3", "aBcDeFgHiJkL", "0123456789"])
def test_what_is_no_word_is_taken_out_of_both(token: str) -> None:
    assert redact(f"no {token}", [token]) == redact_log(f"no {token}", [token]) == "no [hidden]"


def test_of_a_header_that_the_user_adds_the_value_is_secret_unless_it_says_what_is_wanted() -> None:
    assert list(secrets_in_field("Authorization", "Bearer abcdef")) == ["Bearer abcdef", "abcdef"]
    assert list(secrets_in_field("X-Api-Key", "abcdef")) == ["abcdef", "abcdef"]
    assert list(secrets_in_field("Referer", "https://h/a?token=abc")) == ["token=abc", "abc"]
    assert list(secrets_in_field("user-agent", "Mozilla/5.0")) == []
    assert list(secrets_in_field("Accept", "application/json")) == []


def test_a_short_word_is_no_secret_that_could_be_replaced() -> None:
    assert redact("yes, it is", ["is"]) == "yes, it is"


@pytest.mark.parametrize(
    ("address", "secrets"),
    [
        ("https://h/a?fileId=123456", ["fileId=123456"]),
        ("https://h/a?fileId=1&token=a%2Bb#x", ["fileId=1&token=a%2Bb", "fileId=1&token=a+b", "a%2Bb", "a+b"]),
        ("http://me:p%40ss@proxy:1", ["me:p%40ss", "me:p@ss", "p%40ss", "p@ss"]),
        ("https://hf_token@h/a", ["hf_token", "hf_token"]),
        ("civitai:7?token=abc", ["token=abc", "abc"]),
        ("", []),
    ],
)
def test_what_is_secret_in_an_address_is_known_as_it_stands_and_decoded(address: str, secrets: list[str]) -> None:
    assert list(secrets_in(address)) == secrets
