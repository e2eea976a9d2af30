"""What a request is answered: a pure function from a request, a file and the faults to the plan of a response.

It works in the order in which a server does: a refusal or a redirect first (`refusals`); else which representation
there is (`representations`), whether the range holds (`ranges`), what the head says (`heads`), and how the body
leaves (`planning`). Each step asks for the faults that concern it. Faults of the last two steps hold for refusals
as well.
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
    """The response to a request, with everything that goes wrong in it.

    Args:
        request: What is asked.
        resource: The file that it asks for, if there is one.
        chosen: The faults that apply.
        place: Where and when.
        said: What a host says by itself, unless a fault says something else.
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
