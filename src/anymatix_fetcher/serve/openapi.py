"""The API, described: the one table from which come its routes, what requests are checked against, and OpenAPI 3.1."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from anymatix_fetcher.queue.jobs import JobState, PartChoice
from anymatix_fetcher.serve.descriptions import SCHEMAS

if TYPE_CHECKING:
    from anymatix_fetcher.serve.descriptions import Schema

BASE = "/api/v1"
_STATES = [state.value for state in JobState]


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked for.

    Args:
        name: Of its handler.
        method: GET, POST, ...
        path: Below :data:`BASE`; ``{id}`` stands for a job's.
        summary: What it does.
        answers: The schema's name of each good status; empty where there is no body.
        body: The name of the body's schema; empty where there is none.
        query: What may stand in the query.
        failures: Statuses of errors beside those that every operation has.
    """

    name: str
    method: str
    path: str
    summary: str
    answers: tuple[tuple[int, str], ...]
    body: str = ""
    query: tuple[tuple[str, Schema], ...] = ()
    failures: tuple[int, ...] = ()

    @property
    def body_schema(self) -> Schema | None:
        """What a body is checked against."""
        return SCHEMAS[self.body] if self.body else None


_PAGE: tuple[tuple[str, Schema], ...] = (
    ("limit", {"type": "integer", "minimum": 1, "maximum": 100_000}),
    ("offset", {"type": "integer", "minimum": 0, "maximum": 1_000_000_000}),
)

OPERATIONS = (
    Operation(
        "list_jobs",
        "GET",
        "/jobs",
        "All jobs, in the order in which they go; those that have ended come last, the newest first.",
        ((200, "Jobs"),),
        query=(("state", {"type": "string", "enum": _STATES}), *_PAGE),
    ),
    Operation(
        "add_jobs",
        "POST",
        "/jobs",
        "Adds a job for each reference; 200 where all were there: the same reference to the same destination is one.",
        ((201, "Jobs"), (200, "Jobs")),
        body="NewJobs",
        failures=(409, 413),
    ),
    Operation("get_job", "GET", "/jobs/{id}", "One job.", ((200, "Job"),), failures=(404,)),
    Operation(
        "change_job",
        "PATCH",
        "/jobs/{id}",
        "Pauses it or lets it go on, moves it, or gives it another address.",
        ((200, "Job"),),
        body="JobChanges",
        failures=(404, 409, 413),
    ),
    Operation(
        "retry_job",
        "POST",
        "/jobs/{id}/retry",
        "Tries a job again that failed or was cancelled, from what has arrived.",
        ((200, "Job"),),
        failures=(404, 409),
    ),
    Operation(
        "delete_job",
        "DELETE",
        "/jobs/{id}",
        "Cancels a job (200), or takes one out of the list that has ended (204). A finished file is never removed.",
        ((200, "Job"), (204, "")),
        query=(("part", {"type": "string", "enum": [part.value for part in PartChoice]}),),
        failures=(404, 409),
    ),
    Operation(
        "get_blocks",
        "GET",
        "/jobs/{id}/blocks",
        "Which blocks are here.",
        ((200, "Blocks"),),
        failures=(404,),
    ),
    Operation(
        "get_events",
        "GET",
        "/events",
        "What happens, as server-sent events; with Last-Event-ID from there on, else beginning with all jobs.",
        ((200, "Event"),),
    ),
    Operation("get_status", "GET", "/status", "All together: counts, rate, limits, free space.", ((200, "Status"),)),
    Operation("get_settings", "GET", "/settings", "What can be changed while it runs.", ((200, "Settings"),)),
    Operation(
        "change_settings",
        "PATCH",
        "/settings",
        "Changes these, from now on and over restarts.",
        ((200, "Settings"),),
        body="Settings",
        failures=(413,),
    ),
    Operation(
        "list_models",
        "GET",
        "/models",
        "The models that are here.",
        ((200, "Models"),),
        query=(("type", {"type": "string", "maxLength": 100}),),
        failures=(422,),
    ),
    Operation(
        "verify_models",
        "POST",
        "/models/verify",
        "Reads these models whole, and tells whether they are what was recorded of them.",
        ((200, "Verified"),),
        body="Paths",
        failures=(404, 413, 422, 503),
    ),
    Operation(
        "remove_models",
        "POST",
        "/models/remove",
        "Removes these models from the disk, and what is recorded of them.",
        ((200, "Removed"),),
        body="Paths",
        failures=(404, 413),
    ),
    Operation(
        "resolve",
        "POST",
        "/resolve",
        "What a reference leads to: names, sizes, digests, where a job would put it, what of it is here. No payload.",
        ((200, "Resolved"),),
        body="Resolve",
        failures=(404, 413, 422, 503),
    ),
    Operation(
        "plan_workflow",
        "POST",
        "/workflow",
        "What a ComfyUI workflow needs, and which of it is here.",
        ((200, "Planned"),),
        body="Workflow",
        failures=(413, 422, 503),
    ),
    Operation("get_description", "GET", "/openapi.json", "This description.", ((200, ""),)),
)

_CONDITIONS = ("Range", "If-Range", "If-Match", "If-None-Match")
_ALWAYS = (400, 401, 403, 405, 429, 507)


def document(version: str) -> dict[str, object]:
    """The description in OpenAPI 3.1."""
    paths: dict[str, dict[str, object]] = {}
    for operation in OPERATIONS:
        paths.setdefault(BASE + operation.path, {})[operation.method.lower()] = _described(operation)
    paths["/sha256/{sha256}"] = {"get": _shared("get"), "head": _shared("head")}
    return {
        "openapi": "3.1.0",
        "info": {"title": "AnymatixFetcher", "version": version, "license": {"name": "MIT", "identifier": "MIT"}},
        "servers": [{"url": "/"}],
        "security": [{"secret": []}],
        "paths": paths,
        "components": {"schemas": SCHEMAS, "securitySchemes": {"secret": {"type": "http", "scheme": "bearer"}}},
    }


def _described(operation: Operation) -> dict[str, object]:
    parameters: list[object] = [
        {"name": name, "in": "query", "required": False, "schema": schema} for name, schema in operation.query
    ]
    if "{id}" in operation.path:
        parameters.append({"name": "id", "in": "path", "required": True, "schema": {"type": "string"}})
    if operation.name == "get_events":
        parameters.append({"name": "Last-Event-ID", "in": "header", "required": False, "schema": {"type": "string"}})
    responses: dict[str, object] = {
        str(status): _response(HTTPStatus(status).phrase, schema, operation.name)
        for status, schema in operation.answers
    }
    for status in sorted({*_ALWAYS, *operation.failures}):
        responses[str(status)] = _response(HTTPStatus(status).phrase, "Error", "")
    described: dict[str, object] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": parameters,
        "responses": responses,
    }
    if operation.body:
        described["requestBody"] = {"required": True, "content": _content(operation.body)}
    return described


def _shared(method: str) -> dict[str, object]:
    """What ``--share`` adds; it answers 404 without."""
    content: dict[str, object] = {"content": {"application/octet-stream": {}}} if method == "get" else {}
    return {
        "operationId": f"{method}_file",
        "summary": "A file that was read here, by its SHA-256; of one that still arrives the blocks that are proved.",
        "parameters": [
            {"name": "sha256", "in": "path", "required": True, "schema": {"type": "string"}},
            *({"name": name, "in": "header", "required": False, "schema": {"type": "string"}} for name in _CONDITIONS),
        ],
        "responses": {
            "200": {"description": "The whole file", **content},
            "206": {"description": "The range, or as much of it from its start on as has arrived", **content},
            "304": {"description": "It is the one that the peer has"},
            "416": {"description": "Nothing of the range is in the file"},
            "503": {"description": "The range, or the whole, hasn't arrived yet; Retry-After says when to ask again"},
            **{str(status): {"description": HTTPStatus(status).phrase} for status in (401, 403, 404, 405, 412, 429)},
        },
    }


def _response(description: str, schema: str, name: str) -> dict[str, object]:
    if name == "get_events":
        return {"description": description, "content": {"text/event-stream": {"schema": {"type": "string"}}}}
    if name == "get_description":
        return {"description": description, "content": {"application/json": {"schema": {"type": "object"}}}}
    return {"description": description, "content": _content(schema)} if schema else {"description": description}


def _content(schema: str) -> dict[str, object]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
