from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from anymatix_fetcher import Engine, Job, Phase, Progress, Result, Settings, Status


def test_settings_leave_everything_to_what_suits_most() -> None:
    settings = Settings()
    assert (settings.output, settings.directory) == (None, Path())
    assert (settings.connections, settings.max_connections, settings.engine) == (None, 32, Engine.AUTO)
    assert settings.verify_tls
    assert not settings.overwrite
    assert not settings.http3
    assert settings.limit_rate is None


def test_no_repr_tells_headers_proxy_or_reference() -> None:
    settings = Settings(headers=(("Authorization", "Bearer SECRET"),), proxy="http://me:SECRET@proxy:1")
    job = Job("https://me:SECRET@h.example/m?sig=SECRET", settings)
    assert "SECRET" not in f"{settings!r} {settings} {job!r} {job}"


@pytest.mark.parametrize(
    "value", [Settings(), Job("x", Settings()), Progress("x"), Result(reference="x", status=Status.FAILED)]
)
def test_facts_cant_be_changed(value: Settings | Job | Progress | Result) -> None:
    for field in dataclasses.fields(value):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, field.name, None)


def test_settings_and_results_are_given_by_name_only() -> None:
    for kind in (Settings, Result):
        assert all(field.kw_only for field in dataclasses.fields(kind))


def test_the_words_of_the_command_line_are_kept() -> None:
    assert [status.value for status in Status] == ["downloaded", "resumed", "present", "linked", "failed"]
    assert [engine.value for engine in Engine] == ["auto", "curl", "threads", "single"]
    assert [phase.value for phase in Phase] == [
        "waiting",
        "opening",
        "transferring",
        "verifying",
        "publishing",
        "done",
        "failed",
        "cancelled",
    ]


def test_a_result_claims_nothing_that_nobody_has_said() -> None:
    result = Result(reference="x", status=Status.FAILED)
    assert (result.verified, result.sha256, result.path, result.size, result.error) == ("none", None, None, None, None)


@pytest.mark.parametrize(
    ("reference", "shown"),
    [
        (" https://me:SECRET@h.example/m?sig=SECRET#SECRET ", "https://h.example/m?..."),
        ("https://me:SECRET@h.example:99999/m", "https://..."),
        ("https://SECRET@h.example:99999/m", "https://..."),
        ("https://me:SEC/RET@h.example/m", "https://..."),
        ("https://me:SEC?RET@h.example/m", "https://..."),
        ("https://me:SEC#RET@h.example/m", "https://..."),
        ("ftp://me:SECRET@h.example/m", "ftp://..."),
        ("https://h.example:99999/m?k=SECRET", "https://h.example:99999/m"),
        ("https://h.example:99999/m#SECRET", "https://h.example:99999/m"),
        ("civitai:7?token=SECRET", "civitai:7"),
        ("hf://org/repo@main/file", "hf://org/repo@main/file"),
    ],
)
def test_a_shown_reference_holds_no_secret_even_where_it_cant_be_read(reference: str, shown: str) -> None:
    assert Job(reference, Settings()).shown_reference == shown
