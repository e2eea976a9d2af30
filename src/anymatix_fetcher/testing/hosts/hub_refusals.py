"""The refusals of the Hugging Face stand-in: text for files, JSON for the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.testing.hosts.site import json_answer
from anymatix_fetcher.testing.responses.making import document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.testing.hosts.hub_repository import HubRepo
    from anymatix_fetcher.testing.messages import Request
    from anymatix_fetcher.testing.responses.making import Draft


def refusal(
    request: Request, status: int, code: str | None, message: str, headers: Sequence[tuple[str, str]] = ()
) -> Draft:
    """A refusal with its reason in fields: ``X-Error-Code``, unless there is none, and ``X-Error-Message``."""
    codes = [] if code is None else [("X-Error-Code", code)]
    return _worded(request, status, message, [*codes, ("X-Error-Message", message), *headers])


def unauthorized(request: Request) -> Draft:
    """The response to a wrong token, and to requests without a token for missing or private repositories."""
    return _worded(request, 401, "Invalid username or password.", [("WWW-Authenticate", "Bearer")])


def no_repository(request: Request, token: str | None) -> Draft:
    """The response for a missing repository; without a token it doesn't reveal whether it is missing or private."""
    return unauthorized(request) if token is None else refusal(request, 404, "RepoNotFound", "Repository not found")


def no_access(request: Request, repo: HubRepo, token: str | None) -> Draft | None:
    """The refusal of access to a repository's files, if any."""
    if repo.access == "disabled":
        return refusal(request, 403, None, "Access to this resource is disabled.")
    if repo.access == "gated" and token is None:
        message = f"Access to model {repo.id} is restricted. You must have access to it and be authenticated."
        return refusal(request, 401, "GatedRepo", message)
    if repo.access == "gated" and token not in repo.readers:
        message = f"Access to model {repo.id} is restricted and you are not in the authorized list."
        return refusal(request, 403, "GatedRepo", message)
    return None


def no_entry(request: Request, repo: HubRepo, revision: str, path: str) -> Draft | None:
    """The refusal for a missing revision or file, if any."""
    if not repo.has_revision(revision):
        return refusal(request, 404, "RevisionNotFound", f"Invalid rev id: {revision}")
    if path not in repo.files:
        return refusal(request, 404, "EntryNotFound", "Entry not found", [("X-Repo-Commit", repo.commit)])
    return None


def _worded(request: Request, status: int, message: str, headers: Sequence[tuple[str, str]]) -> Draft:
    if request.path.startswith("/api/"):
        return json_answer(status, {"error": message}, headers)
    return document(status, "text/plain; charset=utf-8", message, headers)
