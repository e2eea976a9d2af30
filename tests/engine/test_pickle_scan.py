from __future__ import annotations

import bz2
import collections
import gzip
import io
import lzma
import os
import pathlib
import pickle
import random
import struct
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.messages import StorageFailed
from anymatix_fetcher.engine.opcodes import MOST_READS
from anymatix_fetcher.engine.pickle_scan import PickleScan, may_run_code, scan
from anymatix_fetcher.engine.scanned import Scanned
from anymatix_fetcher.errors import UnsafeModelError
from anymatix_fetcher.formats.content import ENOUGH, Content
from anymatix_fetcher.formats.pickles import TORCH_MAGIC
from anymatix_fetcher.storage.workers import Step
from tests.formats.files import zip_file
from tests.formats.test_content import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Harm:
    """What pickles to a call of ``os.system``; it is never unpickled here."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("echo harm",)


SYSTEM = f"{os.system.__module__}.system"
STATE = pickle.dumps(collections.OrderedDict(weight=[1.0, 2.0]), 2)
HARMFUL = pickle.dumps(Harm(), 2)
LEGACY = TORCH_MAGIC + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2)
"""How ``torch.save`` wrote before it wrote archives; the model's own pickle and the raw weights follow."""
WEIGHTS = random.Random(3).randbytes(20_000)


def found(data: bytes, name: str = "") -> Scanned:
    return scan(io.BytesIO(data), name)


HARMLESS = {
    "a pickle": STATE,
    "of the oldest protocol": pickle.dumps({"weight": [1.0]}, 0),
    "in an archive": zip_file({"archive/data.pkl": STATE, "archive/data/0": WEIGHTS}),
    "of PyTorch's first format": LEGACY + STATE + pickle.dumps(["0"], 2) + WEIGHTS,
}


@pytest.mark.parametrize("data", HARMLESS.values(), ids=HARMLESS.keys())
def test_a_pickle_that_imports_nothing_but_what_models_need_is_fine(data: bytes) -> None:
    assert found(data) == Scanned(is_pickle=True)
    assert found(data).warning == ""
    assert found(data).refusal("m.ckpt") is None


DANGEROUS = {
    "a pickle": HARMFUL,
    "of the oldest protocol": pickle.dumps(Harm(), 0),
    "of the newest protocol": pickle.dumps(Harm(), 5),
    "in an archive": zip_file({"archive/data.pkl": HARMFUL, "archive/data/0": WEIGHTS}),
    "in an archive, under another name": zip_file({"archive/notes.txt": HARMFUL}),
    "of PyTorch's first format": LEGACY + HARMFUL + pickle.dumps(["0"], 2) + WEIGHTS,
    "that breaks off behind the call": HARMFUL[:-1],
    "after a harmless one": STATE + HARMFUL,
}


@pytest.mark.parametrize("data", DANGEROUS.values(), ids=DANGEROUS.keys())
def test_a_pickle_that_does_harm_is_refused_with_the_imports_name(data: bytes) -> None:
    scanned = found(data)
    assert scanned.is_pickle
    assert scanned.dangerous == (SYSTEM,)
    refusal = scanned.refusal("m.ckpt")
    assert isinstance(refusal, UnsafeModelError)
    assert refusal.message == f"m.ckpt is a pickle that can run code when it is loaded, and it imports {SYSTEM}"
    assert "--allow-unsafe" in refusal.hint
    assert "m.ckpt.part" in refusal.hint


def test_what_nobody_knows_is_worth_a_warning_and_no_refusal() -> None:
    scanned = found(pickle.dumps(pathlib.PurePosixPath("x"), 2))
    assert scanned.suspicious == ("pathlib.PurePosixPath",)
    assert scanned.refusal("m.pt") is None
    assert "isn't known to be harmless: pathlib.PurePosixPath" in scanned.warning


def test_opcodes_that_cant_be_made_sense_of_are_no_way_round_the_scan() -> None:
    scanned = found(b"\x80\x04\x93.")
    assert scanned.dangerous == ("something that can't be read (ValueError)",)
    assert scanned.refusal("m.pt") is not None


@pytest.mark.parametrize(
    "weights", [b"\x93" * 99, b"cos\nsystem\n" + bytes(99), b"h\x07h\x08\x93"], ids=["0", "1", "2"]
)
def test_weights_that_happen_to_read_as_opcodes_arent_held_against_a_model(weights: bytes) -> None:
    for model in (LEGACY + STATE + pickle.dumps(["0"], 2) + weights, STATE + weights):
        assert found(model).refusal("m.pt") is None


def test_harm_behind_more_than_can_be_scanned_isnt_published_either() -> None:
    scanned = found(b"\x80\x02" + b"N0" * MOST_READS + HARMFUL)
    assert (scanned.dangerous, scanned.whole) == ((), False)
    refusal = scanned.refusal("m.pt")
    assert refusal is not None
    assert "can't be scanned as a whole" in refusal.message


def test_an_archive_that_cant_be_read_is_said_to_be_one() -> None:
    scanned = found(zip_file({"archive/data.pkl": STATE})[:-30])
    assert scanned.refusal("m.zip") is None
    assert "an archive that can't be read" in scanned.warning


def test_names_out_of_files_cant_spoil_the_sentence_nor_make_it_long() -> None:
    odd = b"".join(b"cos\n\x1b[31m" + f"{index:02}".encode() * 200 + b"\n0" for index in range(30))
    refusal = found(odd + b"N.").refusal("m.pt")
    assert refusal is not None
    assert refusal.message.isprintable()
    assert len(refusal.message) < 700
    assert "and 25 more" in refusal.message


@pytest.mark.parametrize(
    "content", sorted(set(KINDS) - {Content.PICKLE, Content.ZIP}, key=str), ids=lambda one: one.value
)
def test_what_has_another_format_is_neither_refused_nor_warned_of(content: Content) -> None:
    assert (found(KINDS[content]).refusal("m.bin"), found(KINDS[content]).warning) == (None, "")


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (HARMFUL, "model.safetensors", True),
        (pickle.dumps([Harm()], 0), "model.ckpt", True),
        (pickle.dumps([Harm()], 0), "model.dat", False),
        (zip_file({"a/data.pkl": STATE}), "anything", True),
        (b"GGUF" + bytes(5) + HARMFUL, "model.pt", True),
        (WEIGHTS, "weights.bin", False),
        (b"", "model.pt", False),
    ],
)
def test_only_what_may_run_code_is_scanned(data: bytes, name: str, *, expected: bool) -> None:
    assert may_run_code(data[:ENOUGH], name, len(data)) is expected


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"\x80\x02", b"\x80\x04", b"PK\x03\x04", b"cos\nsystem\n", HARMFUL])
)
def test_any_bytes_come_to_an_end(data: bytes, beginning: bytes) -> None:
    scanned = found(beginning + data)
    assert scanned.refusal("m.pt") is None or scanned.is_pickle
    if beginning == HARMFUL:
        assert SYSTEM in scanned.dangerous


@given(st.integers(0, 200), st.binary(min_size=1, max_size=4))
def test_a_spoiled_archive_comes_to_an_end(at: int, data: bytes) -> None:
    archive = bytearray(DANGEROUS["in an archive"][-400:] if at % 2 else DANGEROUS["in an archive"])
    archive[at : at + len(data)] = data
    found(bytes(archive))


class InMemory:
    """A file that is read in place; ``trouble`` is raised instead where there is one."""

    def __init__(self, data: bytes, trouble: OSError | None = None) -> None:
        self.data = data
        self.trouble = trouble

    def read_into(self, offset: int, buffer: memoryview) -> int:
        if self.trouble is not None:
            raise self.trouble
        piece = self.data[offset : offset + len(buffer)]
        buffer[: len(piece)] = piece
        return len(piece)


@pytest.mark.parametrize(
    "data", [*HARMLESS.values(), *DANGEROUS.values()], ids=[*HARMLESS, *(f"! {one}" for one in DANGEROUS)]
)
def test_a_task_reads_the_file_in_place_and_reports(data: bytes, tmp_path: Path) -> None:
    reports: list[Scanned | StorageFailed] = []
    task = PickleScan(InMemory(data), len(data), tmp_path / "m.ckpt", report=reports.append)
    assert task.step() is Step.DONE
    assert reports == [found(data)]


def test_a_disk_that_fails_is_no_finding(tmp_path: Path) -> None:
    reports: list[Scanned | StorageFailed] = []
    task = PickleScan(InMemory(HARMFUL, OSError(5, "gone")), len(HARMFUL), tmp_path / "m.ckpt", report=reports.append)
    with pytest.raises(OSError, match="gone") as caught:
        task.step()
    task.fail(caught.value)
    assert isinstance(reports[0], StorageFailed)


def test_a_scan_that_nobody_waits_for_ends_soon(tmp_path: Path) -> None:
    data = b"\x80\x02" + b"N0" * MOST_READS
    reports: list[Scanned | StorageFailed] = []
    task = PickleScan(InMemory(data), len(data), tmp_path / "m.ckpt", report=reports.append)
    task.abandon()
    assert task.step() is Step.DONE
    assert reports == [Scanned()]


def tar(form: int = tarfile.GNU_FORMAT, **members: bytes) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=form) as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return written.getvalue()


def oldest_tar(data: bytes) -> bytes:
    """The same without the mark that tells tar archives since 1988."""
    header = data[:257] + bytes(8) + data[265:512]
    blank = header[:148] + b" " * 8 + header[156:]
    return blank[:148] + b"%06o\0 " % sum(blank) + blank[156:] + data[512:]


TAR = tar(storages=pickle.dumps(0), tensors=pickle.dumps(0), pickle=HARMFUL)


@pytest.mark.parametrize(
    "data", [TAR, tar(tarfile.PAX_FORMAT, pickle=STATE), tar(tarfile.USTAR_FORMAT, pickle=STATE), oldest_tar(TAR)]
)
def test_a_tar_archive_under_a_pickles_name_is_refused_for_pytorch_unpickles_it(data: bytes) -> None:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        assert "pickle" in archive.getnames()
    assert may_run_code(data[:ENOUGH], "m.ckpt", len(data))
    assert not may_run_code(data[:ENOUGH], "m.tar", len(data))
    refusal = found(data, "m.ckpt").refusal("m.ckpt")
    assert isinstance(refusal, UnsafeModelError)
    assert refusal.message == (
        "m.ckpt is a tar archive with members that PyTorch unpickles on loading, and it can't be scanned as a whole"
    )


def array(descr: str, data: bytes, *, version: int = 1) -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}".encode().ljust(117) + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + data


@pytest.mark.parametrize("descr", ["'|O'", "'O'", "[('a', '<f4'), ('b', '|O')]"])
@pytest.mark.parametrize("version", [1, 2, 3])
def test_the_pickle_in_an_array_of_objects_is_scanned(descr: str, version: int) -> None:
    harmful = array(descr, HARMFUL, version=version)
    assert may_run_code(harmful[:ENOUGH], "m.bin", len(harmful))
    for data in (harmful, zip_file({"arr_0.npy": harmful})):
        assert found(data).dangerous == (SYSTEM,)
    assert found(array(descr, STATE, version=version)) == Scanned(is_pickle=True)
    numbers = array("'<f4'", WEIGHTS[:4], version=version)
    assert found(numbers) == found(zip_file({"arr_0.npy": numbers})) == Scanned()


def test_a_header_of_an_array_that_is_longer_than_is_read_isnt_whole() -> None:
    assert not found(b"\x93NUMPY\2\0" + struct.pack("<I", 1 << 30) + b" " * 500).whole


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_what_is_compressed_under_a_pickles_name_is_said_not_to_be_scanned(pack: Callable[[bytes], bytes]) -> None:
    data = pack(HARMFUL + WEIGHTS)
    assert may_run_code(data[:ENOUGH], "m.pkl", len(data))
    assert not may_run_code(data[:ENOUGH], "m.gz", len(data))
    assert found(data, "m.pkl").warning == "an archive that can't be read, and so it wasn't scanned"


def test_the_scanner_says_nothing_by_itself() -> None:
    program = f"import io; from anymatix_fetcher.engine.pickle_scan import scan; scan(io.BytesIO({HARMFUL!r}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
