from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from anymatix_fetcher.cli.display.results import error_lines, path_line, result_object, summary
from anymatix_fetcher.engine.facts import Result, Status
from anymatix_fetcher.errors import AccessDeniedError, DownloadCancelled, NotFoundError
from tests.cli.fakes import SHA256, URL, downloaded, failed

KEYS = [
    "reference",
    "status",
    "path",
    "size",
    "sha256",
    "verified",
    "verified_at",
    "bytes_downloaded",
    "bytes_resumed",
    "seconds",
    "requests",
    "origin_requests",
    "renewals",
    "connections_peak",
    "engine",
    "http_version",
    "error",
]


def test_a_result_has_exactly_the_keys_of_the_contract_in_their_order() -> None:
    assert list(result_object(downloaded())) == KEYS
    assert list(result_object(failed(NotFoundError("gone")))) == KEYS


def test_a_result_says_what_happened() -> None:
    assert result_object(downloaded()) == {
        "reference": URL,
        "status": "downloaded",
        "path": str(Path("/models/model.safetensors").absolute()),
        "size": 6_940_000_000,
        "sha256": SHA256,
        "verified": "sha256",
        "verified_at": "2026-11-23T10:00:00Z",
        "bytes_downloaded": 6_940_000_000,
        "bytes_resumed": 0,
        "seconds": 72.0,
        "requests": 40,
        "origin_requests": 2,
        "renewals": 0,
        "connections_peak": 8,
        "engine": "curl",
        "http_version": "1.1",
        "error": None,
    }


def test_a_relative_path_becomes_absolute() -> None:
    assert result_object(downloaded("x.gguf"))["path"] == str(Path.cwd() / "x.gguf")


def test_an_error_is_a_small_document() -> None:
    error = AccessDeniedError("https://h/m answered 403", hint="set a token")
    assert result_object(failed(error))["error"] == {
        "kind": "AccessDeniedError",
        "message": "https://h/m answered 403",
        "hint": "set a token",
        "exit_code": 4,
    }


def test_a_cancelled_result_has_the_code_of_the_signal() -> None:
    error = result_object(failed(DownloadCancelled("cancelled")), interrupted_code=143)["error"]
    assert isinstance(error, dict)
    assert error["exit_code"] == 143
    gone = result_object(failed(NotFoundError("gone")), interrupted_code=143)["error"]
    assert isinstance(gone, dict)
    assert gone["exit_code"] == 3


@pytest.mark.parametrize(
    ("result", "line"),
    [
        (
            downloaded(),
            "model.safetensors: 6.94 GB, 1 min 12 s at 96.4 MB/s, verified by sha256 0123456789ab...",
        ),
        (
            replace(downloaded(), status=Status.RESUMED, bytes_downloaded=720_000_000, bytes_resumed=6_220_000_000),
            (
                "model.safetensors: 6.94 GB, 1 min 12 s at 10.0 MB/s, 6.22 GB resumed, verified "
                "by sha256 0123456789ab..."
            ),
        ),
        (
            replace(downloaded(), status=Status.PRESENT, bytes_downloaded=0, verified="length", sha256=None),
            "model.safetensors: 6.94 GB, already there, verified by its length only",
        ),
        (
            replace(downloaded(), verified="none", bytes_downloaded=0, status=Status.RESUMED),
            (
                "model.safetensors: 6.94 GB, nothing left to fetch, not verified: the server states neither "
                "digest nor length (sha256 0123456789ab...)"
            ),
        ),
        (
            replace(downloaded(), verified="crc32", status=Status.LINKED),
            (
                "model.safetensors: 6.94 GB, linked to a copy on this machine, verified by crc32 "
                "(sha256 0123456789ab...)"
            ),
        ),
    ],
)
def test_a_success_is_one_line_that_claims_no_more_than_is_known(result: Result, line: str) -> None:
    assert summary(result) == line


def test_only_a_success_has_a_path_to_print() -> None:
    assert path_line(downloaded()) == str(Path("/models/model.safetensors").absolute())
    assert path_line(replace(downloaded(), error=NotFoundError("gone"))) is None


def test_errors_have_a_hint_where_there_is_one_and_no_secret_or_control_character() -> None:
    error = NotFoundError("https://h/m?sig=abcdef answered \x1b[31m404", hint="look again")
    assert error_lines(error) == ["error: https://h/m?... answered \ufffd[31m404", "hint: look again"]
    assert error_lines(NotFoundError("gone"), "https://h/m") == ["error: https://h/m: gone"]
    twice, other = NotFoundError("the host answers 404 (https://h/m)"), NotFoundError("404 (https://mirror/m)")
    assert error_lines(twice, "https://h/m") == ["error: https://h/m: the host answers 404"]
    assert error_lines(other, "https://h/m") == ["error: https://h/m: 404 (https://mirror/m)"]
