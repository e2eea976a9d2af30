"""Adds aria2's endpoint to the server, with the server's secret and delay for wrong secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.serve.app import ACCESS, PENALTY
from anymatix_fetcher.serve.aria2.endpoint import Aria2Endpoint
from anymatix_fetcher.serve.aria2.interface import Aria2Interface

if TYPE_CHECKING:
    from aiohttp import web

    from anymatix_fetcher.serve.aria2.desk import Desk


def add_aria2(application: web.Application, *, desk: Desk) -> Aria2Endpoint:
    """Adds the endpoint to an application and returns it.

    Args:
        application: The application, with its access rules.
        desk: The queue as the methods see it.
    """
    interface = Aria2Interface(desk, application[ACCESS].knows_secret)
    endpoint = Aria2Endpoint(interface, application[PENALTY].serve)
    endpoint.add_to(application)
    return endpoint
