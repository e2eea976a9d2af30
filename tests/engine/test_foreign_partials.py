"""What other programs have left unfinished is gone on with, and never believed."""

from __future__ import annotations

import logging
import signal
import struct
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import (
    CancelToken,
    DestinationExistsError,
    DownloadCancelled,
    Status,
    StorageError,
    fetch,
)
from anymatix_fetcher.cli.main import main
from anymatix_fetcher.core.values.aria2_control import read_control
from anymatix_fetcher.testing import Fault, Origin
from tests.servers.aria2 import find_aria2

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher import Progress

MIB = 1 << 20
SIZE = 40 * MIB + 12_345
HALF = 20 * MIB


def control(
    length: int, pieces: list[int], piece_bytes: int = MIB, under_way: tuple[tuple[int, bytes], ...] = ()
) -> bytes:
    """aria2's control file of version 1."""
    count = -(-length // piece_bytes)
    bits = bytearray(-(-count // 8))
    for piece in pieces:
        bits[piece >> 3] |= 0x80 >> (piece & 7)
    head = struct.pack(">HIIIQQI", 1, 0, 0, piece_bytes, length, 0, len(bits)) + bits
    parts = b"".join(struct.pack(">III", index, piece_bytes, len(own)) + own for index, own in under_way)
    return head + struct.pack(">I", len(under_way)) + parts


def left_by_aria2(directory: Path, data: bytes, pieces: list[int]) -> Path:
    """A file with holes where its control file says so."""
    path = directory / "m.bin"
    with path.open("wb") as file:
        for piece in pieces:
            file.seek(piece * MIB)
            file.write(data[piece * MIB : (piece + 1) * MIB])
        file.truncate(len(data))
    (directory / "m.bin.aria2").write_bytes(control(len(data), pieces))
    return path


def flipped(data: bytes, *offsets: int) -> bytes:
    changed = bytearray(data)
    for offset in offsets:
        changed[offset] ^= 1
    return bytes(changed)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_what_aria2_has_begun_at_the_destination_is_gone_on_with(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/m.bin", size=SIZE)
    left_by_aria2(tmp_path, file.read(), [*range(10), *range(20, 35)])
    result = fetch(file.url, directory=tmp_path, digests=[f"sha256:{file.sha256()}"])
    assert (result.status, result.verified, result.bytes_resumed) == (Status.RESUMED, "sha256", 25 * MIB)
    assert (tmp_path / "m.bin").read_bytes() == file.read()
    assert names(tmp_path) == ["m.bin"], "what aria2 left is gone"
    assert result.bytes_downloaded <= SIZE - 25 * MIB + 3 * MIB, "three blocks were compared"


@pytest.mark.parametrize("suffix", [".part", ".crdownload", ".incomplete"])
@pytest.mark.parametrize("proved", [True, False])
def test_a_beginning_is_gone_on_with(suffix: str, proved: object, origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/m.bin", size=SIZE)
    (tmp_path / f"m.bin{suffix}").write_bytes(file.read()[: HALF + 5])
    digests = [f"sha256:{file.sha256()}"] if proved else []
    result = fetch(file.url, directory=tmp_path, digests=digests, adopt_partial="auto")
    assert (result.status, result.bytes_resumed) == (Status.RESUMED, HALF)
    assert (tmp_path / "m.bin").read_bytes() == file.read()
    assert names(tmp_path) == ["m.bin"]


@pytest.mark.parametrize("suffix", [".crdownload", ".incomplete"])
def test_with_a_digest_a_beginning_is_gone_on_with_unasked_and_stays_the_other_programs(
    suffix: str, origin: Origin, tmp_path: Path
) -> None:
    file = origin.add("/m.bin", size=SIZE)
    left = tmp_path / f"m.bin{suffix}"
    left.write_bytes(file.read()[:HALF])
    result = fetch(file.url, directory=tmp_path, digests=[f"sha256:{file.sha256()}"])
    assert (result.status, result.verified) == (Status.RESUMED, "sha256")
    assert result.bytes_downloaded < SIZE - HALF + 8 * MIB
    assert (tmp_path / "m.bin").read_bytes() == file.read()
    assert left.read_bytes() == file.read()[:HALF]
    assert names(tmp_path) == ["m.bin", left.name]


def test_without_a_digest_it_is_said_how_a_beginning_is_used(
    origin: Origin, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = origin.add("/m.bin", size=SIZE)
    (tmp_path / "m.bin.crdownload").write_bytes(file.read()[:HALF])
    origin.script("throttle:rate=40M")
    notes: set[str] = set()
    result = fetch(
        file.url, directory=tmp_path, on_progress=lambda progress: notes.add(progress.note or progress.phase.name)
    )
    assert (result.status, result.bytes_resumed) == (Status.DOWNLOADED, 0)
    assert "m.bin.crdownload is a partial file that isn't used: --adopt-partial auto goes on with it" in notes
    assert "DONE" in notes, "and when it is done nothing is to be said of the file"
    assert "m.bin.crdownload is there, unfinished: --adopt-partial auto" in caplog.text
    assert names(tmp_path) == ["m.bin", "m.bin.crdownload"]


def test_a_part_file_that_may_be_in_use_is_taken_by_those_only_who_ask(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/m.bin", size=SIZE)
    (tmp_path / "m.bin.part").write_bytes(file.read()[:HALF])
    with pytest.raises(StorageError) as caught:
        fetch(file.url, directory=tmp_path, digests=[f"sha256:{file.sha256()}"])
    assert "--adopt-partial auto" in caught.value.hint
    assert (tmp_path / "m.bin.part").read_bytes() == file.read()[:HALF]


def test_a_file_from_elsewhere_is_copied_and_stays(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/m.bin", size=SIZE)
    cache = tmp_path / "cache"
    cache.mkdir()
    left = cache / f"{file.sha256()}.0a1b2c3d.incomplete"
    left.write_bytes(file.read()[:HALF])
    result = fetch(
        file.url, output=tmp_path / "here" / "x.bin", adopt_partial=left, digests=[f"sha256:{file.sha256()}"]
    )
    assert result.bytes_resumed == HALF
    assert (tmp_path / "here" / "x.bin").read_bytes() == file.read()
    assert left.read_bytes() == file.read()[:HALF]


def test_what_names_another_digest_isnt_taken(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/m.bin", size=SIZE)
    left = tmp_path / f"{'0' * 64}.incomplete"
    left.write_bytes(file.read()[:HALF])
    result = fetch(file.url, directory=tmp_path, adopt_partial=left, digests=[f"sha256:{file.sha256()}"])
    assert (result.status, result.bytes_resumed) == (Status.DOWNLOADED, 0)
    assert left.exists()


def test_what_curl_or_wget_has_begun_under_the_final_name_is_taken_where_it_is_named(
    origin: Origin, tmp_path: Path
) -> None:
    file = origin.add("/m.bin", size=SIZE)
    place = tmp_path / "m.bin"
    place.write_bytes(file.read()[:HALF])
    with pytest.raises(DestinationExistsError):
        fetch(file.url, directory=tmp_path)
    result = fetch(file.url, directory=tmp_path, adopt_partial=place)
    assert (result.status, result.bytes_resumed) == (Status.RESUMED, HALF)
    assert place.read_bytes() == file.read()


def test_wrong_bytes_are_found_by_the_digest_and_only_what_was_taken_over_is_compared(
    origin: Origin, tmp_path: Path
) -> None:
    file = origin.add("/m.bin", size=SIZE)
    left = tmp_path / "m.bin.crdownload"
    left.write_bytes(flipped(file.read()[:HALF], 5 * MIB + 7, 13 * MIB))
    result = fetch(file.url, directory=tmp_path, digests=[f"sha256:{file.sha256()}"], adopt_partial="auto")
    assert result.verified == "sha256"
    assert (tmp_path / "m.bin").read_bytes() == file.read()
    assert result.bytes_downloaded <= SIZE + 5 * MIB, "the rest wasn't fetched a second time"


def test_wrong_bytes_on_both_sides_are_found_one_after_the_other(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/m.bin", size=SIZE)
    origin.script(f"flip:offsets={30 * MIB},times=1")
    (tmp_path / "m.bin.crdownload").write_bytes(flipped(file.read()[:HALF], 5 * MIB + 7))
    result = fetch(file.url, directory=tmp_path, digests=[f"sha256:{file.sha256()}"], adopt_partial="auto")
    assert result.verified == "sha256"
    assert (tmp_path / "m.bin").read_bytes() == file.read()


@pytest.mark.parametrize("proved", [True, False])
def test_another_files_beginning_is_dropped_and_all_of_it_fetched(
    proved: object,
    origin: Origin,
    tmp_path: Path,
) -> None:
    file, other = origin.add("/m.bin", size=SIZE), origin.add("/other.bin", size=SIZE)
    left = tmp_path / "left.crdownload"
    left.write_bytes(other.read()[:HALF])
    digests = [f"sha256:{file.sha256()}"] if proved else []
    result = fetch(file.url, directory=tmp_path, digests=digests, adopt_partial=left)
    assert (result.status, result.bytes_resumed) == (Status.DOWNLOADED, 0)
    assert (tmp_path / "m.bin").read_bytes() == file.read()
    assert left.read_bytes() == other.read()[:HALF], "it is whoever's it is"


def test_without_a_digest_a_sample_that_differs_spoils_all_of_it(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/m.bin", size=SIZE)
    (tmp_path / "m.bin.crdownload").write_bytes(flipped(file.read()[: 10 * MIB], 4 * MIB))
    result = fetch(file.url, directory=tmp_path, adopt_partial="auto")
    assert (result.status, result.bytes_resumed) == (Status.DOWNLOADED, 0)
    assert (tmp_path / "m.bin").read_bytes() == file.read()


def test_a_page_that_was_saved_under_a_models_name_is_dropped_and_not_taken_for_the_servers_word(
    origin: Origin, tmp_path: Path
) -> None:
    file = origin.add("/m.safetensors", size=SIZE)
    (tmp_path / "m.safetensors.crdownload").write_bytes(b"<!DOCTYPE html><html><body>log in</body>" * 60_000)
    result = fetch(file.url, directory=tmp_path, adopt_partial="auto")
    assert (result.status, result.bytes_resumed) == (Status.DOWNLOADED, 0)
    assert (tmp_path / "m.safetensors").read_bytes() == file.read()


def test_zeroes_are_holes(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/m.bin", size=SIZE)
    data = file.read()
    with (tmp_path / "m.bin.part").open("wb") as left:
        left.write(data[: 4 * MIB])
        left.seek(30 * MIB)
        left.write(data[30 * MIB :])
    result = fetch(file.url, directory=tmp_path, adopt_partial="auto")
    assert result.bytes_resumed == 4 * MIB + SIZE - 30 * MIB
    assert (tmp_path / "m.bin").read_bytes() == data


def test_what_is_longer_than_the_file_isnt_its_beginning(
    origin: Origin, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = origin.add("/m.bin", size=SIZE)
    left = tmp_path / "m.bin.crdownload"
    left.write_bytes(file.read() + b"x")
    with caplog.at_level(logging.WARNING, "anymatix_fetcher"):
        result = fetch(file.url, directory=tmp_path, adopt_partial="auto")
    assert (result.status, result.bytes_resumed) == (Status.DOWNLOADED, 0)
    assert (tmp_path / "m.bin").read_bytes() == file.read()
    assert left.exists()
    assert "isn't a part of this file" in caplog.text


def test_another_file_of_aria2s_at_the_destination_is_left_alone(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/m.bin", size=SIZE)
    place = left_by_aria2(tmp_path, b"y" * (3 * MIB), [0, 1])
    before = place.read_bytes()
    with pytest.raises(DestinationExistsError, match="not a part of this file"):
        fetch(file.url, directory=tmp_path)
    assert place.read_bytes() == before
    assert names(tmp_path) == ["m.bin", "m.bin.aria2"]
    result = fetch(file.url, directory=tmp_path, overwrite=True)
    assert result.status is Status.DOWNLOADED
    assert place.read_bytes() == file.read()


def test_a_partial_of_somebody_who_goes_on_writing_isnt_replaced(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/m.bin", size=SIZE)
    left_by_aria2(tmp_path, file.read(), [0, 1, 2])
    others = control(SIZE, [0, 1, 2, 3])

    def go_on(progress: Progress) -> None:
        if progress.bytes_stored:
            (tmp_path / "m.bin.aria2").write_bytes(others)

    origin.script(Fault.throttle(20_000_000))
    with pytest.raises(DestinationExistsError, match="changed by another program"):
        fetch(file.url, directory=tmp_path, connections=2, on_progress=go_on)
    assert (tmp_path / "m.bin.aria2").read_bytes() == others
    (tmp_path / "m.bin").unlink()
    (tmp_path / "m.bin.aria2").unlink()
    result = fetch(file.url, directory=tmp_path)
    assert result.status is Status.RESUMED, "what had arrived was kept"


def test_an_interrupted_taking_over_goes_on_with_what_is_ours_by_then(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/m.bin", size=SIZE)
    left_by_aria2(tmp_path, file.read(), [*range(10)])
    origin.script(Fault.throttle(4_000_000))
    cancel = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.bytes_stored > 14 * MIB:
            cancel.cancel()

    with pytest.raises(DownloadCancelled):
        fetch(file.url, directory=tmp_path, connections=4, on_progress=stop, cancel=cancel)
    assert (tmp_path / "m.bin.aria2").exists(), "the original stays until all is done"
    result = fetch(file.url, directory=tmp_path, connections=8)
    assert result.bytes_resumed >= 13 * MIB
    assert (tmp_path / "m.bin").read_bytes() == file.read()
    assert names(tmp_path) == ["m.bin"]


def test_a_server_without_ranges_brings_all_of_it(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/m.bin", size=SIZE)
    origin.script("ignore-range")
    (tmp_path / "m.bin.crdownload").write_bytes(flipped(file.read()[:HALF], 7 * MIB))
    result = fetch(file.url, directory=tmp_path, adopt_partial="auto")
    assert (result.status, result.bytes_resumed) == (Status.DOWNLOADED, 0)
    assert (tmp_path / "m.bin").read_bytes() == file.read()


def test_a_damaged_control_file_counts_for_nothing(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/m.bin", size=SIZE)
    place = left_by_aria2(tmp_path, file.read(), [0, 1])
    (tmp_path / "m.bin.aria2").write_bytes(b"\x00\x01junk")
    with pytest.raises(DestinationExistsError):
        fetch(file.url, directory=tmp_path)
    assert place.stat().st_size == SIZE


def test_what_isnt_there_is_said(origin: Origin, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = origin.add("/m.bin", size=1000)
    with pytest.raises(StorageError, match="no partial file"):
        fetch(file.url, directory=tmp_path, output=tmp_path / "m.bin", adopt_partial=tmp_path / "gone")
    assert main(["--adopt-partial", str(tmp_path / "gone"), file.url]) == 2
    assert main(["--adopt-partial", str(tmp_path), file.url, file.url]) == 2
    assert "no partial file" in capsys.readouterr().err


def test_the_command_line_takes_it_too(origin: Origin, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = origin.add("/m.bin", size=SIZE)
    left = tmp_path / "Unconfirmed 1234.crdownload"
    left.write_bytes(file.read()[:HALF])
    assert main(["-q", "-d", str(tmp_path), "--sha256", file.sha256(), "--adopt-partial", str(left), file.url]) == 0
    assert (tmp_path / "m.bin").read_bytes() == file.read()
    capsys.readouterr()


def test_what_the_real_aria2_leaves_when_it_is_interrupted(origin: Origin, tmp_path: Path) -> None:
    program = find_aria2()
    file = origin.add("/m.bin", size=SIZE)
    words = [
        "--file-allocation=none",
        "--auto-save-interval=1",
        "--max-overall-download-limit=12M",
        "-x4",
        "-s4",
        "-k1M",
    ]
    control_file = tmp_path / "m.bin.aria2"
    running = subprocess.Popen([program, "-q", *words, file.url], cwd=tmp_path)
    try:
        deadline = time.monotonic() + 30
        while _stored(control_file) < 4 * MIB and running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        running.send_signal(signal.SIGINT)
        running.wait()
    said = read_control(control_file.read_bytes())
    assert said is not None
    result = fetch(file.url, directory=tmp_path, digests=[f"sha256:{file.sha256()}"])
    assert (result.status, result.verified) == (Status.RESUMED, "sha256")
    assert (tmp_path / "m.bin").read_bytes() == file.read()
    assert names(tmp_path) == ["m.bin"]
    whole_blocks = sum((span.stop // MIB - -(-span.start // MIB)) * MIB for span in said.stored)
    assert result.bytes_resumed == whole_blocks
    assert result.bytes_downloaded <= SIZE - result.bytes_resumed + 3 * MIB, "three blocks were compared"


def _stored(path: Path) -> int:
    with suppress(OSError):
        said = read_control(path.read_bytes())
        return said.stored.total if said is not None else 0
    return 0
