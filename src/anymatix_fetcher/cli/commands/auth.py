"""``anyfetch auth`` and ``anyfetch login HOST``: shows which token each host would get, and stores tokens."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from anymatix_fetcher.cli.display.help_layout import Command, Misuse
from anymatix_fetcher.cli.options.network import option
from anymatix_fetcher.cli.options.output import json_option
from anymatix_fetcher.sources.accounts import WITH_TOKENS
from anymatix_fetcher.sources.base import Secret
from anymatix_fetcher.verbs.checkup.tokens import HostToken
from anymatix_fetcher.wiring.credentials import forget, main_host, needed, store, system_keyring, tokens
from anymatix_fetcher.wiring.environment import environment

if TYPE_CHECKING:
    from anymatix_fetcher.cli.session import Invocation

_AUTH_HELP = """\
Show which token each host would get, masked, and where it was found. A token is sent only to its host, never to a
redirect target, and never over plain http except to this machine. If an endpoint variable is set, its host gets the
service's token.

Other servers get the credentials from ~/.netrc, from -H, or from `anyfetch login HOST`.
"""
_LOGIN_HELP = """\
Store a token for a host in the system's keyring. It is read from the terminal without echo, or from standard input.
"""


@click.command(
    "auth", cls=Command, help=_AUTH_HELP, sections={"Examples": ("anyfetch auth", "anyfetch auth models.example.com")}
)
@click.argument("hosts", metavar="[HOST]...", nargs=-1)
@json_option("host")
@click.pass_obj
def auth_command(session: Invocation, /, *, hosts: tuple[str, ...], as_json: bool) -> int:
    """Shows the tokens, masked."""
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
@option("What", "--forget", "forgets", is_flag=True, help="Remove the host's token from the keyring.")
@click.pass_obj
def login_command(session: Invocation, /, *, host: str, forgets: bool) -> int:
    """Stores a token, or removes it."""
    surroundings, keyring = environment(), needed(system_keyring())
    name = main_host(host, surroundings)
    if forgets:
        was_there = forget(name, keyring)
        session.complain(
            f"{name}: the token was removed" if was_there else f"{name}: the keyring holds no token for it"
        )
        return 0
    text = (
        click.prompt(f"Token for {name}", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.read()
    ).strip()
    if not text or any(character.isspace() for character in text):
        raise Misuse(
            "this is not a token", "A token is one word without spaces. Create one on the service's settings page."
        )
    session.hide([text])
    store(name, Secret(text), keyring)
    account = next((one for one in WITH_TOKENS.values() if one.main_host == name), None)
    standing = HostToken(name, account, tokens(), surroundings)
    session.complain(f"{name}: the token is in the keyring, and {standing.destination}")
    return 0
