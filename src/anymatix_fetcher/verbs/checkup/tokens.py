"""The token that each host would get, and where it was found."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.credentials import bearer_authorization
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.engine.facts import shown
from anymatix_fetcher.sources.accounts import WITH_TOKENS
from anymatix_fetcher.verbs.checkup.finding import note, ok, problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anymatix_fetcher.core.values.urls import Origin
    from anymatix_fetcher.sources.accounts import Account
    from anymatix_fetcher.sources.base import Environment
    from anymatix_fetcher.verbs.checkup.finding import Finding
    from anymatix_fetcher.wiring.credentials import Credential, Tokens
    from anymatix_fetcher.wiring.netrc_file import NetrcFile


@dataclass(frozen=True, slots=True)
class HostToken:
    """The token for a host.

    Args:
        host: The host that the token is stored under.
        account: The service with this main host; ``None`` for any other server.
        known: The available tokens.
        surroundings: The endpoints that replace services.
    """

    host: str
    account: Account | None
    known: Tokens
    surroundings: Environment

    @property
    def credential(self) -> Credential | None:
        """The token, and where it was found."""
        return self.known.credential(self.account.name if self.account else f"https://{self.host}")

    @property
    def origins(self) -> tuple[Origin, ...]:
        """The origins at which the service is reached."""
        return self.surroundings.asked(self.account) if self.account else (Url.parse(f"https://{self.host}").origin,)

    @property
    def receivers(self) -> tuple[str, ...]:
        """The recipients of the token: hosts, or origins if these don't use https."""
        return tuple(str(origin).removeprefix("https://") for origin in self.origins if origin.is_confidential)

    @property
    def withheld_from(self) -> tuple[str, ...]:
        """The origins that don't get the token because they use plain http."""
        return tuple(str(origin) for origin in self.origins if not origin.is_confidential)

    @property
    def endpoints(self) -> dict[str, str]:
        """The variables that are set and replace the service's endpoint."""
        account = self.account
        names = (*account.endpoint_variables, *account.api_endpoint_variables) if account else ()
        return {name: shown(os.environ[name].strip()) for name in names if os.environ.get(name, "").strip()}

    @property
    def login_found_in(self) -> str | None:
        """Where a user and a password for the host were found, which are sent if there is no token."""
        logins = self.surroundings.logins
        return logins.place if logins.of(self.host.partition(":")[0]) is not None else None

    @property
    def destination(self) -> str:
        """Where the token is sent, as the end of a sentence."""
        goes = f"is sent to {', '.join(self.receivers)} only" if self.receivers else ""
        withheld = f"isn't sent to {', '.join(self.withheld_from)}, which uses plain http" if self.withheld_from else ""
        return ", and ".join(filter(None, (goes, withheld)))

    def as_object(self) -> dict[str, object]:
        """The token's facts as a JSON object."""
        return {
            "host": self.host,
            "hosts": list(self.receivers),
            "withheld_from": list(self.withheld_from),
            "endpoints": self.endpoints,
            "token": self.credential.masked if self.credential else None,
            "found_in": self.credential.found_in if self.credential else None,
            "login_found_in": self.login_found_in,
            "variables": list(self.account.token_variables if self.account else ()),
        }

    def __str__(self) -> str:
        if self.credential is None and self.login_found_in:
            return f"a user and a password from {self.login_found_in}"
        if self.credential is None:
            variables = self.account.token_variables if self.account else ()
            return f"no token: {f'set {variables[0]}, or run' if variables else 'run'} anyfetch login {self.host}"
        found = f"{self.credential.masked}  from {self.credential.found_in}"
        return f"{found}, {self.destination} ({', '.join(self.endpoints)})" if self.endpoints else found


def examine_tokens(known: Tokens, surroundings: Environment) -> Iterator[Finding]:
    """The token for each service, masked."""
    for account in WITH_TOKENS.values():
        yield _examine_token(HostToken(account.main_host, account, known, surroundings))


def examine_logins(logins: NetrcFile) -> Iterator[Finding]:
    """The problem with the netrc file, if there is one."""
    if logins.trouble:
        yield note(
            "logins",
            f"{logins.place} {logins.trouble}",
            "Its lines have the form: machine HOST login USER password WORD.",
        )


def _examine_token(one: HostToken) -> Finding:
    name, credential = f"token {one.host}", one.credential
    if credential is None:
        if one.login_found_in:
            return ok(name, f"none, but a user and a password from {one.login_found_in}")
        variable = one.account.token_variables[0] if one.account else ""
        return note(
            name, "none: downloads that need one will be refused", f"Set {variable}, or run anyfetch login {one.host}."
        )
    try:
        bearer_authorization(credential.token.reveal())
    except ValueError as error:
        return problem(name, f"{credential.found_in}: {error}", "Copy it again from the service's settings page.")
    text = f"{credential.masked} from {credential.found_in}, {one.destination}"
    if one.withheld_from:
        return note(name, text, f"Give {' or '.join(one.endpoints) or 'it'} an https address.")
    return ok(name, text)
