from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.library.index import Index
from anymatix_fetcher.testing import Origin
from anymatix_fetcher.verbs.identifying import GOOD_FOR_SECONDS, Identifier
from tests.verbs.models import civitai_at, digest, know

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DATA = b"weights"


@pytest.fixture
def civitai(monkeypatch: pytest.MonkeyPatch) -> Iterator[Origin]:
    with Origin() as origin, civitai_at(origin, monkeypatch):
        yield origin


def test_an_answer_is_good_for_a_week_and_then_asked_for_again(civitai: Origin) -> None:
    now = [1e9]
    with Index() as index, Identifier(index, CancelToken(), lambda: now[0]) as identifier:
        assert identifier.ask(digest(DATA).hex) is None
        know(civitai, DATA, 5)
        now[0] += GOOD_FOR_SECONDS - 1
        assert identifier.ask(digest(DATA).hex) is None
        now[0] += 2
        found = identifier.ask(digest(DATA).hex)
        assert found is not None
        assert (found.reference, found.name, found.type) == ("civitai:5?fileId=50", "dream.safetensors", "LORA")
        assert identifier.ask(digest(DATA).hex) == found
    assert civitai.ledger().requests == 2


def test_what_was_found_is_of_the_service_itself_whoever_was_asked(civitai: Origin) -> None:
    know(civitai, DATA, 5)
    with Index() as index, Identifier(index, CancelToken()) as identifier:
        found = identifier.ask(digest(DATA).hex)
    assert found is not None
    assert found.url == "https://civitai.com/api/download/models/5?fileId=50"


def test_an_endpoints_password_is_sent_there_and_kept_nowhere(
    civitai: Origin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    know(civitai, DATA, 5)
    monkeypatch.setenv("CIVITAI_ENDPOINT", civitai.url("").replace("://", "://someone:EndpointPw99@"))
    with Index(tmp_path / "index.sqlite") as index, Identifier(index, CancelToken()) as identifier:
        found = identifier.ask(digest(DATA).hex)
        kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert found is not None
    assert b"civitai" in kept
    assert b"EndpointPw99" not in kept + found.document.encode()
    assert {one.headers.get("authorization") for one in civitai.seen()} == {"Basic c29tZW9uZTpFbmRwb2ludFB3OTk="}


def test_an_answer_that_cant_be_read_any_longer_is_none(civitai: Origin) -> None:
    with Index() as index, Identifier(index, CancelToken()) as identifier:
        question = f"{civitai.url('').rstrip('/')} sha256:{digest(DATA).hex}"
        index.keep_answer(question, '{"other": 1}', 1e12)
        assert identifier.ask(digest(DATA).hex) is None
    assert civitai.ledger().requests == 0
