"""``anyfetch auth`` and ``anyfetch login HOST``: which host would get which token, and keeping one in the keyring."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.layout import Command, Misuse
from anymatix_fetcher.cli.options import option
from anymatix_fetcher.credentials import HOSTS, VARIABLES, forget, main_host, store, system_keyring, tokens
from anymatix_fetcher.sources.base import Secret

if TYPE_CHECKING:
    from anymatix_fetcher.cli.session import Session

_AUTH_HELP = """\
Show which host would get which token, masked, and where it was found. Tokens go to these hosts only, never to where
they redirect, and never over plain http.

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
    known = tokens()
    services = {hosts_of[0]: service for service, hosts_of in HOSTS.items()}
    asked = [main_host(host) for host in hosts] or list(services)
    width = max(map(len, asked))
    for host in asked:
        service = services.get(host, f"https://{host}")
        credential = known.credential(service)
        variables = VARIABLES.get(service, ())
        if as_json:
            found = {
                "host": host,
                "hosts": list(HOSTS.get(service, (host,))),
                "token": credential.masked if credential else None,
                "found_in": credential.found_in if credential else None,
                "variables": list(variables),
            }
            session.out.write(json.dumps(found) + "\n")
        elif credential is not None:
            session.out.write(f"{host:<{width}}  {credential.masked}  from {credential.found_in}\n")
        else:
            hint = f"set {variables[0]}, or run" if variables else "run"
            session.out.write(f"{host:<{width}}  no token: {hint} anyfetch login {host}\n")
    session.out.flush()
    return 0


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
    name, keyring = main_host(host), system_keyring()
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
    session.complain(f"{name}: the token is in the keyring, and goes to {', '.join(_receivers(name))} only")
    return 0


def _receivers(host: str) -> tuple[str, ...]:
    return next((hosts for hosts in HOSTS.values() if hosts[0] == host), (host,))
