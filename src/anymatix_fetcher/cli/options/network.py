"""Options that several commands have, declared once."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import click

from anymatix_fetcher.cli.display.help_layout import Misuse, Option
from anymatix_fetcher.cli.options.parameters import (
    Parsed,
    parse_connections,
    parse_headers,
    parse_proxy,
    parse_quantity,
)
from anymatix_fetcher.cli.redaction import secrets_in, secrets_in_field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from anymatix_fetcher.cli.session import Invocation
    from anymatix_fetcher.engine.settings import Options

INSECURE = "warning: certificates aren't checked: anybody on the way can read and change what is sent"


class NetworkKeywords(TypedDict):
    """What the library calls the fields of :class:`Network`."""

    headers: tuple[tuple[str, str], ...]
    proxy: str | None
    ca_file: Path | None
    verify_tls: bool


@dataclass(frozen=True, slots=True)
class Network:
    """How to get there, as the user said."""

    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    proxy: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    verify_tls: bool = True

    def keywords(self) -> NetworkKeywords:
        """The same as keywords of the library's calls."""
        return {
            "headers": self.headers,
            "proxy": self.proxy,
            "ca_file": self.ca_file,
            "verify_tls": self.verify_tls,
        }

    def secrets(self, references: Iterable[str]) -> tuple[str, ...]:
        """What must not be printed: headers' values, what is secret in addresses, and the environment's tokens."""
        from anymatix_fetcher.transports.proxies import PROXY_VARIABLES  # noqa: PLC0415 - as above
        from anymatix_fetcher.wiring.credentials import tokens_at_hand  # noqa: PLC0415 - help needn't wait for it

        fields = (secret for name, value in self.headers for secret in secrets_in_field(name, value))
        proxies = (self.proxy or "", *(os.environ.get(name, "") for name in PROXY_VARIABLES))
        addresses = [*references, *(text if "://" in text else f"http://{text}" for text in proxies)]
        found = (secret for address in addresses for secret in secrets_in(address))
        return tuple(dict.fromkeys((*fields, *found, *tokens_at_hand())))

    def refuse_headers(self, what: str) -> None:
        """Refuses header fields where ``what``, a file that other people may have written, names the hosts.

        Raises:
            Misuse: There are some.
        """
        if self.headers:
            raise Misuse(
                f"-H can't be used here: {what} names the hosts that it would be sent to",
                "tokens of the services come from their variables, others from ~/.netrc or anyfetch login HOST",
            )

    def warn(self, session: Invocation) -> None:
        """Says so where certificates aren't checked."""
        if not self.verify_tls:
            session.complain(INSECURE)


def option(group: str, *names: str, **settings: object) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """An option in a group of the help; otherwise as ``click.option``."""
    return click.option(*names, cls=Option, group=group, **settings)


def network_options(command: Callable[..., int]) -> Callable[..., int]:
    """Gives ``command`` the options for getting there, and their values as one argument ``network``."""

    @wraps(command)
    def with_network(
        *arguments: object,
        headers: tuple[tuple[tuple[str, str], ...], ...],
        proxy: str | None,
        cacert: Path | None,
        insecure: bool,
        **others: object,
    ) -> int:
        network = Network(headers=sum(headers, ()), proxy=proxy, ca_file=cacert, verify_tls=not insecure)
        return command(*arguments, network=network, **others)

    declared: Callable[..., int] = with_network
    for declare in reversed(_NETWORK_OPTIONS):
        declared = declare(declared)
    return declared


_FAST = "How fast"
_TOLD = "What it tells"
_GROUP = "How to get there"
_NETWORK_OPTIONS = (
    option(
        _GROUP,
        "-H",
        "--header",
        "headers",
        type=Parsed("HEADER", parse_headers),
        metavar="'NAME: VALUE'|@FILE",
        multiple=True,
        help="Sent to the reference's own server, never to where that redirects; @FILE has one a line; repeatable.",
    ),
    option(
        _GROUP,
        "--proxy",
        type=Parsed("URL", parse_proxy),
        metavar="URL",
        help="http, https, socks5 or socks5h; '' for none, whatever the environment says.",
    ),
    option(
        _GROUP,
        "--cacert",
        type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
        metavar="FILE",
        help="Certificates (PEM) to trust instead of the system's.",
    ),
    option(_GROUP, "--insecure", is_flag=True, help="Don't check certificates."),
)


def connections_option(group: str, help_text: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """``-c`` in a group of the help, with a text of its own."""
    return option(
        group,
        "-c",
        "--connections",
        type=Parsed("N|auto", parse_connections, ("auto", "1", "4", "8", "16")),
        metavar="N|auto",
        default="auto",
        help=help_text,
    )


def speed_options(command: Callable[..., int]) -> Callable[..., int]:
    """Gives ``command``, a verb that downloads besides other things, how fast as one argument ``speed``."""

    @wraps(command)
    def with_speed(*arguments: object, connections: int | str, limit_rate: int | None, **others: object) -> int:
        speed: Options = {
            "connections": connections if isinstance(connections, int) else None,
            "limit_rate": limit_rate,
        }
        return command(*arguments, speed=speed, **others)

    connections = connections_option(_FAST, "Connections at a time to each host. [default: auto]")
    limit_rate = option(
        _FAST, "--limit-rate", type=Parsed("RATE", parse_quantity), metavar="RATE", help="Bytes a second in sum."
    )
    return connections(limit_rate(with_speed))


def telling_options(
    unit: str, quiet: str = "Only the paths on stdout, and errors."
) -> Callable[..., Callable[..., int]]:
    """Gives a verb that downloads besides other things what it tells; ``unit`` is what a line of JSON is about."""
    declared = (
        option(
            _TOLD,
            "--progress",
            type=click.Choice(("auto", "bar", "json", "none")),
            default="auto",
            help="As for downloads.",
        ),
        option(_TOLD, "--json", "as_json", is_flag=True, help=f"One JSON object per {unit} on stdout instead."),
        option(_TOLD, "-q", "--quiet", is_flag=True, help=quiet),
    )

    def declare_all(command: Callable[..., int]) -> Callable[..., int]:
        for declare in reversed(declared):
            command = declare(command)
        return command

    return declare_all
