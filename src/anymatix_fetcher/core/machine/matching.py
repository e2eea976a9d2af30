"""Matching: ensures that bytes of two representations are never combined.

If a strong validator proves that a response is of the stored representation, nothing else is needed. Otherwise (another
host after a renewal, weak or missing validators on resume, replicas with different tags), a few recorded blocks are
fetched again and compared with the journal before anything is stored. Within a run, one block is compared after each
failed connection, unless a digest will verify the whole, because the server may have new content by then.

The bytes of another program's partial file are unproved, so more blocks are compared, and a difference doesn't mean
that the server has changed. If a digest will verify the whole, differing blocks are fetched again as long as most
blocks match; otherwise all bytes are. Without a digest, a few wrong bytes between the samples would remain undetected.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.judge import Known
from anymatix_fetcher.core.machine.admission import Admission
from anymatix_fetcher.core.machine.comparison import (
    SAMPLES,
    SAMPLES_BESIDE_A_DIGEST,
    SAMPLES_OF_FOREIGN,
    Comparison,
    Question,
    blocks_around,
    last_piece,
    samples,
)
from anymatix_fetcher.core.machine.exchange import Purpose
from anymatix_fetcher.core.machine.search import Culprits
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.spans import EVERYTHING, Span, SpanSet
from anymatix_fetcher.core.values.validators import Validator

if TYPE_CHECKING:
    from anymatix_fetcher.core.answers.address import Address
    from anymatix_fetcher.core.answers.judge import Accepted
    from anymatix_fetcher.core.machine.abilities import ServerAbilities
    from anymatix_fetcher.core.machine.coverage import Coverage
    from anymatix_fetcher.core.machine.exchange import Exchange
    from anymatix_fetcher.core.values.urls import Origin


class Matching:
    """The identity of one download's bytes.

    Args:
        address: The current URLs. A target is trusted once its responses are proved to match the stored bytes.
        abilities: The server's abilities, for whether its entity tags are reliable.
        coverage: The stored bytes.
        out: The list that commands are added to.
        block_size: The journal's block size, updated when the part file is opened or laid out.
        stated_length: The file's length according to the caller or the source.
    """

    def __init__(
        self,
        address: Address,
        abilities: ServerAbilities,
        coverage: Coverage,
        out: list[m.Command],
        *,
        block_size: int,
        stated_length: int | None = None,
    ) -> None:
        self.block_size = block_size
        self._stated_length = stated_length
        self._end: int | None = None
        self.identity: m.Identity | None = None
        self.comparison: Comparison | None = None
        self.storage_is_open = False
        self._address = address
        self._coverage = coverage
        self._doubted: m.Identity | None = None
        self._abilities = abilities
        self._out = out
        self.samples = SAMPLES
        """The number of blocks that have to match if nothing else proves the representation."""
        self.foreign = SpanSet()
        """The bytes of another program's partial file, until a digest has verified them."""
        self.digest_settles = False
        """Whether a digest will verify the whole."""
        self._had_trust = False
        self._is_silent = False
        self._has_agreed = False
        self._brought = Span(0, 0)
        self.culprits = Culprits()
        self._parted_bytes = 0

    @property
    def known_length(self) -> int | None:
        """The file's length, if anything has stated it; responses without a length don't change it."""
        stated = self.identity.length if self.identity else None
        return self._stated_length if stated is None else stated

    @property
    def length(self) -> int | None:
        """The file's stated length, otherwise the position where a body without a stated length has ended."""
        return self._end if self.known_length is None else self.known_length

    def state_length(self, length: int) -> None:
        """Sets the length that the file's own service states."""
        self._stated_length = length

    def ends_at(self, position: int) -> None:
        """Sets the position where a body without a stated length has ended.

        It isn't recorded, because a lost connection ends in the same way.
        """
        self._end = position

    def goes_on(self) -> None:
        """Drops that position, because another body was longer or different."""
        end, self._end, self.comparison = self._end or 0, None, None
        self.take_back(SpanSet.of(Span(end // self.block_size * self.block_size, end + 1)))

    def expect_digest(self, *, settles: bool) -> None:
        """Sets whether a digest will verify the whole, so that fewer blocks are compared."""
        self.digest_settles = settles
        if self.foreign:
            self.samples = SAMPLES if settles else SAMPLES_OF_FOREIGN
        else:
            self.samples = SAMPLES_BESIDE_A_DIGEST if settles else SAMPLES

    def set_identity(self, identity: m.Identity) -> None:
        """Sets the representation that the part file holds blocks of."""
        if identity.length is None:
            identity = replace(identity, length=self.known_length)
        if identity != self.identity:
            self.identity = identity
            if self.storage_is_open:
                self._out.append(m.SetIdentity(identity))

    def begin(self, *, storage_is_open: bool) -> None:
        """Starts with or without an open part file."""
        self.storage_is_open = storage_is_open

    def lay_out(self, block_size: int) -> None:
        """Sets the block size of the part file."""
        self.block_size = block_size

    def write_down(self) -> None:
        """Records the known identity, because the part file is open now."""
        self.storage_is_open = True
        if self.identity is not None:
            self._out.append(m.SetIdentity(self.identity))

    def resume(self, kept: m.KeptBlocks) -> None:
        """Continues an earlier run's blocks. Whether the server still has their representation is unknown."""
        self.storage_is_open = True
        self.identity = kept.identity
        self._address.distrust()
        self._coverage.resume(kept.blocks)
        if kept.identity.origin == m.FOREIGN:
            self.foreign = kept.blocks
        self._out += [m.SetIdentity(kept.identity), m.ProveBlocks(kept.blocks)]

    def turn_to(self, address: Address, abilities: ServerAbilities) -> None:
        """Turns to another place."""
        self._address, self._abilities = address, abilities
        self.comparison = self._doubted = None
        self._had_trust = False

    def known(self, origin: Origin, name: str) -> Known:
        """The facts that a response from ``origin`` has to match."""
        identity = self.identity
        comparable = identity is not None and identity.origin == origin and not self._abilities.tags_disagree
        return Known(self.known_length, identity.validator if identity and comparable else Validator(), name)

    def admit(self, exchange: Exchange, verdict: Accepted) -> Admission:
        """Whether an accepted body may flow."""
        origin, known, held = exchange.request.url.origin, self.identity, self._coverage.held
        answer = m.Identity(verdict.length, verdict.validator, origin)
        if not verdict.ranged:
            self._expect_all(exchange)
            held = self._coverage.held
        if known is None or not held:
            # Other bodies from the same place may already flow.
            self._trust(answer.completed_by(known) if self._address.trusted else answer)
            return Admission.FLOWS
        if self._is_same(known, answer):
            moved = known.origin != origin or known.length is None
            self._trust(replace(answer.completed_by(known), length=known.length or answer.length) if moved else known)
            # An earlier run may have left these bytes, which was unknown when they were requested.
            needed = exchange.purpose is Purpose.COMPARE or not verdict.ranged or exchange.start not in held
            return Admission.FLOWS if needed else Admission.UNNEEDED
        if not verdict.ranged:
            return self._admit_stream(exchange, answer)
        if exchange.purpose is Purpose.COMPARE:
            self._doubted = answer
            if known.origin != origin and self.comparison is not None:  # it was started for a place that was trusted
                blocks = samples(held, length=self.length, block_size=self.block_size, most=self.samples)
                self.comparison.add(blocks)
            return Admission.FLOWS
        return self._doubt(answer)

    def _expect_all(self, exchange: Exchange) -> None:
        """Prepares for the whole file in one stream, in which blocks are compared as they arrive."""
        if self.foreign:
            self.lose(self.foreign)  # from a reliable server
        if self.comparison is not None and self.comparison.question is Question.SAMENESS:
            self.comparison = self._doubted = None
            exchange.fill_instead()

    def _admit_stream(self, exchange: Exchange, answer: m.Identity) -> Admission:
        """Admits a stream over recorded blocks, which compares every one of them, so no other proof is needed."""
        if samples(self._coverage.held, length=self.length, block_size=self.block_size):
            # The identity isn't recorded before the blocks confirm it.
            exchange.says_to_be(answer)
            self._has_agreed = False
        else:
            self.lose(self._coverage.held)  # only incomplete blocks are here, which the stream would overwrite
            self._trust(answer.completed_by(self.identity))
        return Admission.FLOWS

    def stream_ended(self, exchange: Exchange) -> None:
        """Takes the end of a stream that was compared."""
        if exchange.answer is not None and self._has_agreed:
            self._trust(exchange.answer.completed_by(self.identity))

    def _trust(self, identity: m.Identity) -> None:
        """Trusts the current target: its bytes belong to ``identity``."""
        self._address.trust()
        self._had_trust = True
        self.set_identity(identity)

    def continues(self, exchange: Exchange, verdict: Accepted) -> bool:
        """Whether the accepted body is certainly of the representation that flows already."""
        answer = m.Identity(verdict.length, verdict.validator, exchange.request.url.origin)
        return self._address.trusted or (self.identity is not None and self._is_same(self.identity, answer))

    def _is_same(self, known: m.Identity, answer: m.Identity) -> bool:
        """Whether the response certainly belongs to the stored representation."""
        if known.origin != answer.origin:
            return False
        # Once trusted, the judge's comparison of validators suffices; before, only a strong validator is proof.
        proved = not self._abilities.tags_disagree and known.validator.proves_same(answer.validator)
        return self._address.trusted or proved

    def distrust(self, failed: Exchange | None = None) -> None:
        """Stops trusting the target after a failed connection, unless a digest will verify the whole."""
        if self._address.trusted and not self.digest_settles:
            self._address.distrust()
            self._brought = Span(failed.start, failed.position) if failed is not None else Span(0, 0)

    def compares_first(self, *, may_hold: bool) -> bool:
        """Whether to compare blocks now, before requesting a response that couldn't be proved.

        Args:
            may_hold: Whether such a response could wait for the comparison.
        """
        known = self.identity
        if known is None or self._address.trusted or not self._coverage.held or (may_hold and not self._had_trust):
            return False
        if known.validator.if_range is not None and not self._abilities.tags_disagree:
            return False
        return self._begin_comparison(known)

    def _doubt(self, answer: m.Identity) -> Admission:
        """Starts a comparison, because nothing proves that ``answer`` is of the stored representation."""
        self._doubted = answer
        if self.comparison is None and not self._begin_comparison(answer):
            self._trust(answer)
            return Admission.FLOWS
        return Admission.WAITS

    def _begin_comparison(self, answer: m.Identity) -> bool:
        """Chooses the blocks to compare; false if there are none, so that all bytes are fetched again."""
        held, most = self._coverage.held, self.samples
        if self._had_trust and self.identity is not None and self.identity.origin == answer.origin:
            most = 1
            if not self._is_silent:
                held = held.within(self._brought) or held  # from the failed connection, as others may be newer
        blocks = samples(held, length=self.length, block_size=self.block_size, most=most)
        if not blocks and not self._is_silent:
            blocks = last_piece(held, block_size=self.block_size)
        if not blocks:
            self.lose(self._coverage.held)
            return False
        self.comparison = Comparison(Question.SAMENESS, blocks)
        return True

    def start_over(self) -> None:
        """Drops all bytes; the next response determines the representation."""
        self.identity = self.comparison = self._doubted = self._end = None
        self._address.distrust()
        self._had_trust = False
        self.culprits.forget()
        self.lose(EVERYTHING)  # everything, because dropped exchanges may have written bytes that they didn't report

    def lose(self, spans: SpanSet) -> None:
        """Forgets ``spans``, in whole blocks; their bytes will be fetched again."""
        foreign = spans & self.foreign
        self._parted_bytes += (foreign & self._coverage.stored).total
        self._coverage.disown(foreign)
        size = self.block_size  # storage forgets whole blocks, including their bytes outside of these spans
        self._coverage.lose(
            SpanSet.of(*(Span(span.start // size * size, -(-span.stop // size) * size) for span in spans))
        )
        self.foreign -= spans
        self.culprits.lose(spans)
        self._out.append(m.ForgetBlocks(spans))

    def shortened(self, spans: SpanSet) -> None:
        """Takes that ``spans`` were cut off the part file."""
        self.lose(spans)
        self.comparison = None

    def part_with(self, spans: SpanSet) -> None:
        """Drops ``spans``, which belong to another file, and ends any comparison."""
        self.comparison = self._doubted = None
        self.lose(spans)
        if not self._coverage.held:
            self.identity, self._end = None, None

    def take_back(self, spans: SpanSet) -> None:
        """Drops ``spans`` from a response that turned out to be of something else, of which only the length is kept."""
        self.lose(blocks_around(spans, length=self.known_length, block_size=self.block_size))
        if not self._coverage.held:
            self._stated_length, self.identity = self.known_length, None

    def advances(self, event: m.BlockCompared) -> bool:
        """Whether the search for the cause of a wrong digest has waited for this comparison."""
        comparison = self.comparison
        is_search = comparison is not None and comparison.question is Question.CULPRITS
        return comparison is not None and is_search and not event.filling and comparison.open.covers(event.span)

    def compared(self, event: m.BlockCompared) -> bool:
        """Takes the comparison of a recorded block; false if it shows that the server has other content now."""
        if self.comparison is not None and not event.filling:
            self.comparison.note(event.span, equal=event.equal)
            return event.equal or self.comparison.question is Question.CULPRITS or bool(self.foreign)
        self._has_agreed |= event.equal
        if event.equal or not self.foreign.covers(event.span):
            return event.equal
        self.lose(SpanSet.of(event.span))
        return True

    def take_parted_bytes(self) -> int:
        """The number of dropped bytes since the last call that counted as resumed from another program's file."""
        parted, self._parted_bytes = self._parted_bytes, 0
        return parted

    def search(self, whole: SpanSet, suspected: SpanSet, *, anew: bool = False) -> bool:
        """Starts or continues the search for a wrong digest's cause, with ``suspected`` first; false at its end."""
        if anew or not self.culprits.are_sought:
            around = blocks_around(suspected, length=self.known_length, block_size=self.block_size)
            self.culprits.seek((self.foreign | around) & whole, whole, elsewhere=anew)
            self.foreign = SpanSet()
        else:
            self.culprits.go_on(whole)
        self.comparison = self.culprits.comparison
        return self.comparison is not None

    def search_itself(self, whole: SpanSet) -> None:
        """Starts a search that compares the blocks of the present place with themselves."""
        self.culprits.seek(SpanSet(), whole, elsewhere=False)
        self.comparison = self.culprits.comparison

    def conclude(self) -> bool:
        """Ends a comparison when every block has a result; false if a wrong digest has no cause."""
        comparison = self.comparison
        if comparison is not None and self.culprits.are_elsewhere and comparison.is_another_file:
            comparison.give_up()
        if comparison is None or comparison.open:
            return True
        self.comparison = None
        if comparison.question is Question.CULPRITS:
            return self._conclude_search(comparison)
        if comparison.differing:
            self._part_with(comparison)
        if self._doubted is None:
            return True
        self._is_silent = not comparison.agreed and not comparison.differing
        if comparison.agreed or not self._coverage.held:
            self._trust(replace(self._doubted.completed_by(self.identity), length=self.known_length))
        else:
            self._doubt(self._doubted)
        return True

    def _conclude_search(self, comparison: Comparison) -> bool:
        self.culprits.heard(comparison.differing)
        if comparison.differing:
            self.lose(comparison.differing)
            if self.known_length is None:
                self.goes_on()
        if comparison.differing or (self.length is not None and not self._coverage.complete(self.length)):
            return True  # first the digest is verified again
        self.comparison = self.culprits.comparison
        return self.comparison is not None

    def _part_with(self, comparison: Comparison) -> None:
        """Drops the bytes of another program's file that differ, and those that can't be distinguished from them."""
        mostly_right = comparison.agreed.total >= comparison.differing.total
        self.lose(comparison.differing if mostly_right and self.digest_settles else self.foreign)
