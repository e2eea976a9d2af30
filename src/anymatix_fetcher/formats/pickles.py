"""Recognizes pickles and states their risk. Nothing is unpickled here."""

from __future__ import annotations

import re

PICKLE_SUFFIXES = (".ckpt", ".pt", ".pt2", ".pth", ".bin", ".pkl", ".pickle")
"""Suffixes of files that are expected to be pickles, bare or in PyTorch's zip."""

RUNS_CODE = "a pickle: it can run code when it is loaded"

MAY_RUN_CODE = "by its name it may be a pickle, which can run code when it is loaded"

TORCH_MAGIC = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e"
"""The beginning of files of ``torch.save`` before it wrote zip archives: a pickle of its magic number."""

_PROTOCOLS = range(2, 6)
_ZIP_PICKLE = re.compile(r"(?:^|/)[^/]*\.pkl$", re.IGNORECASE)


def may_be_pickle(name: str) -> bool:
    """Whether loaders treat a file with this name as a pickle."""
    return name.lower().endswith(PICKLE_SUFFIXES)


def is_pickle(first: bytes) -> bool:
    """Whether the bytes begin like pickles of protocols 2 to 5."""
    return len(first) > 1 and first[0] == 0x80 and first[1] in _PROTOCOLS  # noqa: PLR2004 - the opcode PROTO


def holds_pickle(names: tuple[str, ...]) -> bool:
    """Whether one of an archive's entries is a pickle."""
    return any(map(_ZIP_PICKLE.search, names))
