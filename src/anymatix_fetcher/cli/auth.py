"""``anyfetch auth`` and ``anyfetch login HOST``: which host would get which token, and keeping one in the keyring."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.layout import Command, Misuse
from anymatix_fetcher.cli.options import option
from anymatix_fetcher.core.urls import Url
from anymatix_fetcher.credentials import forget, main_host, store, system_keyring, tokens
from anymatix_fetcher.engine.facts import shown
from anymatix_fetcher.environment import environment
from anymatix_fetcher.sources.accounts import WITH_TOKENS
from anymatix_fetcher.sources.base import Secret

if TYPE_CHECKING:
    from anymatix_fetcher.cli.session import Session
    from anymatix_fetcher.core.urls import Origin
    from anymatix_fetcher.credentials import Credential, Tokens
    from anymatix_fetcher.sources.accounts import Account
    from anymatix_fetcher.sources.base import Environment

_AUTH_HELP = """\
Show which host would get which token, masked, and where it was found. Tokens go to these hosts only, never to where
they redirect, and never over plain http, but to this machine. Where an endpoint variable is set, the token goes there.

Other servers get what ~/.netrc holds for them, what -H gives, or what `anyfetch login HOST` has kept.
"""
_LOGIN_HELP = """\
Keep a token for a host in the system's keyring. It is asked for without being shown, or read from standard input.
"""


@click.command(
    "auth", cls=Command, help=_AUTH_HELP, sections={"Examples": ("anyfetch auth", "anyfetch auth models.example.com")}
)
@click.argument("hosts", metavar="[HOST]...", nargs=-1)
@option("What it tells", "--json", "as_json", is_flag=True, help="One JSON object per host on stdout instead.")
@click.pass_obj
def auth_command(session: Session, /, *, hosts: tuple[str, ...], as_json: bool) -> int:
    """Looks the tokens up and shows them masked."""
    surroundings, known = environment(), tokens()
    accounts = {account.main_host: account for account in WITH_TOKENS.values()}
    asked = [main_host(host, surroundings) for host in hosts] or list(accounts)
    width = max(map(len, asked))
    for host in asked:
        standing = _Standing(host, accounts.get(host), known, surroundings)
        session.out.write(f"{json.dumps(standing.as_object())}\n" if as_json else f"{host:<{width}}  {standing}\n")
    session.out.flush()
    return 0


@dataclass(frozen=True, slots=True)
class _Standing:
    """How it stands with the token for a host.

    Args:
        host: Under which it is kept.
        account: The service whose main host it is; ``None`` for any other server.
        known: The tokens that are there.
        surroundings: What stands in for services.
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
        """Where the service is asked."""
        return self.surroundings.asked(self.account) if self.account else (Url.parse(f"https://{self.host}").origin,)

    @property
    def receivers(self) -> tuple[str, ...]:
        """Who gets the token: hosts, and origins where these aren't https."""
        return tuple(str(origin).removeprefix("https://") for origin in self.origins if origin.is_confidential)

    @property
    def withheld_from(self) -> tuple[str, ...]:
        """Who would get it in plain http, and doesn't."""
        return tuple(str(origin) for origin in self.origins if not origin.is_confidential)

    @property
    def endpoints(self) -> dict[str, str]:
        """The variables that are set and say where the service is asked instead."""
        account = self.account
        names = (*account.endpoint_variables, *account.api_endpoint_variables) if account else ()
        return {name: shown(os.environ[name].strip()) for name in names if os.environ.get(name, "").strip()}

    @property
    def login_found_in(self) -> str | None:
        """Where a user and a password for the host stand, which are sent where there is no token."""
        logins = self.surroundings.logins
        return logins.place if logins.of(self.host.partition(":")[0]) is not None else None

    @property
    def destination(self) -> str:
        """Where the token goes, as the end of a sentence."""
        goes = f"goes to {', '.join(self.receivers)} only" if self.receivers else ""
        withheld = f"isn't sent to {', '.join(self.withheld_from)}: that is plain http" if self.withheld_from else ""
        return ", and ".join(filter(None, (goes, withheld)))

    def as_object(self) -> dict[str, object]:
        """The JSON form."""
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


@click.command(
    "login",
    cls=Command,
    help=_LOGIN_HELP,
    sections={"Examples": ("anyfetch login civitai.com", "anyfetch login huggingface.co < token.txt")},
)
@click.argument("host", metavar="HOST")
@option("What", "--forget", "forgets", is_flag=True, help="Take the host's token out of the keyring instead.")
@click.pass_obj
def login_command(session: Session, /, *, host: str, forgets: bool) -> int:
    """Keeps a token, or forgets it."""
    surroundings, keyring = environment(), system_keyring()
    name = main_host(host, surroundings)
    if forgets:
        was_there = forget(name, keyring)
        session.complain(
            f"{name}: the token is forgotten" if was_there else f"{name}: there was no token in the keyring"
        )
        return 0
    text = (
        click.prompt(f"Token for {name}", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.read()
    ).strip()
    if not text or any(character.isspace() for character in text):
        raise Misuse("that is no token", "a token is one word; it is made on the service's settings page")
    session.secrets = (*session.secrets, text)
    store(name, Secret(text), keyring)
    account = next((one for one in WITH_TOKENS.values() if one.main_host == name), None)
    standing = _Standing(name, account, tokens(), surroundings)
    session.complain(f"{name}: the token is in the keyring, and {standing.destination}")
    return 0
