"""What leaves an origin is counted in time, whoever looks at the ledger first."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, cast

import pytest

from anymatix_fetcher.testing.delivery import Buckets, Delivery
from anymatix_fetcher.testing.ledger import LedgerBook
from anymatix_fetcher.testing.messages import Plan

if TYPE_CHECKING:
    import socket


class _Recipient:
    """A connection's far end: notes what the ledger had counted when each piece came, and leaves after some."""

    def __init__(self, book: LedgerBook, pieces: int) -> None:
        self._book = book
        self._left = pieces
        self.received = 0
        self.counted: list[tuple[int, int]] = []

    def sendall(self, data: bytes | memoryview) -> None:
        if data[:5] == b"HTTP/":
            return
        if not self._left:
            raise ConnectionResetError
        self._left -= 1
        self.received += len(data)
        self.counted.append((self.received, self._book.snapshot().bytes_sent))


def _delivery(recipient: _Recipient, book: LedgerBook) -> Delivery:
    return Delivery(cast("socket.socket", recipient), 1, threading.Event(), Buckets(), book)


def test_a_client_that_has_received_a_piece_finds_it_counted() -> None:
    book = LedgerBook()
    recipient = _Recipient(book, 3)
    assert _delivery(recipient, book).send(Plan(200, (), (b"x" * 1000, b"y" * 50, b"z")), "/a")
    assert recipient.counted == [(1000, 1000), (1050, 1050), (1051, 1051)]


def test_what_could_not_be_sent_is_not_counted() -> None:
    book = LedgerBook()
    recipient = _Recipient(book, 2)
    with pytest.raises(ConnectionResetError):
        _delivery(recipient, book).send(Plan(200, (), (b"x" * 1000, b"y" * 50, b"z")), "/a")
    assert book.snapshot().bytes_sent == 1050
