"""The pack of nodes for ComfyUI, which imports this file from ``custom_nodes``; the package itself is in ``src``."""

import logging
import sys
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, SourceFileLoader
from pathlib import Path

NODE_CLASS_MAPPINGS: dict[str, object] = {}
NODE_DISPLAY_NAME_MAPPINGS: dict[str, str] = {}
WEB_DIRECTORY = "./src/anymatix_fetcher/comfy/web"
_SOURCE = str(Path(__file__).parent / "src")


class _Sources(SourceFileLoader):
    """Reads modules, and writes no bytecode beside them: a pack's folder stays as it was installed."""

    def set_data(self, path: str, data: object, *, _mode: int = 0) -> None:
        """Writes nothing."""


def _finder(path: str) -> FileFinder:
    if not path.startswith(_SOURCE):
        raise ImportError
    return FileFinder(path, (_Sources, SOURCE_SUFFIXES))


if "folder_paths" in sys.modules:  # ComfyUI has it before it loads packs; other tools import this file by accident
    sys.path_hooks.insert(0, _finder)
    sys.path.insert(0, _SOURCE)
    try:
        from anymatix_fetcher.comfy import pack
    except ImportError as error:
        logging.getLogger("anymatix_fetcher").warning(
            "AnymatixFetcher wasn't loaded, for %s is missing. Run %s -m pip install -r %s, and start ComfyUI again.",
            error.name,
            sys.executable,
            Path(__file__).with_name("requirements.txt"),
        )
    else:
        NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS = pack.NODE_CLASS_MAPPINGS, pack.NODE_DISPLAY_NAME_MAPPINGS
        pack.begin()
    finally:
        sys.path.remove(_SOURCE)

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS", "WEB_DIRECTORY"]
