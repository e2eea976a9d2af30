"""ComfyUI's real page, from its wheel, in a browser: with our extension, on a queue that goes as a test tells it."""

from __future__ import annotations

import importlib.util
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.comfy.site import Site, site

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Route, ViewportSize

ROOT = Path(__file__).resolve().parents[2]
PACK = "anymatix-fetcher"
READY = """() => window.app?.extensionManager?.getSidebarTabs?.().some((tab) => tab.id.startsWith('anymatix'))
    && document.querySelector('.side-tool-bar-container')"""
SETTINGS = {"Comfy.TutorialCompleted": True, "Comfy.UseNewMenu": "Top", "Comfy.Workflow.Persist": False}
OURS = ("anymatix", "AnymatixFetcher")
WIDE: ViewportSize = {"width": 1440, "height": 900}


def web_root() -> Path:
    """The wheel's folder of the page."""
    specification = importlib.util.find_spec("comfyui_frontend_package")
    assert specification is not None
    assert specification.origin is not None
    return Path(specification.origin).parent / "static"


def node(identity: int, name: str, url: str = "", kind: str = "VAELoader", directory: str = "vae") -> dict[str, Any]:
    """A loader in a workflow, with the model that it needs."""
    entry = {"name": name, "directory": directory, "url": url} if url else {"name": name, "directory": directory}
    return {
        "id": identity,
        "type": kind,
        "pos": [200 * identity, 200],
        "size": [210, 60],
        "flags": {},
        "order": identity,
        "mode": 0,
        "inputs": [],
        "outputs": [{"name": "VAE", "type": "VAE", "links": None}],
        "properties": {"Node name for S&R": kind, "models": [entry]},
        "widgets_values": [name],
    }


def workflow(*nodes: dict[str, Any], subgraphs: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """A workflow of these nodes."""
    whole: dict[str, Any] = {"last_node_id": 99, "last_link_id": 0, "nodes": list(nodes), "links": [], "version": 0.4}
    return {**whole, "definitions": {"subgraphs": list(subgraphs)}} if subgraphs else whole


@dataclass
class Visit:
    """ComfyUI's page in a tab of the browser.

    Args:
        site: The server.
        page: The tab.
        complaints: What the console has said about us.
    """

    site: Site
    page: Page
    complaints: list[str] = field(default_factory=list)

    @property
    def models(self) -> Path:
        """ComfyUI's folder of models."""
        return Path(self.site.comfyui.folder_paths.models_dir)

    def open(self) -> None:
        """Loads the page, until our extension stands."""
        self.page.goto(f"http://127.0.0.1:{self.site.port}/")
        self.page.wait_for_function(READY)

    def load(self, graph: dict[str, Any]) -> None:
        """Opens a workflow."""
        self.page.evaluate("async (graph) => { await window.app.loadGraphData(graph); }", graph)

    @property
    def panel(self) -> Locator:
        """The panel, where it is open."""
        return self.page.locator(".anymatix-panel")

    @property
    def missing(self) -> Locator:
        """The part of it that shows the open workflow's models."""
        return self.panel.get_by_role("region", name="Models of this workflow")

    def toggle_panel(self) -> None:
        """Opens or closes the panel by its button in the sidebar."""
        self.page.get_by_role("button", name=re.compile("AnymatixFetcher")).click()

    def open_panel(self) -> Locator:
        """The panel, opened where it isn't."""
        if not self.panel.is_visible():
            self.toggle_panel()
        self.panel.get_by_role("tab").first.click()
        self.panel.get_by_role("textbox").first.wait_for()
        return self.panel

    def set(self, setting: str, value: object) -> None:
        """Changes a setting of the user's."""
        change = "async ([name, value]) => { await window.app.extensionManager.setting.set(name, value); }"
        self.page.evaluate(change, [setting, value])

    def row(self, name: str) -> Locator:
        """A job's row in the panel."""
        return self.page.locator(".anymatix-panel .af-job").filter(has_text=name)

    def toast(self, text: str) -> Locator:
        """What is said to the user."""
        return self.page.get_by_test_id("toast").filter(has_text=text)


@contextmanager
def visited(
    folder: Path, browser: Browser, *, settings: Mapping[str, object] | None = None, before: str = ""
) -> Iterator[Visit]:
    """The page in a tab, loaded; what the console says of us is an error.

    Args:
        folder: For everything.
        browser: Shows it.
        settings: The user's.
        before: A script that runs first.
    """
    shutil.copytree(ROOT / "locales", folder / "custom_nodes" / PACK / "locales")
    scripts = {PACK: ROOT / "src" / "anymatix_fetcher" / "comfy" / "web"}
    with site(folder, web_root=web_root(), settings={**SETTINGS, **(settings or {})}, packs=scripts) as here:
        context = browser.new_context(viewport=WIDE, locale="en-GB")
        context.set_default_timeout(30_000)
        visit = Visit(here, context.new_page())
        own = f"http://127.0.0.1:{here.port}/"

        def pass_on(route: Route) -> None:
            if route.request.url.startswith((own, "data:", "blob:")):
                route.continue_()
            else:
                route.abort()

        def complain(message: ConsoleMessage) -> None:
            where = str(message.location.get("url", ""))
            if message.type in {"error", "warning"} and any(word in message.text + where for word in OURS):
                visit.complaints.append(f"{message.text} ({where})")

        context.route("**/*", pass_on)
        context.add_init_script(before)
        visit.page.on("console", complain)
        try:
            visit.open()
            yield visit
            assert visit.complaints == []
        finally:
            context.close()
