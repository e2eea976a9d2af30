"""Makes the pictures of the page: a real server, real downloads from this machine, and Chromium to look at it.

``python docs/pictures/make_page.py`` writes ``serve-light.png`` and ``serve-dark.png`` beside itself. It needs Chromium
and the extra ``test``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect, sync_playwright

from anymatix_fetcher.testing import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

HERE = Path(__file__).parent
SECRET = "picture"  # noqa: S105 - of a server that lives for a minute
MB = 1_000_000
SIZES = {
    "flux1-dev-fp8.safetensors": 320 * MB,
    "t5xxl_fp8_e4m3fn.safetensors": 240 * MB,
    "juggernautXL_v9.safetensors": 280 * MB,
    "4x-UltraSharp.pth": 60 * MB,
}
SMALL = ("clip_l.safetensors", "ae.safetensors")
PATIENCE_MS = 60_000


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The URL of a server with its folders in ``folder``."""
    places = ["--state", str(folder / "state"), "-d", str(folder / "files"), "--models", str(folder / "models")]
    environment = {**os.environ, "HOME": str(folder), "ANYFETCH_SECRET": SECRET}
    command = [
        sys.executable,
        "-m",
        "anymatix_fetcher",
        "serve",
        "--port",
        "0",
        "--json",
        "--limit-rate",
        "18M",
        *places,
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=environment, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.wait()


def fill(page: Page, url: str, origins: list[Origin]) -> None:
    """Has the page show something of everything."""
    page.goto(url)
    page.get_by_label("Secret of this server").fill(SECRET)
    page.keyboard.press("Enter")
    field = page.get_by_role("textbox", name="Reference")
    rows = page.get_by_role("list", name="Jobs").get_by_role("listitem")

    def add(*references: str) -> None:
        field.fill("\n".join(references))
        page.get_by_role("button", name="Fetch", exact=True).click()

    add(*(origins[0].add(f"/{name}", size=2 * MB).url for name in SMALL), origins[0].url("/epicrealism_v5.safetensors"))
    expect(rows.filter(has_text="failed")).to_have_count(1)
    expect(rows.filter(has_text="done")).to_have_count(len(SMALL))
    add(*(origin.add(f"/{name}", size=size).url for origin, (name, size) in zip(origins, SIZES.items(), strict=True)))
    expect(rows.filter(has_text="MB/s")).to_have_count(len(SIZES))
    rows.filter(has_text="4x-UltraSharp").get_by_role("button", name="Pause").click()
    expect(rows.filter(has_text="flux1").locator("span", has_text="2").first).to_be_visible()
    page.wait_for_timeout(9000)  # some seconds of the rate, for its plot
    page.mouse.move(0, 0)
    field.focus()


def main() -> None:
    """Writes both pictures."""
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    if browser_path is None:
        sys.exit("Chromium isn't installed (Debian: apt install chromium)")
    expect.set_options(timeout=PATIENCE_MS)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="anyfetch-")))
        origins = [stack.enter_context(Origin(seed=n, host=f"127.0.0.{n + 1}")) for n in range(len(SIZES))]
        url = stack.enter_context(served(folder))
        playwright = stack.enter_context(sync_playwright())
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = stack.enter_context(playwright.chromium.launch(executable_path=browser_path, args=options))
        page = browser.new_page(viewport={"width": 960, "height": 930}, device_scale_factor=1.5, locale="en-GB")
        fill(page, url, origins)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.wait_for_timeout(1200)  # the plot is drawn anew each second
            page.screenshot(path=HERE / f"serve-{scheme}.png")


if __name__ == "__main__":
    main()
