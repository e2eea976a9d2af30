"""The table of the API's operations, from which its routes, its validation and its OpenAPI 3.1 document are made."""

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
    """One operation of the API.

    Args:
        name: The operation's name, which selects its handler.
        method: GET, POST, ...
        path: The path below :data:`BASE`; ``{id}`` is a job's id.
        summary: The operation's summary.
        answers: The schema's name of each successful status; empty for no body.
        body: The name of the request body's schema; empty for no body.
        query: The query parameters and their schemas.
        failures: The statuses of errors in addition to those of every operation.
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
        """The schema of the request body."""
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
        "Lists all jobs in their order of execution, followed by the ended ones, the newest first.",
        ((200, "Jobs"),),
        query=(("state", {"type": "string", "enum": _STATES}), *_PAGE),
    ),
    Operation(
        "add_jobs",
        "POST",
        "/jobs",
        "Adds a job for each reference. 200 if all existed: the same reference and destination is the same job.",
        ((201, "Jobs"), (200, "Jobs")),
        body="NewJobs",
        failures=(409, 413),
    ),
    Operation("get_job", "GET", "/jobs/{id}", "Returns one job.", ((200, "Job"),), failures=(404,)),
    Operation(
        "change_job",
        "PATCH",
        "/jobs/{id}",
        "Pauses, resumes or moves a job, or replaces its reference.",
        ((200, "Job"),),
        body="JobChanges",
        failures=(404, 409, 413),
    ),
    Operation(
        "retry_job",
        "POST",
        "/jobs/{id}/retry",
        "Queues a failed or cancelled job again; it continues its partial file.",
        ((200, "Job"),),
        failures=(404, 409),
    ),
    Operation(
        "delete_job",
        "DELETE",
        "/jobs/{id}",
        "Cancels a job (200), or removes an ended job from the list (204). A finished file is never removed.",
        ((200, "Job"), (204, "")),
        query=(("part", {"type": "string", "enum": [part.value for part in PartChoice]}),),
        failures=(404, 409),
    ),
    Operation(
        "get_blocks",
        "GET",
        "/jobs/{id}/blocks",
        "Returns the state of each block of a job's file.",
        ((200, "Blocks"),),
        failures=(404,),
    ),
    Operation(
        "get_events",
        "GET",
        "/events",
        "Streams server-sent events: from Last-Event-ID on, or all jobs followed by new events.",
        ((200, "Event"),),
    ),
    Operation("get_status", "GET", "/status", "Returns counts, rate, limits and free space.", ((200, "Status"),)),
    Operation(
        "get_settings",
        "GET",
        "/settings",
        "Returns the settings that can be changed at run time.",
        ((200, "Settings"),),
    ),
    Operation(
        "change_settings",
        "PATCH",
        "/settings",
        "Changes the settings; they are kept across restarts.",
        ((200, "Settings"),),
        body="Settings",
        failures=(413,),
    ),
    Operation(
        "list_models",
        "GET",
        "/models",
        "Lists the models on this machine.",
        ((200, "Models"),),
        query=(("type", {"type": "string", "maxLength": 100}),),
        failures=(422,),
    ),
    Operation(
        "verify_models",
        "POST",
        "/models/verify",
        "Reads these models completely and compares them with their records.",
        ((200, "Verified"),),
        body="Paths",
        failures=(404, 413, 422, 503),
    ),
    Operation(
        "remove_models",
        "POST",
        "/models/remove",
        "Removes these models and their records from the disk.",
        ((200, "Removed"),),
        body="Paths",
        failures=(404, 413),
    ),
    Operation(
        "resolve",
        "POST",
        "/resolve",
        "Resolves a reference to names, sizes, digests, destinations and existing copies, without downloading.",
        ((200, "Resolved"),),
        body="Resolve",
        failures=(404, 413, 422, 503),
    ),
    Operation(
        "plan_workflow",
        "POST",
        "/workflow",
        "Lists the models that a ComfyUI workflow needs, and which are present.",
        ((200, "Planned"),),
        body="Workflow",
        failures=(413, 422, 503),
    ),
    Operation("get_description", "GET", "/openapi.json", "Returns this description.", ((200, ""),)),
)

_CONDITIONS = ("Range", "If-Range", "If-Match", "If-None-Match")
_ALWAYS = (400, 401, 403, 405, 429, 507)


def document(version: str) -> dict[str, object]:
    """The API's description as an OpenAPI 3.1 document."""
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
    """The operation that ``--share`` enables; without it the response is 404."""
    content: dict[str, object] = {"content": {"application/octet-stream": {}}} if method == "get" else {}
    return {
        "operationId": f"{method}_file",
        "summary": "Returns a file hashed on this machine, by SHA-256; of an unfinished download, its proved blocks.",
        "parameters": [
            {"name": "sha256", "in": "path", "required": True, "schema": {"type": "string"}},
            *({"name": name, "in": "header", "required": False, "schema": {"type": "string"}} for name in _CONDITIONS),
        ],
        "responses": {
            "200": {"description": "The whole file", **content},
            "206": {"description": "The range, or its longest prefix that is available", **content},
            "304": {"description": "The client has the same file"},
            "416": {"description": "The range lies outside the file"},
            "503": {"description": "The content isn't available yet; Retry-After says when to try again"},
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
