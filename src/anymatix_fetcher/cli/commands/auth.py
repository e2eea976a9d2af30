"""``anyfetch auth`` and ``anyfetch login HOST``: which host would get which token, and keeping one in the keyring."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.display.help_layout import Command, Misuse
from anymatix_fetcher.cli.options.network import option
from anymatix_fetcher.sources.accounts import WITH_TOKENS
from anymatix_fetcher.sources.base import Secret
from anymatix_fetcher.verbs.checkup.tokens import HostToken
from anymatix_fetcher.wiring.credentials import forget, main_host, needed, store, system_keyring, tokens
from anymatix_fetcher.wiring.environment import environment

if TYPE_CHECKING:
    from anymatix_fetcher.cli.session import Invocation

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
def auth_command(session: Invocation, /, *, hosts: tuple[str, ...], as_json: bool) -> int:
    """Looks the tokens up and shows them masked."""
    surroundings, known = environment(), tokens()
    accounts = {account.main_host: account for account in WITH_TOKENS.values()}
    asked = [main_host(host, surroundings) for host in hosts] or list(accounts)
    width = max(map(len, asked))
    for host in asked:
        standing = HostToken(host, accounts.get(host), known, surroundings)
        session.out.write(f"{json.dumps(standing.as_object())}\n" if as_json else f"{host:<{width}}  {standing}\n")
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
def login_command(session: Invocation, /, *, host: str, forgets: bool) -> int:
    """Keeps a token, or forgets it."""
    surroundings, keyring = environment(), needed(system_keyring())
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
    standing = HostToken(name, account, tokens(), surroundings)
    session.complain(f"{name}: the token is in the keyring, and {standing.destination}")
    return 0
