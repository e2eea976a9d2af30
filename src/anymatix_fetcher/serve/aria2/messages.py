"""Parses and writes JSON-RPC 2.0 messages in aria2's variant.

aria2 differs from the standard: a request without ``id`` is invalid, parameters are positional only, and an error has
an
HTTP status of 4xx or 5xx, except within a batch.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from enum import IntEnum
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MEDIA_TYPE = "application/json-rpc"


class FaultCode(IntEnum):
    """Error codes: those of JSON-RPC 2.0, section 5.1, and aria2's code for all other errors."""

    PARSE_ERROR = -32700
    INVALID_PARAMS = -32602
    INVALID_REQUEST = -32600
    REFUSED = 1


class RpcFault(Exception):  # noqa: N818 - "fault" is RPC's word
    """A failed call.

    Args:
        message: The reason; in aria2's words where clients compare them.
        code: The error code.
    """

    def __init__(self, message: str, code: FaultCode = FaultCode.REFUSED) -> None:
        super().__init__(message)
        self.message = message
        self.code = code

    def as_object(self) -> dict[str, object]:
        """The JSON-RPC error object."""
        return {"code": int(self.code), "message": self.message}


UNAUTHORIZED = "Unauthorized"
"""Clients compare this text."""

_STATUSES = {
    FaultCode.PARSE_ERROR: HTTPStatus.INTERNAL_SERVER_ERROR,
    FaultCode.INVALID_PARAMS: HTTPStatus.INTERNAL_SERVER_ERROR,
    FaultCode.INVALID_REQUEST: HTTPStatus.BAD_REQUEST,
    FaultCode.REFUSED: HTTPStatus.BAD_REQUEST,
}


@dataclass(frozen=True, slots=True)
class RpcCall:
    """One call.

    Args:
        identity: The ``id``, which the response repeats.
        method: The method's name.
        params: The positional parameters.
        fault: Why the call is invalid; ``None`` if it is valid.
    """

    identity: object
    method: str = ""
    params: tuple[object, ...] = ()
    fault: RpcFault | None = None


@dataclass(frozen=True, slots=True)
class RpcRequest:
    """The calls of one message.

    Args:
        calls: The calls, in order.
        is_batch: Whether they came as a list, so that the response is one.
    """

    calls: tuple[RpcCall, ...]
    is_batch: bool = False


@dataclass(frozen=True, slots=True)
class RpcAnswer:
    """The response to a message.

    Args:
        text: The JSON text.
        status: The HTTP status, for responses over HTTP.
        guesses: The number of wrong secrets in the calls.
    """

    text: str
    status: HTTPStatus = HTTPStatus.OK
    guesses: int = 0


def parse_request(text: str | bytes) -> RpcRequest:
    """The calls of a message; an invalid message is a single call with a fault."""
    try:
        return _request(json.loads(text))
    except (ValueError, RecursionError):
        return _faulty(RpcFault("Parse error.", FaultCode.PARSE_ERROR))


def parse_query(query: Mapping[str, str]) -> RpcRequest:
    """The calls of a GET: ``method``, ``id`` and Base64-encoded ``params``, or only ``params`` for a batch."""
    try:
        params = json.loads(base64.b64decode(query["params"], validate=True)) if "params" in query else None
    except (ValueError, RecursionError, binascii.Error):
        return _faulty(RpcFault("Invalid Request.", FaultCode.INVALID_REQUEST))
    if isinstance(params, list) and "method" not in query and "id" not in query:
        return _request(params)
    named: dict[str, object] = {name: query[name] for name in ("method", "id") if name in query}
    return RpcRequest((_call(named if params is None else {**named, "params": params}),))


def _request(message: object) -> RpcRequest:
    match message:
        case dict():
            return RpcRequest((_call(message),))
        case list():
            return RpcRequest(tuple(_call(entry) for entry in message if isinstance(entry, dict)), is_batch=True)
        case _:
            return _faulty(RpcFault("Parse error.", FaultCode.PARSE_ERROR))


def _call(message: Mapping[str, object]) -> RpcCall:
    match message:
        case {"id": identity, "method": str() as method, **others}:
            params = others.get("params", [])
            if isinstance(params, list):
                return RpcCall(identity, method, tuple(params))
            return RpcCall(identity, fault=RpcFault("Invalid params.", FaultCode.INVALID_PARAMS))
        case _:
            return RpcCall(message.get("id"), fault=RpcFault("Invalid Request.", FaultCode.INVALID_REQUEST))


def _faulty(fault: RpcFault) -> RpcRequest:
    return RpcRequest((RpcCall(None, fault=fault),))


def write_answer(request: RpcRequest, outcomes: Sequence[object], guesses: int) -> RpcAnswer:
    """The response to a request.

    Args:
        request: The request.
        outcomes: For each call its result or an :class:`RpcFault`.
        guesses: The number of wrong secrets in the calls.
    """
    answers = [_answer(call, outcome) for call, outcome in zip(request.calls, outcomes, strict=True)]
    if request.is_batch:
        return RpcAnswer(_written(answers), guesses=guesses)
    status = _STATUSES[outcomes[0].code] if isinstance(outcomes[0], RpcFault) else HTTPStatus.OK
    return RpcAnswer(_written(answers[0]), status, guesses)


def _answer(call: RpcCall, outcome: object) -> dict[str, object]:
    head: dict[str, object] = {"id": call.identity, "jsonrpc": "2.0"}
    return head | ({"error": outcome.as_object()} if isinstance(outcome, RpcFault) else {"result": outcome})


def write_notification(method: str, gid: str) -> str:
    """The notification of an event of a download."""
    return _written({"jsonrpc": "2.0", "method": method, "params": [{"gid": gid}]})


def _written(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
