"""Makes the pictures of ComfyUI's page with the pack: its real frontend in Chromium, on a queue that stands still.

``python -m docs.pictures.make_comfyui`` writes ``comfyui-panel.png`` and ``comfyui-stock.png`` beside itself, from the
root of the repository. It needs Chromium and the extra ``test``.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.comfy.frontend import node, visited, workflow
from tests.servers.chromium import running_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Route

HERE = Path(__file__).parent
HUB = "https://huggingface.co/Comfy-Org/models/resolve/main/"
GB = 1_000_000_000
NEEDED = {
    "z_image_turbo_bf16.safetensors": ("diffusion_models", "UNETLoader", 12.3, 0.62),
    "ae.safetensors": ("vae", "VAELoader", 0.34, 0.31),
    "detail-tweaker.safetensors": ("loras", "LoraLoaderModelOnly", 0.23, 0.0),
}


def with_sizes(route: Route) -> None:
    """What the hub would say of the models, which isn't asked for a picture."""
    asked = json.loads(route.request.post_data or "{}")
    response = route.fetch(post_data=json.dumps({**asked, "quick": True}))
    told = response.json()
    for model in told["models"]:
        model["size"] = int(NEEDED[model["name"]][2] * GB)
    route.fulfill(response=response, json=told)


def main() -> None:
    """Shows a workflow with missing models, has two of them fetched, and takes the pictures on the way."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_chromium() as browser,
        visited(Path(folder), browser) as visit,
    ):
        page, bench = visit.page, visit.site.bench
        nodes = [
            node(number, name, HUB + name, kind, directory)
            for number, (name, (directory, kind, _, _)) in enumerate(NEEDED.items(), 1)
        ]
        visit.load(workflow(*nodes))
        page.get_by_test_id("error-overlay-see-errors").click()
        for name in list(NEEDED)[:2]:
            page.get_by_role("button", name=f"Download {name}").click()
        page.wait_for_timeout(1500)
        bench.turn()
        for running in bench.runner.started:
            _, _, size, part = NEEDED[running.job.reference.rpartition("/")[2]]
            running.store(0)
            running.progress = replace(
                running.progress,
                length=int(size * GB),
                bytes_stored=int(size * GB * part),
                bytes_per_second=118e6,
                connections=8,
                eta_seconds=size * GB * (1 - part) / 118e6,
            )
        bench.turn()
        page.get_by_role("button", name="Expand", exact=True).click()
        page.wait_for_timeout(2500)
        page.screenshot(path=HERE / "comfyui-stock.png")
        page.get_by_role("button", name="Collapse").last.click()
        page.set_viewport_size({"width": 1440, "height": 1020})
        page.route("**/anymatix/api/v1/workflow", with_sizes)
        visit.open_panel()
        page.wait_for_timeout(2500)
        page.screenshot(path=HERE / "comfyui-panel.png")


if __name__ == "__main__":
    main()
