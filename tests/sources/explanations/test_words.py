from __future__ import annotations

import pytest

from anymatix_fetcher.core.values.http import Headers, Refused
from anymatix_fetcher.core.values.refusals import Refusal
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.sources.explanations.words import words_for

ANSWER = Refused(Refusal.FORBIDDEN, "h.example answered 403", 403)


def word(name: str, refused: Refused = ANSWER, url: str = "https://h.example/m", service: str = "any") -> str:
    return words_for(service, refused, Url.parse(url))[name]


@pytest.mark.parametrize(
    ("service", "path", "page"),
    [
        ("civitai", "/api/download/models/143906", "/model-versions/143906"),
        ("civitai", "/api/v1/model-versions/143906", "/model-versions/143906"),
        ("civitai", "/api/v1/models/5", "/models/5"),
        ("civitai", "/api/download/attachments/5", "/"),
        ("huggingface", "/org/repo/resolve/main/a/b.gguf", "/org/repo"),
        ("huggingface", "/gpt2/resolve/main/b.gguf", "/gpt2"),
        ("huggingface", "/datasets/org/set/resolve/main/b", "/datasets/org/set"),
        ("huggingface", "/datasets/squad/blob/main/b", "/datasets/squad"),
        ("huggingface", "/spaces/org/app/raw/main/b", "/spaces/org/app"),
        ("huggingface", "/api/models/org/repo", "/org/repo"),
        ("huggingface", "/api/models/org/repo/tree/main/a/b", "/org/repo"),
        ("huggingface", "/api/datasets/org/set/tree/main", "/datasets/org/set"),
        ("huggingface", "/", "/"),
        ("modelscope", "/models/org/name/resolve/master/a", "/models/org/name"),
        ("modelscope", "/api/v1/models/org/name/repo", "/models/org/name"),
        ("modelscope", "/api/v1/datasets/org/name/repo", "/datasets/org/name"),
        ("kaggle", "/api/v1/datasets/download/owner/set/f", "/datasets/owner/set"),
        ("zenodo", "/record/17", "/records/17"),
        ("any", "/org/repo/resolve/main/x", "/"),
    ],
)
def test_the_page_to_open_is_found_in_the_address(service: str, path: str, page: str) -> None:
    address = f"https://user:pass@site.example:8443{path}?token=s3cr3t"
    assert word("page", url=address, service=service) == f"https://site.example:8443{page}"


def test_a_project_is_named_by_its_pages_path() -> None:
    address = "https://huggingface.co/datasets/org/set/resolve/main/x"
    assert word("project", url=address, service="huggingface") == "datasets/org/set"
    assert word("project") == "h.example"


@pytest.mark.parametrize(
    ("excerpt", "until"),
    [
        ('{"deadline":"2026-10-01T12:30:00.000Z"}', " until 2026-10-01 12:30 UTC"),
        ('{"deadline":"2026-10-01T12:30:00+02:00"}', " until 2026-10-01 10:30 UTC"),
        ('{"deadline":"2026-10-01T12:30:00"}', " until 2026-10-01 12:30 UTC"),
        ('{"deadline":"0001-01-01T00:00:00+23:00"}', ""),
        ('{"deadline":"soon"}', ""),
        ('{"deadline":5}', ""),
        ('["deadline"]', ""),
        ("{" * 5000, ""),
        ("", ""),
    ],
)
def test_the_end_of_early_access_is_told_in_utc(excerpt: str, until: str) -> None:
    refused = Refused(Refusal.FORBIDDEN, "no", 403, excerpt=excerpt)
    assert word("until", refused) == until


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, ""),
        (55.0, " for another 55 seconds"),
        (119.0, " for another 119 seconds"),
        (121.0, " for another 3 minutes"),
        (7200.0, " for another 2 hours"),
        (259_200.0, " for another 3 days"),
    ],
)
def test_how_long_to_wait_is_told_in_words(seconds: float, text: str) -> None:
    refused = Refused(Refusal.THROTTLED, "no", 429, retry_after_seconds=seconds)
    assert word("until", refused) == text
    assert word("for_now", refused) == (text or " for now")


def test_a_reset_is_a_date_that_only_the_servers_clock_can_read() -> None:
    fields = Headers.of(x_ratelimit_reset="1785587400", date="Sat, 01 Aug 2026 12:00:00 GMT")
    assert word("until", Refused(Refusal.FORBIDDEN, "no", 403, headers=fields)) == " for another 30 minutes"
    fields = Headers.of(x_ratelimit_reset="1785587400")
    assert word("until", Refused(Refusal.FORBIDDEN, "no", 403, headers=fields)) == ""
    fields = Headers.of(x_ratelimit_reset="30", date="Sat, 01 Aug 2026 12:00:00 GMT")
    assert word("until", Refused(Refusal.FORBIDDEN, "no", 403, headers=fields)) == ""


@pytest.mark.parametrize(
    ("location", "moved_to"),
    [
        ("/new/name/resolve/main/x", " to new/name"),
        ("https://huggingface.co/api/models/new/name/tree/main", " to new/name"),
        ("https://api.github.com/repositories/123/releases", ""),
        ("/login", ""),
        ("https://h.example/?to=/new/name/", ""),
        ("", ""),
    ],
)
def test_a_new_name_is_found_in_the_redirect(location: str, moved_to: str) -> None:
    assert (
        word("moved_to", Refused(Refusal.UNEXPECTED, "moved", 307, headers=Headers.of(location=location))) == moved_to
    )


@pytest.mark.parametrize(
    ("headers", "excerpt", "region"),
    [
        (Headers.of(x_amz_bucket_region="eu-west-1"), "", " (eu-west-1)"),
        (Headers(), "<Region>eu-west-1</Region>", " (eu-west-1)"),
        (Headers(), "<Endpoint>bucket.s3.eu-west-1.amazonaws.com</Endpoint>", " (eu-west-1)"),
        (Headers(), "<Endpoint>bucket.s3-eu-west-1.amazonaws.com</Endpoint>", " (eu-west-1)"),
        (Headers.of(x_amz_bucket_region="not a region"), "", ""),
        (Headers(), "", ""),
    ],
)
def test_the_buckets_region_is_found_where_it_is_said(headers: Headers, excerpt: str, region: str) -> None:
    refused = Refused(Refusal.UNEXPECTED, "no", 301, headers=headers, excerpt=excerpt)
    assert word("region", refused) == region


def test_the_page_below_an_endpoint_with_a_path_is_below_it_too() -> None:
    refused = Refused(Refusal.FORBIDDEN, "no", status=403)
    url = Url.parse("http://127.0.0.1:8/hf/new/repo/resolve/main/model.safetensors")
    words = words_for("huggingface", refused, url, "/hf")
    assert (words["page"], words["project"]) == ("http://127.0.0.1:8/hf/new/repo", "new/repo")
    other = Url.parse("http://127.0.0.1:8/hfx/repo/resolve/main/model.safetensors")
    assert words_for("huggingface", refused, other, "/hf")["page"] == "http://127.0.0.1:8/hfx/repo"
