"""Which files are pickles, and what that means to the one who loads them. None is ever unpickled here."""

from __future__ import annotations

import re

PICKLE_SUFFIXES = (".ckpt", ".pt", ".pt2", ".pth", ".bin", ".pkl", ".pickle")
"""Names under which people expect a pickle, bare or in PyTorch's zip."""

RUNS_CODE = "a pickle: it can run code when it is loaded"

MAY_RUN_CODE = "by its name it may be a pickle, which can run code when it is loaded"

TORCH_MAGIC = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e"
"""How ``torch.save`` began before it wrote zip archives: a pickle of its own magic number."""

_PROTOCOLS = range(2, 6)
_ZIP_PICKLE = re.compile(r"(?:^|/)[^/]*\.pkl$", re.IGNORECASE)


def may_be_pickle(name: str) -> bool:
    """Whether loaders take a file of this name for a pickle."""
    return name.lower().endswith(PICKLE_SUFFIXES)


def is_pickle(first: bytes) -> bool:
    """Whether the bytes begin as pickles of protocols 2 to 5 do."""
    return len(first) > 1 and first[0] == 0x80 and first[1] in _PROTOCOLS  # noqa: PLR2004 - the opcode PROTO


def holds_pickle(names: tuple[str, ...]) -> bool:
    """Whether one of an archive's entries is a pickle."""
    return any(map(_ZIP_PICKLE.search, names))
