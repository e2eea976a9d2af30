"""How the page stands up to its surroundings in Chromium: no server, no mouse, no light, no room, very many jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.queue.fakes import until
from tests.serve.page.visiting import MB, Visit, visiting
from tests.serve.running import serving

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from anymatix_fetcher.testing import Origin


FOCUSED = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"


def tab_to(page: Page, name: str, *, most: int = 40) -> None:
    """Presses Tab until the focus is on what is called so."""
    for _ in range(most):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
        )
        if focused == name:
            return
    raise AssertionError(f"{name} isn't reached by Tab")


def test_all_of_it_by_the_keyboard_alone(visit: Visit, origin: Origin) -> None:
    keyboard = visit.page.keyboard
    visit.field.focus()
    keyboard.type(origin.add("/k.safetensors", size=200 * MB).url)
    keyboard.press("Enter")
    row = visit.row("k.safetensors")
    expect(row).to_contain_text("downloading")
    tab_to(visit.page, "Pause")
    keyboard.press("Enter")
    expect(row).to_contain_text("paused")
    assert visit.focused() == "Resume|k.safetensors"
    keyboard.press("Space")
    expect(row).to_contain_text("downloading")
    tab_to(visit.page, "Cancel")
    keyboard.press("Enter")
    expect(visit.dialog.get_by_role("button", name="Keep the partial file")).to_be_focused()
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(row).to_contain_text("cancelled")
    assert visit.focused() == "Retry|k.safetensors"
    tab_to(visit.page, "Remove")
    keyboard.press("Enter")
    expect(visit.rows).to_have_count(0)
    visit.tab("Downloads").focus()
    keyboard.press("ArrowRight")
    expect(visit.tab("Library")).to_be_focused()
    expect(visit.page.get_by_role("tabpanel", name="Library")).to_be_visible()
    keyboard.press("End")
    expect(visit.page.get_by_role("tabpanel", name="Settings")).to_be_visible()


def test_the_focus_stays_while_rows_change_above_and_below(visit: Visit, origin: Origin) -> None:
    visit.add(*(origin.add(f"/f{n}.safetensors", size=MB // 2).url for n in range(8)))
    expect(visit.rows).to_have_count(8)
    details = visit.button(visit.row("f7"), "Details")
    details.click()
    assert visit.focused() == "Details|f7.safetensors"
    until(lambda: set(visit.states().values()) == {"done"})
    expect(visit.rows.first).to_contain_text("f7.safetensors")
    assert visit.focused() == "Details|f7.safetensors"
    expect(details).to_have_attribute("aria-expanded", "true")


def test_settings_take_effect_and_tell_the_room(visit: Visit) -> None:
    visit.tab("Settings").click()
    rate, most = visit.page.get_by_label("Rate limit, MB/s"), visit.page.get_by_label("Simultaneous downloads")
    expect(rate).to_have_value("2.097")
    expect(most).to_have_value("3")
    most.fill("4")
    visit.page.get_by_role("button", name="Apply").click()
    expect(visit.page.get_by_role("status").filter(has_text="Settings saved")).to_be_visible()
    assert visit.server.client.get("/api/v1/settings").json["max_downloads"] == 4
    visit.server.client.ask("PATCH", "/api/v1/settings", {"max_downloads": 3})
    for root in ("files", "models"):
        expect(visit.page.get_by_role("listitem").filter(has_text=str(visit.server.folder / root))).to_contain_text(
            "free"
        )


def luminance(page: Page, selector: str, style: str) -> float:
    found: list[int] = page.evaluate(
        """([selector, style]) => {
            const canvas = document.createElement('canvas').getContext('2d');
            canvas.fillStyle = getComputedStyle(document.querySelector(selector))[style];
            canvas.fillRect(0, 0, 1, 1);
            return [...canvas.getImageData(0, 0, 1, 1).data];
        }""",
        [selector, style],
    )
    channels = [value / 255 for value in found[:3]]
    linear = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_light_or_dark_as_preferred_and_readable(visit: Visit, origin: Origin, scheme: str) -> None:
    visit.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type] # one of the two
    visit.add(origin.url(f"/{scheme}.safetensors"))
    row = visit.row(f"{scheme}.safetensors")
    expect(row).to_contain_text("failed")
    back, card = luminance(visit.page, "body", "backgroundColor"), luminance(visit.page, ".af-card", "backgroundColor")
    assert (back > 0.5) == (scheme == "light")
    for selector in (".af-name", ".af-facts", ".af-message", ".af-hint", ".af-state", ".af-buttons button"):
        ink = luminance(visit.page, f".af-card {selector}", "color")
        contrast = (max(ink, card) + 0.05) / (min(ink, card) + 0.05)
        assert contrast >= 4.5, (selector, contrast)


@pytest.mark.parametrize("width", [360, 480, 800])
def test_nothing_sticks_out_sideways(visit: Visit, origin: Origin, width: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": 740})
    name = "a-very-long-name-of-a-model-without-any-space-in-it-" + "x" * 60 + ".safetensors"
    visit.add(origin.url("/missing-" + "y" * 80 + ".bin"))
    expect(visit.row("missing")).to_contain_text("failed")
    visit.add(origin.add(f"/{name}", size=300 * MB).url)
    expect(visit.rows).to_have_count(2)
    for details in visit.page.get_by_role("button", name="Details").all():
        details.click()
    for tab in ("Library", "Settings", "Downloads"):
        visit.tab(tab).click()
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    visit.button(visit.row(name), "Cancel").click()
    box = visit.dialog.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


def test_a_server_that_is_gone_is_said_and_all_goes_on_when_it_is_back(
    browser: Browser, origin: Origin, tmp_path: Path
) -> None:
    options = ("--limit-rate", "1M", "--max-downloads", "1")
    with serving(tmp_path, *options) as server, visiting(browser, server) as visit:
        port = str(server.client.port)
        visit.add(*(origin.add(f"/o{n}.safetensors", size=300 * MB).url for n in range(2)))
        expect(visit.rows).to_have_count(2)
        expect(visit.row("o0").locator(".af-rate")).to_contain_text("/s")
        server.process.kill()
        server.process.wait()
        alert = visit.page.get_by_role("alert").filter(has_text="No connection")
        expect(alert).to_be_visible()
        visit.button(visit.row("o0"), "Pause").click()
        expect(visit.page.get_by_role("status").filter(has_text="can't be reached")).to_be_visible()
        with serving(tmp_path, *options, "--port", port) as again:
            expect(alert).to_be_hidden()
            expect(visit.row("o0").locator(".af-rate")).to_contain_text("/s")
            visit.button(visit.row("o1"), "Pause").click()
            expect(visit.row("o1")).to_contain_text("paused")
            assert [job["state"] for job in again.client.get("/api/v1/jobs").jobs] == ["active", "paused"]
        visit.complaints.clear()  # the browser's own lines about what it couldn't reach
