from __future__ import annotations

import errno
from pathlib import Path

import pytest

from anymatix_fetcher.care.checked import Checked, Condition, damaged, unreadable
from anymatix_fetcher.core.blocks import BlockChecksums
from anymatix_fetcher.core.digests import Digest
from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.library.entries import Remembered
from anymatix_fetcher.library.evidence import Evidence
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.reading import Reading
from anymatix_fetcher.library.sidecar_format import Provenance, Record
from anymatix_fetcher.library.sidecars import Sidecar

PATH = Path("/models/a model.pt")
RIGHT, WRONG = Digest("sha256", "a" * 64), Digest("sha256", "b" * 64)
STATE = FileState(1, 2, 8, 3, 9)
READING = Reading(STATE, (WRONG,), BlockChecksums.of(8, 8, [1]))
FOUND = Checked(path=PATH, condition=Condition.RECORDED, size=8)


def remembered(state: FileState) -> Remembered:
    return Remembered(state, (RIGHT,))


def sidecar(mtime_ns: int, url: str | None = None) -> Sidecar:
    return Sidecar(Path("/x.json"), Record(url=url, own=Provenance(digests=(RIGHT,), mtime_ns=mtime_ns)))


@pytest.mark.parametrize(
    ("evidence", "touched"),
    [
        (Evidence((RIGHT,), "index", frozenset(), remembered(STATE), ()), False),
        (Evidence((RIGHT,), "index", frozenset(), remembered(FileState(1, 2, 8, 4, 9)), ()), True),
        (Evidence((RIGHT,), "sidecar", frozenset(), None, (sidecar(3),)), False),
        (Evidence((RIGHT,), "sidecar", frozenset(), None, (sidecar(4),)), True),
        (Evidence((RIGHT,), "name", frozenset(), None, ()), None),
    ],
)
def test_it_is_told_whether_somebody_has_written_to_it_where_that_is_known(
    *, evidence: Evidence, touched: bool | None
) -> None:
    found = damaged(FOUND, evidence, READING, None)
    assert found.is_touched is touched
    message = "" if found.error is None else found.error.message
    assert ("it was written to since" in message, "nobody has written" in message) == (
        touched is True,
        touched is False,
    )


def test_the_hint_names_what_mends_it_best() -> None:
    with_url = Evidence((RIGHT,), "sidecar", frozenset(), None, (sidecar(3, "https://example.org/x?token=secret"),))
    changed = Evidence((RIGHT,), "index", frozenset(), remembered(FileState(1, 2, 8, 4, 9)), ())
    rotten = Evidence((RIGHT,), "index", frozenset(), remembered(STATE), ())

    def hint(evidence: Evidence, copy: Path | None = None) -> str:
        error = damaged(FOUND, evidence, READING, copy).error
        return error.hint if error else ""

    assert hint(with_url, Path("/copy.pt")) == (
        "`anyfetch verify --repair '/models/a model.pt'` mends it by the copy /copy.pt."
    )
    assert "from example.org" in hint(with_url)
    assert "--accept" in hint(changed)
    assert "backup" in hint(rotten)


def test_what_cant_be_read_says_why() -> None:
    error = unreadable(PATH, OSError(errno.EACCES, "Permission denied"))
    assert type(error) is StorageError
    assert (error.message, error.hint) == (
        "/models/a model.pt can't be read: Permission denied",
        "Check the disk, and who may read the file.",
    )
