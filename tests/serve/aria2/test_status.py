"""A job in aria2's fields."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.engine.facts import Phase, Progress
from anymatix_fetcher.queue.blocks import BlockMap, BlockState
from anymatix_fetcher.queue.jobs import JobError, JobState, JobWanted, QueuedJob
from anymatix_fetcher.serve.aria2.standing import Aria2Status, standing_of
from anymatix_fetcher.serve.aria2.status import SeenJob, asks_for_pieces, bitfield, error_code, status, uris
from tests.queue.sample import URL, job

ALWAYS = {
    *("gid", "status", "totalLength", "completedLength", "uploadLength", "downloadSpeed", "uploadSpeed"),
    *("connections", "dir", "files", "numPieces", "pieceLength"),
}
BLOCKS = BlockMap(1 << 20, (BlockState.VERIFIED, BlockState.STORED, BlockState.MISSING, BlockState.ARRIVING))
BYTES = 4 << 20


def seen(one: QueuedJob, progress: Progress | None = None, blocks: BlockMap | None = BLOCKS) -> SeenJob:
    return SeenJob(one, standing_of(one, frozenset()), progress, blocks)


def placed(state: JobState, **changes: object) -> QueuedJob:
    wanted = JobWanted(reference=URL, directory="/models/vae", output="x.safetensors")
    return job(1, state, wanted=wanted, place="/data/models/vae/x.safetensors", size=BYTES, **changes)


def test_what_is_under_way() -> None:
    progress = Progress(URL, length=BYTES, bytes_stored=2_500_000, bytes_per_second=1234.6, connections=3)
    found = status(seen(placed(JobState.ACTIVE, started_at=1.0), progress))
    assert found == {
        "gid": "0000000000000001",
        "status": "active",
        "totalLength": "4194304",
        "completedLength": "2500000",
        "uploadLength": "0",
        "downloadSpeed": "1235",
        "uploadSpeed": "0",
        "connections": "3",
        "dir": "/models/vae",
        "files": [
            {
                "index": "1",
                "path": "/models/vae/x.safetensors",
                "length": "4194304",
                "completedLength": "2500000",
                "selected": "true",
                "uris": [{"uri": URL, "status": "used"}],
            }
        ],
        "bitfield": "c0",
        "numPieces": "4",
        "pieceLength": "1048576",
    }


@pytest.mark.parametrize("state", list(JobState))
def test_every_state_has_the_fields_that_clients_read(state: JobState) -> None:
    found = status(seen(placed(state), blocks=BlockMap()))
    assert found.keys() >= ALWAYS
    assert (found["numPieces"], "bitfield" in found) == ("0", False)
    has_ended = state in {JobState.DONE, JobState.FAILED, JobState.CANCELLED}
    assert ("errorCode" in found, "errorMessage" in found) == (has_ended, has_ended)
    assert all(isinstance(value, str) for name, value in found.items() if name != "files")


def test_only_the_wanted_fields_and_blocks_only_for_them() -> None:
    assert status(seen(placed(JobState.DONE)), frozenset({"gid", "nonsense"})) == {"gid": "0000000000000001"}
    assert [asks_for_pieces(frozenset(keys)) for keys in ((), ("gid",), ("gid", "bitfield"))] == [True, False, True]


def test_how_it_ended() -> None:
    done = status(seen(placed(JobState.DONE)))
    assert (done["errorCode"], done["errorMessage"], done["completedLength"]) == ("0", "", "4194304")
    gone = status(seen(placed(JobState.CANCELLED)))
    assert (gone["status"], gone["errorCode"]) == ("removed", "31")
    error = JobError("NotFoundError", "there is no such file.", "Check its address.", 3)
    failed = status(seen(placed(JobState.FAILED, error=error)))
    assert (failed["errorCode"], failed["errorMessage"]) == ("3", "there is no such file. Check its address.")


@pytest.mark.parametrize(
    ("kind", "exit_code", "expected"),
    [
        ("AccessDeniedError", 4, 24),
        ("RetriesExhaustedError", 5, 6),
        ("UnexpectedAnswerError", 5, 22),
        ("DigestMismatchError", 6, 32),
        ("NotAModelError", 6, 22),
        ("DiskFullError", 7, 9),
        ("DestinationExistsError", 7, 13),
        ("StorageError", 7, 17),
        ("DestinationLockedError", 8, 11),
        ("InternalError", 1, 1),
    ],
)
def test_errors_have_aria2s_numbers(kind: str, exit_code: int, expected: int) -> None:
    assert error_code(JobError(kind, "why", "", exit_code)) == expected


def test_what_is_verified_says_how_far() -> None:
    progress = Progress(URL, phase=Phase.VERIFYING, length=BYTES, bytes_stored=BYTES, bytes_verified=70_000)
    assert status(seen(placed(JobState.ACTIVE), progress))["verifiedLength"] == "70000"


def test_a_name_that_isnt_known_yet_and_one_that_a_server_gave() -> None:
    unnamed = job(1, wanted=JobWanted(reference=URL), place="/data/files")
    found = status(seen(unnamed, blocks=BlockMap()))
    assert (found["dir"], found["files"][0]["path"]) == ("/data/files", "")  # type: ignore[index]
    named = status(seen(replace(unnamed, path="/data/files/a/b.bin"), blocks=BlockMap()))
    assert named["files"][0]["path"] == "/data/files/a/b.bin"  # type: ignore[index]
    aliased = replace(
        unnamed,
        wanted=JobWanted(reference=URL, directory="/models/vae"),
        place="/data/models/vae",
        path="/data/models/vae/b.bin",
    )
    found = status(seen(aliased, blocks=BlockMap()))
    assert (found["dir"], found["files"][0]["path"]) == ("/models/vae", "/models/vae/b.bin")  # type: ignore[index]


def test_a_name_below_folders() -> None:
    nested = job(1, wanted=JobWanted(reference=URL, output="a/b.bin"), place="/data/files/a/b.bin")
    found = status(seen(nested, blocks=BlockMap()))
    assert (found["dir"], found["files"][0]["path"]) == ("/data/files", "/data/files/a/b.bin")  # type: ignore[index]


def test_a_repository_has_several_files() -> None:
    result = {"files": [{"path": "/m/a", "size": 3}, {"path": "/m/b", "size": 4}]}
    found = status(seen(placed(JobState.DONE, result=result)))["files"]
    assert [(one["index"], one["path"], one["length"]) for one in found] == [  # type: ignore[attr-defined]
        ("1", "/m/a", "3"),
        ("2", "/m/b", "4"),
    ]


def test_no_address_shows_a_secret() -> None:
    wanted = JobWanted(
        reference="https://h.example/a?token=hushhush",
        mirrors=("https://u:hushhush@m.example/a", "https://n.example/a?download=true"),
    )
    secretive = job(1, JobState.ACTIVE, wanted=wanted, reference="https://h.example/a", started_at=1.0)
    assert uris(seen(secretive)) == [
        {"uri": "https://h.example/a", "status": "used"},
        {"uri": "https://n.example/a?download=true", "status": "waiting"},
    ]
    forgotten = replace(secretive, wanted=replace(wanted, reference=""))
    assert uris(seen(forgotten))[0]["uri"] == "https://h.example/a"


def test_a_map_that_belongs_to_one_of_several_files_is_left_out() -> None:
    found = status(seen(replace(placed(JobState.ACTIVE), size=BYTES * 3)))
    assert "bitfield" not in found


@given(st.lists(st.sampled_from(BlockState), max_size=70))
def test_a_bitfield_has_a_bit_for_each_block_the_highest_first(blocks: list[BlockState]) -> None:
    text = bitfield(blocks)
    assert re.fullmatch("([0-9a-f]{2})*", text)
    bits = "".join(f"{int(digit, 16):04b}" for digit in text)
    assert bits[: len(blocks)] == "".join("1" if state >= BlockState.STORED else "0" for state in blocks)
    assert set(bits[len(blocks) :]) <= {"0"}
    assert len(bits) - len(blocks) < 8


def test_standings_are_aria2s() -> None:
    assert [standing.value for standing in Aria2Status] == [
        "active",
        "waiting",
        "paused",
        "error",
        "complete",
        "removed",
    ]
