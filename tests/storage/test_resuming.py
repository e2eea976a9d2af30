from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.journal import BlockRecorded, encode
from anymatix_fetcher.core.values.messages import (
    Identity,
    KeptBlocks,
    Published,
)
from anymatix_fetcher.core.values.spans import EVERYTHING, Span, SpanSet
from anymatix_fetcher.core.values.urls import Origin
from anymatix_fetcher.core.values.validators import EntityTag, Validator
from tests.storage.opened import BLOCK, CONTENT, IDENTITY, LENGTH, OTHER, WHOLE, Opened, blocks, leave

if TYPE_CHECKING:
    from pathlib import Path


def test_kept_blocks_are_claimed_then_proved_and_only_the_rest_is_written(destination: Path) -> None:
    leave(destination, Span(0, BLOCK), Span(2 * BLOCK, LENGTH))
    opened = Opened(destination)
    assert opened.store.kept == KeptBlocks(blocks(0, 2, 3), IDENTITY)
    opened.store.set_identity(IDENTITY)
    opened.workers.run()
    assert opened.store.hashed_bytes == 0  # a claim isn't hashed
    opened.store.prove(blocks(0, 2, 3))
    opened.workers.run()
    assert opened.proved() == (blocks(0, 2, 3), SpanSet())
    opened.fill(Span(BLOCK, 2 * BLOCK))
    assert opened.finish()[-1] == Published()
    assert destination.read_bytes() == CONTENT


def test_claimed_blocks_are_never_published_unproved(destination: Path) -> None:
    leave(destination)
    opened = Opened(destination)
    opened.store.set_identity(IDENTITY)
    with pytest.raises(ValueError, match="must be proved"):
        opened.store.verify(LENGTH)


@pytest.mark.parametrize("damage", ["flipped", "zeroed", "cut"])
def test_a_damaged_block_is_found_struck_and_fetched_again(destination: Path, damage: str) -> None:
    leave(destination)
    part = destination.with_name("model.bin.part")
    data = bytearray(part.read_bytes())
    if damage == "flipped":
        data[2 * BLOCK + 99] ^= 4
    elif damage == "zeroed":  # the page cache lost in a power cut
        data[2 * BLOCK : 2 * BLOCK + 4096] = bytes(4096)
    else:
        del data[2 * BLOCK + 1 :]
    part.write_bytes(data)
    opened = Opened(destination)
    kept = opened.store.kept
    assert kept is not None
    opened.store.set_identity(IDENTITY)
    opened.store.prove(kept.blocks)
    opened.workers.run()
    good, bad = opened.proved()
    assert good | bad == kept.blocks
    assert good == opened.store.recorded
    assert not good & blocks(2)
    for span in WHOLE - good:
        opened.fill(span)
    assert opened.finish()[-1] == Published()
    assert destination.read_bytes() == CONTENT


@pytest.mark.parametrize("seed", range(20))
def test_a_journal_torn_anywhere_keeps_what_it_proves_and_the_file_comes_out_whole(
    destination: Path, seed: int
) -> None:
    chance = random.Random(seed)
    leave(destination)
    journal = destination.with_name("model.bin.part.journal")
    data = journal.read_bytes()
    journal.write_bytes(data[: chance.randrange(len(data))] + bytes(chance.choice([0, 50, 4096])))
    opened = Opened(destination)
    kept = opened.store.kept
    opened.store.set_identity(IDENTITY)
    if kept:
        assert kept.identity == IDENTITY
        opened.store.prove(kept.blocks)
        opened.workers.run()
        assert opened.proved() == (kept.blocks, SpanSet())
    for span in WHOLE - opened.store.recorded:
        opened.fill(span)
    opened.store.close()
    again = Opened(destination)
    assert again.store.kept == KeptBlocks(WHOLE, IDENTITY)
    again.store.set_identity(IDENTITY)
    again.store.prove(WHOLE)
    again.workers.run()
    assert again.finish()[-1] == Published()
    assert destination.read_bytes() == CONTENT


def test_a_block_claimed_beyond_the_files_end_is_not_kept(destination: Path) -> None:
    leave(destination, Span(0, BLOCK))
    with destination.with_name("model.bin.part.journal").open("ab") as journal:
        journal.write(encode(BlockRecorded(1_000_000, BLOCK, 5)))
    kept = Opened(destination).store.kept
    assert kept is not None
    assert kept.blocks == blocks(0)


def test_another_representation_starts_from_nothing_once_everything_is_forgotten(destination: Path) -> None:
    leave(destination)
    changed = Identity(2 * BLOCK, Validator(EntityTag("v2")))
    opened = Opened(destination)
    opened.store.forget(EVERYTHING)
    opened.store.set_identity(changed)
    assert destination.with_name("model.bin.part").read_bytes() == bytes(2 * BLOCK)
    opened.store.sink.write(0, OTHER[:BLOCK])
    opened.store.close()
    assert Opened(destination).store.kept == KeptBlocks(blocks(0), changed)


def test_a_new_identity_of_the_same_bytes_keeps_what_is_stored(destination: Path) -> None:
    renewed = Identity(LENGTH, Validator(EntityTag("other node")), Origin("https", "cdn", 443))
    opened = Opened(destination)
    opened.fill(Span(0, BLOCK + 10))
    opened.store.set_identity(renewed)
    opened.store.sink.write(BLOCK + 10, CONTENT[BLOCK + 10 : 2 * BLOCK])
    opened.store.close()
    assert Opened(destination).store.kept == KeptBlocks(blocks(0, 1), renewed)


def test_a_length_that_is_learned_later_keeps_what_is_stored(destination: Path) -> None:
    opened = Opened(destination)
    opened.store.set_identity(Identity(None, IDENTITY.validator))
    opened.store.sink.write(0, CONTENT[:500])
    opened.fill(Span(500, LENGTH))
    assert opened.finish()[-1] == Published()
    assert destination.read_bytes() == CONTENT


@pytest.mark.parametrize("leftover", ["part", "journal", "both", "header"])
def test_what_a_crash_right_after_the_start_leaves_is_ours(destination: Path, leftover: str) -> None:
    leave(destination)
    part, journal = (destination.with_name(f"model.bin.part{suffix}") for suffix in ("", ".journal"))
    header = journal.read_bytes()[:30]
    part.unlink()
    journal.unlink()
    if leftover in {"part", "both"}:
        part.touch()
    if leftover in {"journal", "both"}:
        journal.touch()
    if leftover == "header":
        part.write_bytes(bytes(LENGTH))
        journal.write_bytes(header)
    opened = Opened(destination)
    assert opened.store.kept is None
    opened.fill()
    assert opened.finish()[-1] == Published()
    assert destination.read_bytes() == CONTENT


def test_the_secrets_of_the_reference_are_in_no_file(destination: Path) -> None:
    leave(destination)
    assert all(b"hunter2" not in path.read_bytes() for path in destination.parent.iterdir())
