"""Plans the response to a request, from the file and the chosen faults. Pure.

The steps follow those of a server: a refusal or a redirect (`refusals`), or else the representation
(`representations`), the range (`ranges`), the head (`heads`), and the framing and sending of the body (`planning`).
Each
step applies its own faults. The faults of the last two steps also apply to refusals.
"""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING

from anymatix_fetcher.testing.responses.heads import add_headers
from anymatix_fetcher.testing.responses.making import ChosenFaults, Place, document
from anymatix_fetcher.testing.responses.planning import planned
from anymatix_fetcher.testing.responses.ranges import file_or_part
from anymatix_fetcher.testing.responses.refusals import refusal
from anymatix_fetcher.testing.responses.representations import representation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.testing.faults import RequestFault
    from anymatix_fetcher.testing.messages import Plan, Request
    from anymatix_fetcher.testing.resources import Resource
    from anymatix_fetcher.testing.responses.making import Draft
    from anymatix_fetcher.testing.script import Chosen

__all__ = ["Place", "answer"]


def answer(
    request: Request,
    resource: Resource | None,
    chosen: Sequence[Chosen[RequestFault]],
    place: Place,
    said: Draft | None = None,
) -> Plan:
    """The planned response to a request.

    Args:
        request: The request.
        resource: The requested file, if it exists.
        chosen: The faults that apply.
        place: The listener and the time.
        said: The response of a stand-in, unless a fault replaces it.
    """
    faults = ChosenFaults(chosen)
    made = refusal(request, resource, faults, place)
    if made is None:
        made = said
    if made is None and resource is not None:
        resource = representation(resource, faults, place)
        made = file_or_part(request, resource, faults)
    if made is None:
        made = document(404, "text/plain; charset=utf-8", "404 Not Found\n")
    made.put("Date", formatdate(place.now, usegmt=True))
    made.put("Server", "anymatix-testing")
    add_headers(made, resource, faults, place)
    return planned(request, made, faults)
