"""Network options, which many commands share."""

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
    parse_peer,
    parse_proxy,
    parse_quantity,
)
from anymatix_fetcher.cli.redaction import secrets_in, secrets_in_field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from anymatix_fetcher.cli.session import Invocation
    from anymatix_fetcher.engine.settings import Options

INSECURE = "warning: certificates aren't checked: others on the network path can read and change the traffic"


class NetworkKeywords(TypedDict):
    """The fields of :class:`Network` under the library's names."""

    headers: tuple[tuple[str, str], ...]
    proxy: str | None
    ca_file: Path | None
    verify_tls: bool


@dataclass(frozen=True, slots=True)
class Network:
    """The values of the network options."""

    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    proxy: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    verify_tls: bool = True

    def keywords(self) -> NetworkKeywords:
        """The values as keyword arguments of the library's functions."""
        return {
            "headers": self.headers,
            "proxy": self.proxy,
            "ca_file": self.ca_file,
            "verify_tls": self.verify_tls,
        }

    def secrets(self, references: Iterable[str]) -> tuple[str, ...]:
        """The strings that must not be printed: header values, secrets in URLs, and tokens from the environment."""
        from anymatix_fetcher.transports.proxies import PROXY_VARIABLES  # noqa: PLC0415 - as above
        from anymatix_fetcher.wiring.credentials import tokens_at_hand  # noqa: PLC0415 - help needn't wait for it

        fields = (secret for name, value in self.headers for secret in secrets_in_field(name, value))
        proxies = (self.proxy or "", *(os.environ.get(name, "") for name in PROXY_VARIABLES))
        addresses = [*references, *(text if "://" in text else f"http://{text}" for text in proxies)]
        found = (secret for address in addresses for secret in secrets_in(address))
        return tuple(dict.fromkeys((*fields, *found, *tokens_at_hand())))

    def refuse_headers(self, what: str) -> None:
        """Refuses header fields if ``what``, a file that others may have written, names the hosts.

        Raises:
            Misuse: Header fields are given.
        """
        if self.headers:
            raise Misuse(
                f"-H can't be used here: {what} names the hosts that the fields would be sent to",
                "Services' tokens are read from their variables; store others in ~/.netrc or by `anyfetch login HOST`.",
            )

    def prepare(self, session: Invocation, references: Iterable[str] = ()) -> None:
        """Hides the secrets of this invocation and of ``references``, and warns if certificates aren't checked."""
        session.hide(self.secrets(references))
        self.warn(session)

    def warn(self, session: Invocation) -> None:
        """Warns if certificates aren't checked."""
        if not self.verify_tls:
            session.complain(INSECURE)


def option(group: str, *names: str, **settings: object) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """An option in a group of the help text; otherwise like ``click.option``."""
    return click.option(*names, cls=Option, group=group, **settings)


def network_options(command: Callable[..., int]) -> Callable[..., int]:
    """Adds the network options to ``command``, and passes their values as one argument ``network``."""

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


_FAST = "Transfer"
_GROUP = "Network"
_NETWORK_OPTIONS = (
    option(
        _GROUP,
        "-H",
        "--header",
        "headers",
        type=Parsed("HEADER", parse_headers),
        metavar="'NAME: VALUE'|@FILE",
        multiple=True,
        help=(
            "A header field for the reference's own server, never sent to redirect targets; @FILE holds one a "
            "line; repeatable."
        ),
    ),
    option(
        _GROUP,
        "--proxy",
        type=Parsed("URL", parse_proxy),
        metavar="URL",
        help="An http, https, socks5 or socks5h URL; '' for no proxy, regardless of the environment.",
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
    """The option ``-c`` with a help text of its own."""
    return option(
        group,
        "-c",
        "--connections",
        type=Parsed("N|auto", parse_connections, ("auto", "1", "4", "8", "16")),
        metavar="N|auto",
        default="auto",
        help=help_text,
    )


def peers_option(group: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """``--peer`` in a group of the help."""
    return option(
        group,
        "--peer",
        "peers",
        type=Parsed("URL", parse_peer),
        metavar="URL",
        multiple=True,
        help="An anyfetch serve --share that is asked first if the SHA-256 is known; repeatable. [$ANYFETCH_PEERS]",
    )


def speed_options(command: Callable[..., int]) -> Callable[..., int]:
    """Adds the options on speed to a verb that also downloads, and passes them as one argument ``speed``."""

    @wraps(command)
    def with_speed(
        *arguments: object, connections: int | str, limit_rate: int | None, peers: tuple[str, ...], **others: object
    ) -> int:
        speed: Options = {
            "connections": connections if isinstance(connections, int) else None,
            "limit_rate": limit_rate,
            "peers": peers,
        }
        return command(*arguments, speed=speed, **others)

    connections = connections_option(_FAST, "Connections to each host. [default: auto]")
    limit_rate = option(
        _FAST,
        "--limit-rate",
        type=Parsed("RATE", parse_quantity),
        metavar="RATE",
        help="Bytes per second for all files together.",
    )
    return connections(limit_rate(peers_option(_FAST)(with_speed)))
