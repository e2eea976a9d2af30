"""Executes RPC requests: checks the secret and runs methods, ``system.multicall`` and batches.

It is independent of the connection; see ``endpoint``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.engine.failing import error_for
from anymatix_fetcher.queue.jobs import UnknownJobError
from anymatix_fetcher.serve.aria2.arguments import Arguments
from anymatix_fetcher.serve.aria2.messages import UNAUTHORIZED, FaultCode, RpcFault, write_answer
from anymatix_fetcher.serve.aria2.methods import METHODS, MULTICALL, OPEN_METHODS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anymatix_fetcher.serve.aria2.desk import Desk
    from anymatix_fetcher.serve.aria2.messages import RpcAnswer, RpcCall, RpcRequest

_TOKEN = "token:"  # noqa: S105 - the prefix of the secret's parameter
MOST_CALLS = 2000
"""A message with more calls is refused: some need no secret, and their responses are much longer than the calls."""


class Aria2Interface:
    """Executes requests; may be called from any thread.

    Args:
        desk: The queue as the methods see it.
        knows_secret: Whether a secret, or its absence, admits a call.
    """

    def __init__(self, desk: Desk, knows_secret: Callable[[str | None], bool]) -> None:
        self.desk = desk
        self._knows_secret = knows_secret

    def answer(self, request: RpcRequest) -> RpcAnswer:
        """Executes the calls of a request in order."""
        if len(request.calls) > MOST_CALLS:
            fault = RpcFault("Invalid Request.", FaultCode.INVALID_REQUEST)
            return write_answer(request, [fault] * len(request.calls), 0)
        return _Turn(self.desk, self._knows_secret).answer(request)


class _Turn:
    """The execution of one request."""

    def __init__(self, desk: Desk, knows_secret: Callable[[str | None], bool]) -> None:
        self._desk = desk
        self._knows_secret = knows_secret
        self._wrong = set[str]()
        self._calls = 0

    def answer(self, request: RpcRequest) -> RpcAnswer:
        outcomes = [self._outcome(call) for call in request.calls]
        return write_answer(request, outcomes, len(self._wrong))

    def _outcome(self, call: RpcCall) -> object:
        """The result of a call, or its fault."""
        return call.fault if call.fault is not None else self._outcome_of(call.method, call.params)

    def _outcome_of(self, name: str, params: Sequence[object]) -> object:
        try:
            return self._carry_out(name, params)
        except RpcFault as fault:
            return fault
        except UnknownJobError:
            return RpcFault("the download was removed: its GID is not found")
        except Exception as raised:  # noqa: BLE001 - the other calls still get their responses
            error = error_for(raised, name[:80])
            return RpcFault(". ".join(filter(None, (error.message.rstrip("."), error.hint))))

    def _carry_out(self, name: str, params: Sequence[object]) -> object:
        token = params[0] if params and isinstance(params[0], str) and params[0].startswith(_TOKEN) else None
        arguments = Arguments(params if token is None else params[1:])
        if name == MULTICALL:
            return [self._entry(entry) for entry in self._entries(arguments)]
        method = OPEN_METHODS.get(name)
        if method is None:
            self._let_in(token)
            method = METHODS.get(name)
        if method is None:
            raise RpcFault(f"No such method: {name[:80]}")
        return method(self._desk, arguments)

    def _let_in(self, token: str | None) -> None:
        """Checks the secret.

        Raises:
            RpcFault: The secret is missing or wrong.
        """
        secret = None if token is None else token.removeprefix(_TOKEN)
        if not self._knows_secret(secret):
            if secret is not None:
                self._wrong.add(secret)
            raise RpcFault(UNAUTHORIZED)

    def _entries(self, arguments: Arguments) -> Sequence[object]:
        entries = arguments.entries(0)
        self._calls += len(entries)
        if self._calls > MOST_CALLS:
            raise RpcFault(f"More than {MOST_CALLS} calls in one message")
        return entries

    def _entry(self, entry: object) -> object:
        """The outcome of one entry of a multicall: its result in a list, or an error object."""
        match entry:
            case {"methodName": "system.multicall"}:
                return RpcFault("Recursive system.multicall forbidden.").as_object()
            case {"methodName": str() as name, **others}:
                params = others.get("params")
                outcome = self._outcome_of(name, params if isinstance(params, list) else [])
                return outcome.as_object() if isinstance(outcome, RpcFault) else [outcome]
            case dict():
                return RpcFault("Missing methodName.").as_object()
            case _:
                return RpcFault("system.multicall expected struct.").as_object()
