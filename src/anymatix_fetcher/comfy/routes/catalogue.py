"""Tells ComfyUI's asset catalogue of new files, if it exists and is enabled."""

from __future__ import annotations

import logging

_logger = logging.getLogger("anymatix_fetcher.comfy")


def tell_catalogue() -> None:
    """Starts a scan of the catalogue, if there is one.

    Its interface isn't public, so any error is logged and ignored.
    """
    try:
        from app.assets.seeder import ScanPhase, asset_seeder  # noqa: PLC0415 - only in newer versions
    except ImportError:
        return
    try:
        if not asset_seeder.is_disabled():
            asset_seeder.enqueue_scan(roots=("models",), phase=ScanPhase.FULL, compute_hashes=False)
    except Exception as error:  # noqa: BLE001 - as above
        _logger.info("the scan of ComfyUI's asset catalogue couldn't be started: %s", error)
