"""JSON Schemas of the API's requests and responses."""

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
    """The schema, with ``null`` allowed."""
    return {**schema, "type": [kind, "null"]}


def record(properties: dict[str, Schema], *required: str, closed: bool = True) -> Schema:
    """An object; a closed one has no further fields."""
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
    "Its position among the jobs that haven't ended; 0 is next. A move may change the priority to fit",
    minimum=0,
    maximum=_LARGEST,
)
_PRIORITY = _number("Jobs of higher priority start first", minimum=-_LARGEST, maximum=_LARGEST)
_ERROR = record(
    {
        "kind": {"type": "string"},
        "message": {"type": "string"},
        "hint": {"type": "string", "description": "What the user can do about it; may be empty"},
    },
    "kind",
    "message",
    "hint",
    closed=False,
)
_PUBLIC_ONLY: Schema = {
    "type": "boolean",
    "description": "Whether a reference that names no known service may lead to public addresses only",
}

NEW_JOBS = record(
    {
        "references": {"type": "array", "items": _REFERENCE, "minItems": 1, "maxItems": MOST_REFERENCES},
        "type": nullable(text("The model type, such as lora or vae, which selects the folder"), "string"),
        "directory": nullable(text("The folder, absolute or relative to the server's folder"), "string"),
        "output": nullable(text("The file name, for a single reference"), "string"),
        "naming": {"type": ["string", "null"], "enum": [*(naming.value for naming in Naming), None]},
        "digests": {
            "type": ["array", "null"],
            "items": text("ALGORITHM:HEX", most=200),
            "maxItems": 16,
            "description": "The expected digests, for a single reference",
        },
        "mirrors": {
            "type": ["array", "null"],
            "items": _REFERENCE,
            "maxItems": 64,
            "description": "URLs of the same file on other servers, for a single reference",
        },
        "priority": _PRIORITY,
        "paused": {"type": "boolean", "description": "Whether the job is paused at first"},
        "connections": {
            "type": ["integer", "null"],
            "minimum": 1,
            "maximum": 256,
            "description": "null adapts the number",
        },
        "auth": nullable(text("Parameters added to the query of the references' URLs; never stored"), "string"),
        "author": {
            "type": "string",
            "enum": [author.value for author in Author],
            "description": "Whether the references were written by the user or come from a file, such as a workflow",
        },
        "public_only": _PUBLIC_ONLY,
    },
    "references",
)

JOB_CHANGES = record(
    {
        "state": {"type": "string", "enum": [JobState.PAUSED.value, JobState.QUEUED.value]},
        "priority": _PRIORITY,
        "position": _POSITION,
        "reference": {**_REFERENCE, "description": "Another URL of the same file; the partial file is continued"},
    }
)

SETTINGS = record(
    {
        "limit_rate": {
            "type": ["number", "null"],
            "exclusiveMinimum": 0,
            "maximum": 1e15,
            "description": "Bytes per second for all jobs together; null for no limit",
        },
        "max_downloads": _number("The number of jobs that run at a time", minimum=1, maximum=1000),
        "rpc_always_active": {
            "type": "boolean",
            "description": "Whether aria2's RPC reports a waiting job as active, for ComfyUI-Manager",
        },
    }
)

JOB = record(
    {
        "id": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
        "reference": {"type": "string", "description": "The reference without secrets"},
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
        "created_at": _moment("When the job was added"),
        "started_at": _moment("When the job last became active"),
        "ended_at": _moment("When the job ended"),
        "attempts": {"type": "integer", "description": "The number of failures since the user last requested the job"},
        "retry_at": _moment("The time of the next try"),
        "waits_for": {"type": ["string", "null"], "description": "What the job waits for, as text for the user"},
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
        "block_size": {
            "type": "integer",
            "description": "The length of each block but the last, in bytes; 0 if the file's length is unknown",
        },
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
            "items": text("The path as listed by GET /models"),
            "minItems": 1,
            "maxItems": 1000,
            "description": "Paths of listed models",
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
        "removed": {"type": "array", "items": {"type": "string"}, "description": "The removed files"},
        "bytes_freed": {"type": "integer"},
    },
    *("removed", "bytes_freed"),
)
RESOLVE = record(
    {
        "reference": _REFERENCE,
        "type": nullable(text("As for a job"), "string"),
        "directory": nullable(text("As for a job"), "string"),
        "public_only": _PUBLIC_ONLY,
    },
    "reference",
)
_LOCATED = record(
    {
        "name": {"type": "string"},
        "size": {"type": ["integer", "null"]},
        "destination": {"type": ["string", "null"], "description": "The destination that a job would choose"},
        "here": {"type": "array", "items": {"type": "string"}, "description": "Existing files with the same content"},
        "taken": {"type": "boolean", "description": "Whether another file exists at the destination"},
        "free": {"type": ["integer", "null"], "description": "Free space at the destination, in bytes"},
        "job": {"type": ["string", "null"], "description": "The id of a job with the same destination"},
    },
    *("name", "size", "destination", "here", "taken", "free", "job"),
    closed=False,
)
RESOLVED = record({"files": {"type": "array", "items": _LOCATED}}, "files", closed=False)
WORKFLOW = record(
    {
        "workflow": {"type": "object"},
        "quick": {
            "type": "boolean",
            "description": "Compare names only: no file is hashed, and no source is asked for sizes",
        },
        "public_only": _PUBLIC_ONLY,
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
