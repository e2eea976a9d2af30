"""comfy-cli's own downloader by aria2, as its command calls it. Run with comfy-cli on the path."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from comfy_cli.file_utils import DownloadCancelled, DownloadException, _download_file_aria2


def main(url: str, missing: str, large: str, path: Path) -> None:
    """Downloads one file, asks for one that isn't there, and gives up on a third."""
    told: list[tuple[int, int | None]] = []
    _download_file_aria2(url, path, headers={"X-Of": "comfy-cli"}, progress_callback=lambda *one: told.append(one))
    failure = ""
    try:
        _download_file_aria2(missing, path.with_name("missing.bin"))
    except DownloadException as error:
        failure = str(error)

    def give_up(stored: int, total: int | None) -> None:
        if stored:
            raise DownloadCancelled(f"{stored} of {total}")

    is_cancelled = False
    try:
        _download_file_aria2(large, path.with_name("large.bin"), progress_callback=give_up)
    except DownloadCancelled:
        is_cancelled = True
    sys.stdout.write(json.dumps({"told": told[-1], "failure": failure, "is_cancelled": is_cancelled}) + "\n")


if __name__ == "__main__":
    _, here, gone, slow, destination = sys.argv
    main(here, gone, slow, Path(destination))
