from __future__ import annotations

from pathlib import Path

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.filenames import SafeName
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.names import Naming
from anymatix_fetcher.library.placing import Placement
from anymatix_fetcher.library.wanted import Wanted

SHA256, SHA512, CRC32 = Digest("sha256", "ab" * 32), Digest("sha512", "cd" * 64), Digest("crc32", "12345678")
STATE = FileState(1, 2, 100, 4, 5)


def wanted(*digests: Digest, length: int | None = None, naming: Naming = Naming.PLAIN) -> Wanted:
    place = Placement(Path("/m"), naming=naming, mark="x")
    name = SafeName("a.bin")
    return Wanted(
        place=place, name=name, working=place.working(name), references=("https://h/?token=SECRET",),
        digests=digests, length=length,
    )  # fmt: skip


def test_only_strong_digests_settle_and_the_strongest_comes_first() -> None:
    assert wanted(CRC32, SHA256, SHA512).settling == (SHA512, SHA256)


def test_the_final_name_needs_a_sha256_where_it_says_one() -> None:
    assert wanted(SHA512).final == Path("/m/a.bin")
    assert wanted(SHA512, naming=Naming.ANYMATIX).final is None
    assert wanted(SHA256, naming=Naming.ANYMATIX).final == Path(f"/m/a_{SHA256.hex}.bin")


def test_whatever_is_known_may_speak_against_a_file() -> None:
    assert wanted(CRC32, length=100).fits(STATE, [SHA256])
    assert not wanted(length=101).fits(STATE, [SHA256])
    assert not wanted(CRC32).fits(STATE, [SHA256, Digest("crc32", "00000000")])


def test_where_a_digest_settles_it_what_is_said_of_its_length_does_not_matter() -> None:
    assert wanted(SHA256, CRC32, length=101).fits(STATE, [SHA256])
    assert not wanted(SHA256, length=100).fits(STATE, [Digest("sha256", "00" * 32)])


def test_nothing_secret_is_shown() -> None:
    assert "SECRET" not in repr(wanted())
