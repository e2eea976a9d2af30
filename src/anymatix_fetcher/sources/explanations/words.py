"""The values of placeholders in messages, from the URL and the response; never a query, a token or a body."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.http import parse_date

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.http import Refused
    from anymatix_fetcher.core.values.urls import Url

MINUTE, HOUR, DAY = 60, 3600, 86_400

_PAGES = (
    ("civitai", r"/api/(?:download/models|v1/model-versions)/(\d+)", "{origin}/model-versions/{0}"),
    ("civitai", r"/api/v1/models/(\d+)", "{origin}/models/{0}"),
    ("huggingface", r"/(?:api/(?:models/)?)?((?:datasets/|spaces/)?{part}(?:/{part})?)/{verb}/", "{origin}/{0}"),
    ("huggingface", r"/(?:api/(?:models/)?)?((?:datasets/|spaces/)?{part}/{part})", "{origin}/{0}"),
    ("github", r"/(?:repos/|media/)?({part}/{part})", "https://github.com/{0}"),
    ("modelscope", r"/(?:api/v1/)?(models|datasets)/({part}/{part})", "{origin}/{0}/{1}"),
    ("kaggle", r"/api/v1/(models|datasets|competitions)/(?:download/)?({part}(?:/{part})?)", "{origin}/{0}/{1}"),
    ("zenodo", r"/(?:api/)?records?/(\d+)", "{origin}/records/{0}"),
    ("ollama", r"/v2/({part}/{part})/", "https://ollama.com/{0}"),
)
"""The page where people read about a file and accept its licence, by the pattern of the URL's path."""
_PART = r"[A-Za-z0-9._~-]{1,100}"
_VERB = r"(?:resolve|blob|raw|tree|revision|paths-info)"

_DATE_DIGITS = re.compile(r"\d{9,10}", re.ASCII)
_REGION = re.compile(r"[a-z0-9-]{2,40}", re.ASCII)
_REGION_IN_BODY = re.compile(r"<Region>([^<]*)</Region>|<Endpoint>[^<]*s3[.-]([a-z0-9-]+)\.amazonaws", re.IGNORECASE)
_MOVED_TO = re.compile(rf"(?:https://[A-Za-z0-9.-]+)?/(?:api/models/)?(?!repositories/)({_PART}/{_PART})/", re.ASCII)


def words_for(service: str, refused: Refused, url: Url, base_path: str = "") -> dict[str, str]:
    """The placeholder values for the rows of ``service``.

    ``host`` and ``site``: the responding host without and with the scheme; ``page``: the page about the file, and
    ``project``: the path of that page's subject; ``until``: " until ..." or " for another ...", empty if unknown;
    ``for_now``: the same, or " for now"; ``region``: " (...)" or empty; ``moved_to``: " to ..." or empty.
    """
    page, until = _page(service, url, base_path), _until(refused)
    return {
        "host": url.host,
        "site": str(url.origin),
        "page": page,
        "project": page.partition("://")[2].partition("/")[2].removeprefix(f"{base_path}/"[1:]) or url.host,
        "until": until,
        "for_now": until or " for now",
        "region": _region(refused),
        "moved_to": _moved_to(refused),
    }


def _page(service: str, url: Url, base_path: str) -> str:
    origin = str(url.origin)
    path = url.without_secrets.removeprefix(origin)
    if base_path and path.startswith(f"{base_path}/"):
        origin, path = origin + base_path, path.removeprefix(base_path)
    for owner, pattern, template in _PAGES:
        match = (
            re.match(pattern.replace("{part}", _PART).replace("{verb}", _VERB), path, re.ASCII)
            if owner == service
            else None
        )
        if match is not None:
            return template.format(*match.groups(), origin=origin)
    return f"{origin}/"


def _until(refused: Refused) -> str:
    deadline = _deadline_in(refused.excerpt)
    if deadline is not None:
        return f" until {deadline:%Y-%m-%d %H:%M} UTC"
    seconds = refused.retry_after_seconds
    if seconds is None:
        seconds = _seconds_to_reset(refused)
    return f" for another {_duration(seconds)}" if seconds else ""


def _deadline_in(excerpt: str) -> datetime | None:
    """The end of Civitai's early access."""
    try:
        document = json.loads(excerpt)
        text = document["deadline"] if isinstance(document, dict) else None
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        return None if moment is None else moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, RecursionError, KeyError, OverflowError):
        return None


def _seconds_to_reset(refused: Refused) -> float | None:
    """The seconds from the response's ``Date`` to its ``X-RateLimit-Reset``, a time in seconds since 1970."""
    reset = _DATE_DIGITS.fullmatch((refused.headers.get("X-RateLimit-Reset") or "").strip())
    date = parse_date(refused.headers.get("Date"))
    return max(0.0, int(reset.group()) - date) if reset and date is not None else None


def _duration(seconds: float) -> str:
    for size, name in ((DAY, "days"), (HOUR, "hours"), (MINUTE, "minutes")):
        if seconds >= 2 * size:
            return f"{-(-seconds // size):.0f} {name}"
    return f"{seconds:.0f} seconds"


def _region(refused: Refused) -> str:
    match = _REGION_IN_BODY.search(refused.excerpt)
    found = refused.headers.get("x-amz-bucket-region") or (match and (match.group(1) or match.group(2))) or ""
    return f" ({found})" if _REGION.fullmatch(found) else ""


def _moved_to(refused: Refused) -> str:
    match = _MOVED_TO.match(refused.headers.get("Location") or "")
    return f" to {match.group(1)}" if match else ""
