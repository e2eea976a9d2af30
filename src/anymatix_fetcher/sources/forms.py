"""HTML forms: their targets and hidden fields."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode

MAX_FIELDS = 100


@dataclass(slots=True)
class Form:
    """A form: its action as written, and its hidden fields in order; their values may be secrets."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list, repr=False)

    @property
    def query(self) -> str:
        """The fields as a query, in form encoding."""
        return urlencode(self.fields, errors="replace")


def read_form(page: str, identity: str) -> Form | None:
    """The form with this ``id``; ``None`` if the page has none. A truncated page is read as far as it goes."""
    reader = _Reader(identity)
    with suppress(AssertionError):  # raised by the parser for some declarations; what precedes them counts
        reader.feed(page)
    return reader.form


class _Reader(HTMLParser):
    def __init__(self, identity: str) -> None:
        super().__init__()
        self.form: Form | None = None
        self._identity = identity
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = self.form is None and attributes.get("id") == self._identity
            if self._inside:
                self.form = Form(attributes.get("action", ""))
        elif tag == "input" and self._inside and attributes.get("type", "").lower() == "hidden":
            self._add(attributes.get("name", ""), attributes.get("value", ""))

    def _add(self, name: str, value: str) -> None:
        if self.form is not None and name and len(self.form.fields) < MAX_FIELDS:
            self.form.fields.append((name, value))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
