"""Downloads on the page in Chromium: what the user does, what the server does then, and what the page shows of it."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.queue.fakes import until
from tests.serve.page.visiting import MB, Visit, number

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Route

    from anymatix_fetcher.testing import Origin
    from tests.serve.running import Server


def shown_percent(visit: Visit, name: str) -> int:
    return number(visit.row(name).get_by_role("progressbar").get_attribute("aria-valuenow") or "0")


def test_a_wrong_secret_is_told_and_the_right_one_opens(browser: Browser, server: Server) -> None:
    page = browser.new_page()
    page.goto(server.first["url"])
    secret = page.get_by_label("Secret of this server")
    expect(secret).to_be_focused()
    secret.fill("wrong")
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_role("alert").filter(has_text="isn't the secret")).to_be_visible()
    secret.fill(f" {server.client.secret} ")
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_role("textbox", name="Reference")).to_be_visible()
    assert str(server.client.secret) not in page.content()
    page.close()


def test_before_it_starts_it_says_what_it_is_and_where_it_goes(visit: Visit, origin: Origin) -> None:
    visit.field.fill(origin.add("/preview.safetensors", size=3 * MB).url)
    box = visit.page.locator(".af-box")
    expect(box).to_contain_text("preview.safetensors")
    expect(box).to_contain_text("3 MB")
    expect(box).to_contain_text(str(visit.server.folder / "files" / "preview.safetensors"))
    visit.page.get_by_role("combobox", name="Type").select_option("lora")
    expect(box).to_contain_text(str(visit.server.folder / "models" / "loras" / "preview.safetensors"))
    visit.field.fill(origin.url("/none.safetensors"))
    expect(box).to_contain_text("404")
    assert visit.states() == {}
    visit.complaints.clear()  # the browser's own line about the 404


def test_what_fetches_it_in_a_terminal_can_be_copied(visit: Visit, origin: Origin) -> None:
    file = origin.add("/it's a model.safetensors", size=MB)
    visit.add(file.url)
    row = visit.row("it's a model.safetensors")
    expect(row).to_contain_text("done")
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.button(row, "Details").click()
    copied = {}
    for tool in ("anyfetch", "curl"):
        visit.button(row, f"Copy as {tool} command").click()
        expect(visit.page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
        copied[tool] = shlex.split(str(visit.page.evaluate("navigator.clipboard.readText()")))
    path = str(visit.server.folder / "files" / "it's a model.safetensors")
    assert copied["anyfetch"] == ["anyfetch", "-o", path, file.url]
    assert copied["curl"] == ["curl", "-L", "--fail", "-C", "-", "-o", "it's a model.safetensors", file.url]


def test_it_is_added_goes_on_pauses_resumes_and_is_done(visit: Visit, origin: Origin) -> None:
    file = origin.add("/a.safetensors", size=6 * MB)
    visit.add(file.url)
    expect(visit.field).to_have_value("")
    row = visit.row("a.safetensors")
    expect(row.locator(".af-rate")).to_contain_text("MB/s")
    expect(row).to_contain_text(" of 6 MB")
    until(lambda: shown_percent(visit, "a.safetensors") > 0)
    expect(row.get_by_role("img", name="Stored parts of the file")).to_be_visible()
    visit.button(row, "Pause").click()
    expect(row).to_contain_text("paused")
    until(lambda: visit.states() == {"a.safetensors": "paused"})
    assert visit.focused() == "Resume|a.safetensors"
    before = shown_percent(visit, "a.safetensors")
    visit.button(row, "Resume").click()
    expect(row).to_contain_text("done")
    assert before < 100
    expect(visit.page.get_by_role("status").filter(has_text="a.safetensors is done")).to_be_visible()
    assert (visit.server.folder / "files" / "a.safetensors").read_bytes() == file.read()
    visit.button(row, "Remove").click()
    expect(visit.page.get_by_text("The queue is empty")).to_be_visible()
    assert visit.states() == {}
    assert (visit.server.folder / "files" / "a.safetensors").exists()


@pytest.mark.parametrize(
    ("answer", "suffixes"), [("Keep the partial file", {".part", ".journal"}), ("Remove the partial file", set())]
)
def test_cancelling_asks_what_becomes_of_the_part(
    visit: Visit, origin: Origin, answer: str, suffixes: set[str]
) -> None:
    name = f"{answer.split(maxsplit=1)[0]}.safetensors"
    visit.add(origin.add(f"/{name}", size=300 * MB).url)
    until(lambda: visit.rows.count() == 1 and shown_percent(visit, name) > 0)
    visit.button(visit.row(name), "Cancel").click()
    expect(visit.dialog).to_contain_text(f"Cancel {name}?")
    visit.page.keyboard.press("Escape")
    expect(visit.dialog).to_have_count(0)
    assert visit.focused() == f"Cancel|{name}"
    assert visit.states() == {name: "active"}
    visit.button(visit.row(name), "Cancel").click()
    visit.dialog.get_by_role("button", name=answer).click()
    expect(visit.row(name)).to_contain_text("cancelled")
    files = visit.server.folder / "files"
    until(lambda: {path.suffix for path in files.iterdir() if path.name.startswith(name)} == suffixes)
    if suffixes:
        visit.button(visit.row(name), "Retry").click()
        expect(visit.row(name)).to_contain_text("downloading")


def test_a_failure_says_what_to_do_and_retry_tries_again(visit: Visit, origin: Origin) -> None:
    visit.add(origin.url("/late.safetensors"))
    row = visit.row("late.safetensors")
    expect(row).to_contain_text("failed")
    job = visit.server.client.get("/api/v1/jobs").jobs[0]["error"]
    assert isinstance(job, dict)
    assert job["hint"]
    expect(row.locator(".af-message")).to_have_text(job["message"])
    expect(row.locator(".af-hint").first).to_have_text(job["hint"])
    file = origin.add("/late.safetensors", size=MB)
    visit.button(row, "Retry").click()
    expect(row).to_contain_text("done")
    assert (visit.server.folder / "files" / "late.safetensors").read_bytes() == file.read()


def test_an_answer_that_comes_late_undoes_nothing_that_was_told_since(visit: Visit, origin: Origin) -> None:
    def answer_late(route: Route) -> None:
        response = route.fetch()
        until(lambda: list(visit.states().values()) == ["failed"])
        expect(visit.row("late-answer.bin")).to_contain_text("failed")
        route.fulfill(response=response)

    visit.page.route("**/api/v1/jobs", answer_late)
    with visit.page.expect_response("**/api/v1/jobs"):
        visit.add(origin.url("/late-answer.bin"))
    expect(visit.page.get_by_role("status").filter(has_text="Added")).to_be_visible()
    expect(visit.row("late-answer.bin")).to_contain_text("failed")


def test_what_cannot_be_is_refused_and_stays_in_the_field(visit: Visit) -> None:
    visit.add("nonsense")
    refused = visit.server.client.ask("POST", "/api/v1/jobs", {"references": ["nonsense"]}).error
    expect(visit.page.locator(".af-box .af-message")).to_have_text(refused["message"])
    expect(visit.page.locator(".af-box .af-hint")).to_have_text(refused["hint"])
    expect(visit.field).to_have_value("nonsense")
    visit.field.fill("")
    visit.complaints.clear()  # the browser's own line about the 400


def test_reloaded_it_shows_the_same_without_asking_for_the_secret(visit: Visit, origin: Origin) -> None:
    visit.add(*(origin.add(f"/r{n}.safetensors", size=300 * MB).url for n in range(4)))
    expect(visit.rows).to_have_count(4)
    names = visit.positions()
    visit.page.reload()
    expect(visit.rows).to_have_count(4)
    assert visit.positions() == names
    expect(visit.rows.first.get_by_role("progressbar")).to_be_visible()
    expect(visit.rows.last).to_contain_text("waiting for its turn: 3 at a time")


def test_moved_by_the_keyboard_and_by_dragging(visit: Visit, origin: Origin) -> None:
    visit.add(*(origin.add(f"/m{n}.safetensors", size=300 * MB).url for n in range(6)))
    expect(visit.rows).to_have_count(6)
    assert visit.positions() == [f"m{n}.safetensors" for n in range(6)]
    grip = visit.row("m5").get_by_role("button", name="Move")
    grip.focus()
    visit.page.keyboard.press("ArrowUp")
    until(lambda: visit.positions()[4] == "m5.safetensors")
    assert visit.focused() == "Move|m5.safetensors"
    visit.page.keyboard.press("Home")
    until(lambda: visit.positions()[0] == "m5.safetensors")
    assert visit.focused() == "Move|m5.safetensors"
    visit.row("m0").drag_to(visit.row("m4"))
    until(lambda: visit.positions() == [f"m{n}.safetensors" for n in (5, 1, 2, 3, 4, 0)])
    references = [str(job["reference"]) for job in visit.server.client.get("/api/v1/jobs").jobs]
    assert [text.rpartition("/")[2] for text in references] == visit.positions()


def test_a_workflow_is_dropped_looked_through_and_fetched(visit: Visit, origin: Origin, tmp_path: Path) -> None:
    url = origin.add("/wanted.safetensors", size=MB).url
    here = visit.server.folder / "models" / "vae" / "here.safetensors"
    here.parent.mkdir(parents=True, exist_ok=True)
    here.write_bytes(b"\x02\x00\x00\x00\x00\x00\x00\x00{}")
    models = [
        {"name": "wanted.safetensors", "url": url, "directory": "loras"},
        {"name": "here.safetensors", "url": origin.url("/here.safetensors"), "directory": "vae"},
    ]
    node = {
        "id": 1,
        "type": "X",
        "mode": 0,
        "widgets_values": [one["name"] for one in models],
        "properties": {"models": models},
    }
    workflow = tmp_path / "flow.json"
    workflow.write_text(json.dumps({"nodes": [node], "links": [], "version": 0.4}))
    visit.page.locator("input[type=file]").set_input_files(workflow)
    box = visit.page.locator(".af-plan")
    expect(box).to_contain_text("flow.json: 2 models")
    expect(box.get_by_role("listitem").filter(has_text="here.safetensors")).to_contain_text("present")
    box.get_by_role("button", name="Fetch 1 missing").click()
    expect(visit.row("wanted.safetensors")).to_contain_text("done")
    assert (visit.server.folder / "models" / "loras" / "wanted.safetensors").stat().st_size == MB
    here.unlink()


def test_in_german_where_the_browser_speaks_it(browser: Browser, server: Server) -> None:
    page = browser.new_page(locale="de-DE")
    page.goto(server.first["url"])
    page.get_by_label("Secret of this server").fill(str(server.client.secret))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Holen")).to_be_visible()
    expect(page.get_by_role("tab", name="Bibliothek")).to_be_visible()
    page.close()
