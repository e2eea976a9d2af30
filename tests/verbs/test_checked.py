from __future__ import annotations

import errno
from pathlib import Path

import pytest

from anymatix_fetcher.core.values.blocks import BlockChecksums
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.errors import StorageError
from anymatix_fetcher.library.entries import Remembered
from anymatix_fetcher.library.evidence import Evidence
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.reading import Reading
from anymatix_fetcher.library.sidecar_format import Provenance, Record
from anymatix_fetcher.library.sidecars import Sidecar
from anymatix_fetcher.verbs.checked import Checked, Condition, damaged, unreadable

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
        (Evidence((RIGHT,), "sidecar", frozenset(), Remembered(STATE, (WRONG,)), (sidecar(4),)), True),
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
    assert ("it was written to since" in message, "nothing has written" in message) == (
        touched is True,
        touched is False,
    )


def test_the_hint_names_what_mends_it_best() -> None:
    url = "https://example.org/x?token=secret"
    rotten = Evidence((RIGHT,), "sidecar", frozenset(), None, (sidecar(3, url),))
    changed = Evidence((RIGHT,), "sidecar", frozenset(), None, (sidecar(4, url),))
    from_nowhere = Evidence((RIGHT,), "index", frozenset(), remembered(STATE), ())
    theirs = Evidence((RIGHT,), "sidecar", frozenset(), None, (sidecar(4, url),), is_ours=False)

    def hint(evidence: Evidence, copy: Path | None = None) -> str:
        error = damaged(FOUND, evidence, READING, copy).error
        return error.hint if error else ""

    repair, accept = (f"`anyfetch verify --{word} '/models/a model.pt'`" for word in ("repair", "accept"))
    assert hint(rotten, Path("/copy.pt")) == f"{repair} restores it from the copy /copy.pt."
    assert hint(rotten) == f"{repair} fetches the damaged parts from example.org."
    assert hint(changed).startswith(f"If the change is intended, run {accept}; {repair} fetches")
    assert hint(changed).endswith("keeps the present file.")
    assert "backup" in hint(from_nowhere)
    assert accept in hint(theirs)
    assert "--repair" not in hint(theirs)


def test_what_cant_be_read_says_why() -> None:
    error = unreadable(PATH, OSError(errno.EACCES, "Permission denied"))
    assert type(error) is StorageError
    assert (error.message, error.hint) == (
        "/models/a model.pt can't be read: Permission denied",
        "Check the disk and the file's permissions.",
    )
