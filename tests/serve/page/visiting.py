"""The page as its users have it: found by roles and names, as a screen reader tells them."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

    from tests.serve.running import Server

PATIENCE_MS = 45_000
expect.set_options(timeout=PATIENCE_MS)
MB = 1_000_000


@dataclass
class Visit:
    """One visit of the page.

    Args:
        page: What the browser shows.
        server: Whose page it is.
        complaints: What the console has said, and what scripts have thrown.
    """

    page: Page
    server: Server
    complaints: list[str] = field(default_factory=list)

    @property
    def field(self) -> Locator:
        return self.page.get_by_role("textbox", name="Reference")

    @property
    def rows(self) -> Locator:
        return self.page.get_by_role("list", name="Jobs").get_by_role("listitem")

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    def row(self, name: str) -> Locator:
        return self.rows.filter(has_text=name)

    def button(self, row: Locator, name: str) -> Locator:
        return row.get_by_role("button", name=name, exact=True)

    def tab(self, name: str) -> Locator:
        return self.page.get_by_role("tab", name=name)

    def add(self, *references: str) -> None:
        self.field.fill("\n".join(references))
        self.page.get_by_role("button", name="Fetch", exact=True).click()

    def unlock(self) -> None:
        self.page.get_by_label("Secret of this server").fill(str(self.server.client.secret))
        self.page.keyboard.press("Enter")
        expect(self.field).to_be_visible()

    def focused(self) -> str:
        """The name of what has the focus, and the row that it is in."""
        found = self.page.evaluate(
            """() => {
                const active = document.activeElement;
                const row = active.closest('li')?.querySelector('.af-name')?.textContent ?? '';
                return `${active.getAttribute('aria-label') ?? active.textContent}|${row}`;
            }"""
        )
        return str(found)

    def positions(self) -> list[str]:
        """The names in the rows, from above."""
        return [text.strip() for text in self.rows.locator(".af-name").all_inner_texts()]

    def states(self) -> dict[str, str]:
        """The states of the server's jobs, by their names."""
        jobs = self.server.client.get("/api/v1/jobs").jobs
        return {str(job["name"] or job["reference"]): str(job["state"]) for job in jobs}


@contextmanager
def visiting(browser: Browser, server: Server, **options: object) -> Iterator[Visit]:
    """The page, unlocked; at the end its console has said nothing."""
    context = browser.new_context(viewport={"width": 1000, "height": 900}, locale="en-GB", **options)  # type: ignore[arg-type] # as given
    visit = Visit(context.new_page(), server)

    def complain(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            visit.complaints.append(message.text)

    visit.page.set_default_timeout(PATIENCE_MS)
    visit.page.on("console", complain)
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    try:
        visit.page.goto(server.first["url"])
        visit.unlock()
        yield visit
        assert visit.complaints == []
    finally:
        context.close()


def number(text: str | None) -> int:
    """The first number in a text."""
    found = re.search(r"\d+", text or "")
    assert found is not None, text
    return int(found.group())
