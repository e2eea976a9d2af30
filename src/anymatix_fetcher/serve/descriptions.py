"""The values that the API takes and gives, as JSON Schema (OpenAPI 3.1 has it whole)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.resource import Author
from anymatix_fetcher.library.names import Naming
from anymatix_fetcher.queue.blocks import BlockState
from anymatix_fetcher.queue.events import EventKind
from anymatix_fetcher.queue.jobs import JobState
from anymatix_fetcher.verbs.checked import Condition

if TYPE_CHECKING:
    from typing import TypeAlias

Schema: TypeAlias = "dict[str, object]"

MOST_REFERENCES = 10_000
_LONGEST_REFERENCE = 65_536
_LONGEST_PATH = 4096
_LARGEST = 1_000_000_000
_STATES = [state.value for state in JobState]
_NO_CONTROLS = r"^[^\x00-\x1f\x7f]*$"


def text(description: str, *, most: int = _LONGEST_PATH) -> Schema:
    """A line of text."""
    return {"type": "string", "maxLength": most, "pattern": _NO_CONTROLS, "description": description}


def nullable(schema: Schema, kind: str) -> Schema:
    """The same, or nothing."""
    return {**schema, "type": [kind, "null"]}


def record(properties: dict[str, Schema], *required: str, closed: bool = True) -> Schema:
    """An object."""
    schema: Schema = {"type": "object", "properties": properties, "required": list(required)}
    return {**schema, "additionalProperties": False} if closed else schema


def _number(description: str, kind: str = "integer", **limits: object) -> Schema:
    return {"type": kind, "description": description, **limits}


def _moment(description: str) -> Schema:
    return {"type": ["number", "null"], "description": f"{description}, in seconds since 1970"}


_REFERENCE: Schema = {
    **text("A URL, civitai:143906, hf:org/repo/file, github:owner/repo@tag/asset, ...", most=_LONGEST_REFERENCE),
    "minLength": 1,
}
_POSITION = _number(
    "Its place among those that haven't ended; 0 is next. Alone it adapts the priority where that has to fit",
    minimum=0,
    maximum=_LARGEST,
)
_PRIORITY = _number("The higher one goes first", minimum=-_LARGEST, maximum=_LARGEST)
_ERROR = record(
    {
        "kind": {"type": "string"},
        "message": {"type": "string"},
        "hint": {"type": "string", "description": "What to do about it; may be empty"},
    },
    "kind",
    "message",
    "hint",
    closed=False,
)

NEW_JOBS = record(
    {
        "references": {"type": "array", "items": _REFERENCE, "minItems": 1, "maxItems": MOST_REFERENCES},
        "type": nullable(text("What it is, as lora or vae: that type's folder of models gets it"), "string"),
        "directory": nullable(text("The folder, absolute or below the server's own"), "string"),
        "output": nullable(text("The file's name, for a single reference"), "string"),
        "naming": {"type": ["string", "null"], "enum": [*(naming.value for naming in Naming), None]},
        "digests": {
            "type": ["array", "null"],
            "items": text("ALGORITHM:HEX", most=200),
            "maxItems": 16,
            "description": "What the file must have, for a single reference",
        },
        "mirrors": {
            "type": ["array", "null"],
            "items": _REFERENCE,
            "maxItems": 64,
            "description": "Other places with the same bytes, for a single reference",
        },
        "priority": _PRIORITY,
        "paused": {"type": "boolean", "description": "Whether it waits to be resumed"},
        "connections": {"type": ["integer", "null"], "minimum": 1, "maximum": 256, "description": "null adapts it"},
        "auth": nullable(text("For the query of the references' own addresses; never written down"), "string"),
        "author": {
            "type": "string",
            "enum": [author.value for author in Author],
            "description": "Who has written the references: the user, or a file of others, such as a workflow",
        },
    },
    "references",
)

JOB_CHANGES = record(
    {
        "state": {"type": "string", "enum": [JobState.PAUSED.value, JobState.QUEUED.value]},
        "priority": _PRIORITY,
        "position": _POSITION,
        "reference": {**_REFERENCE, "description": "Another address of the same file, whose part is gone on with"},
    }
)

SETTINGS = record(
    {
        "limit_rate": {
            "type": ["number", "null"],
            "exclusiveMinimum": 0,
            "maximum": 1e15,
            "description": "Bytes a second for all jobs together; null lifts it",
        },
        "max_downloads": _number("How many jobs run at a time", minimum=1, maximum=1000),
        "rpc_always_active": {
            "type": "boolean",
            "description": "Whether aria2's protocol calls a waiting job active, for ComfyUI-Manager",
        },
    }
)

JOB = record(
    {
        "id": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
        "reference": {"type": "string", "description": "Without secrets"},
        "state": {"type": "string", "enum": _STATES},
        "position": {"type": "integer"},
        "priority": {"type": "integer"},
        "type": {"type": ["string", "null"]},
        "name": {"type": ["string", "null"]},
        "path": {"type": ["string", "null"]},
        "size": {"type": ["integer", "null"]},
        "bytes_stored": {"type": "integer"},
        "bytes_verified": {"type": "integer"},
        "bytes_per_second": {"type": "integer"},
        "eta_seconds": {"type": ["number", "null"]},
        "connections": {"type": "integer"},
        "phase": {"type": ["string", "null"]},
        "created_at": _moment("When it was added"),
        "started_at": _moment("When it last became active"),
        "ended_at": _moment("When it ended"),
        "attempts": {"type": "integer", "description": "How often it failed since its user asked for it"},
        "retry_at": _moment("When it is tried again"),
        "waits_for": {"type": ["string", "null"], "description": "What it waits for, for people"},
        "result": {"type": ["object", "null"], "description": "As `anyfetch --json` prints it"},
        "error": {**_ERROR, "type": ["object", "null"]},
    },
    *("id", "reference", "state", "position", "priority", "bytes_stored", "created_at"),
    closed=False,
)

JOBS = record({"jobs": {"type": "array", "items": {"$ref": "#/components/schemas/Job"}}}, "jobs")
EVENT: Schema = {
    "allOf": [{"$ref": "#/components/schemas/Job"}],
    "properties": {"event": {"type": "string", "enum": ["present", *(kind.value for kind in EventKind)]}},
}
BLOCKS = record(
    {
        "block_size": {"type": "integer", "description": "Bytes of each but the last one; 0 where there are none"},
        "blocks": {
            "type": "array",
            "items": {"type": "integer", "enum": [state.value for state in BlockState]},
            "description": ", ".join(f"{state.value}: {state.name.lower()}" for state in BlockState),
        },
    },
    "block_size",
    "blocks",
)
STATUS = record(
    {
        "version": {"type": "string"},
        "jobs": record({state: {"type": "integer"} for state in _STATES}, *_STATES),
        "bytes_per_second": {"type": "integer"},
        "limit_rate": {"type": ["number", "null"]},
        "max_downloads": {"type": "integer"},
        "directory": {"type": "string"},
        "models": {"type": "string"},
        "space": {
            "type": "array",
            "items": record(
                {"root": {"type": "string"}, "free": {"type": "integer"}, "total": {"type": "integer"}},
                *("root", "free", "total"),
            ),
        },
    },
    *("version", "jobs", "bytes_per_second", "limit_rate", "max_downloads", "space"),
    closed=False,
)
MODELS = record({"models": {"type": "array", "items": {"type": "object"}}}, "models", closed=False)
PATHS = record(
    {
        "paths": {
            "type": "array",
            "items": text("As GET /models has it"),
            "minItems": 1,
            "maxItems": 1000,
            "description": "Of models that are here",
        }
    },
    "paths",
)
_CHECKED = record(
    {"path": {"type": "string"}, "condition": {"type": "string", "enum": [one.value for one in Condition]}},
    *("path", "condition"),
    closed=False,
)
VERIFIED = record({"models": {"type": "array", "items": _CHECKED}}, "models")
REMOVED = record(
    {
        "removed": {"type": "array", "items": {"type": "string"}, "description": "Files that are gone"},
        "bytes_freed": {"type": "integer"},
    },
    *("removed", "bytes_freed"),
)
RESOLVE = record(
    {
        "reference": _REFERENCE,
        "type": nullable(text("As of a job"), "string"),
        "directory": nullable(text("As of a job"), "string"),
    },
    "reference",
)
_LOCATED = record(
    {
        "name": {"type": "string"},
        "size": {"type": ["integer", "null"]},
        "destination": {"type": ["string", "null"], "description": "Where a job would put it"},
        "here": {"type": "array", "items": {"type": "string"}, "description": "Files that have its content"},
        "taken": {"type": "boolean", "description": "Whether something else is at the destination"},
        "free": {"type": ["integer", "null"], "description": "Free bytes there"},
        "job": {"type": ["string", "null"], "description": "The id of the job that goes there already"},
    },
    *("name", "size", "destination", "here", "taken", "free", "job"),
    closed=False,
)
RESOLVED = record({"files": {"type": "array", "items": _LOCATED}}, "files", closed=False)
WORKFLOW = record(
    {
        "workflow": {"type": "object"},
        "quick": {"type": "boolean", "description": "By names alone: no file is read, and no source asked for sizes"},
    },
    "workflow",
)
PLANNED = record({"models": {"type": "array", "items": {"type": "object"}}}, "models", closed=False)
FAILURE = record({"error": _ERROR}, "error")

SCHEMAS: dict[str, Schema] = {
    "Job": JOB,
    "Jobs": JOBS,
    "NewJobs": NEW_JOBS,
    "JobChanges": JOB_CHANGES,
    "Event": EVENT,
    "Blocks": BLOCKS,
    "Status": STATUS,
    "Settings": SETTINGS,
    "Models": MODELS,
    "Paths": PATHS,
    "Verified": VERIFIED,
    "Removed": REMOVED,
    "Resolve": RESOLVE,
    "Resolved": RESOLVED,
    "Workflow": WORKFLOW,
    "Planned": PLANNED,
    "Error": FAILURE,
}
