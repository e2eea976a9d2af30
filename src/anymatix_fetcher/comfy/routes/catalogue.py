"""ComfyUI's catalogue of assets, told of new files where it has one and it is on."""

from __future__ import annotations

import logging

_logger = logging.getLogger("anymatix_fetcher.comfy")


def tell_catalogue() -> None:
    """Has the catalogue look for models anew; nothing where there is none.

    Its interface is no promise of ComfyUI's to packs: whatever it raises is logged, and changes nothing.
    """
    try:
        from app.assets.seeder import ScanPhase, asset_seeder  # noqa: PLC0415 - newer ComfyUIs alone have it
    except ImportError:
        return
    try:
        if not asset_seeder.is_disabled():
            asset_seeder.enqueue_scan(roots=("models",), phase=ScanPhase.FULL, compute_hashes=False)
    except Exception as error:  # noqa: BLE001 - as above
        _logger.info("ComfyUI's catalogue of assets can't be told of new models: %s", error)
