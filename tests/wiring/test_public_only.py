"""What a page asks for leads to public addresses alone: from the first question about a reference to its last byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.http import Headers, ResponseHead
from anymatix_fetcher.engine.facts import Job
from anymatix_fetcher.engine.settings import Settings
from anymatix_fetcher.errors import AccessDeniedError
from anymatix_fetcher.sources.base import Answer
from anymatix_fetcher.testing import Origin
from anymatix_fetcher.verbs.fetch import fetch_one
from anymatix_fetcher.verbs.resolve import locate
from anymatix_fetcher.wiring.composition import resolving
from anymatix_fetcher.wiring.environment import environment

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.core.values.resource import Resource

ELSEWHERE = "https://models.example/model.safetensors"
HUB = "https://huggingface.co/anymatix/model/resolve/main/model.safetensors"
METALINK = f"""\
<metalink xmlns="urn:ietf:params:xml:ns:metalink"><file name="m"><url>{ELSEWHERE}</url></file></metalink>"""


def resolved(job: Job, variables: dict[str, str] | None = None) -> tuple[list[Request], Resource]:
    """What is asked for a reference, each question answered by a metalink, and what it comes to."""
    talk = resolving(job, environment(variables or {}))
    asked: list[Request] = []
    try:
        asked.append(next(talk))
        while True:
            asked.append(talk.send(Answer(asked[-1].url, ResponseHead(200, Headers()), METALINK.encode())))
    except StopIteration as end:
        (resource,) = end.value
        return asked, resource


def test_a_host_that_a_reference_names_has_to_be_public() -> None:
    asked, resource = resolved(Job("https://models.example/m.meta4", public_only=True))
    assert [request.public_only for request in asked] == [True]
    assert resource.public_only
    assert not resolved(Job(ELSEWHERE))[1].public_only
    assert not resolved(Job(ELSEWHERE, public_only=True), {"ANYFETCH_ALLOW_PRIVATE": "1"})[1].public_only


def test_a_service_is_where_the_operator_says() -> None:
    assert not resolved(Job(HUB, public_only=True), {"HF_ENDPOINT": "http://10.0.0.1"})[1].public_only
    mirrored = Job(HUB, Settings(mirrors=(ELSEWHERE,)), public_only=True)
    assert resolved(mirrored)[1].public_only


@pytest.mark.parametrize("engine", ["curl", "threads"])
def test_nothing_is_asked_for_where_a_name_leads_inside(engine: str, tmp_path: Path) -> None:
    with Origin(seed=1) as origin:
        file = origin.add("/m.safetensors", size="10KB")
        url = file.url.replace("127.0.0.1", "localhost")
        settings = Settings(directory=tmp_path, engine=engine)
        with pytest.raises(AccessDeniedError, match="own network"):
            fetch_one(Job(url, settings, public_only=True))
        (found,) = locate(url, public_only=True)
        assert "own network" in str(found.error)
        assert not origin.seen()
        assert fetch_one(Job(url, settings)).path == tmp_path / "m.safetensors"
