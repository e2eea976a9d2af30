"""What the part file holds pieces of, and whether an answer belongs to it: bytes of two representations never meet.

Where a strong validator proves an answer to be of the representation that is here, nothing more is asked. Where none
can (another host after a renewal, weak or missing validators on resume, replicas whose tags disagree), a few recorded
blocks are fetched again and compared with the journal before anything is stored. Within a run the same is asked after
each connection that failed, of one block, unless a digest will settle it: the server may have new content by then.

For what another program has left nobody vouches: more blocks are compared, and where they differ nothing is wrong with
the server. Beside a digest that will find every wrong block, those that differ come again, as long as most of them
agree; otherwise all of it does. Without one a few wrong bytes between the samples stay unseen, as they would in any
file whose digest nobody knows.
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
from anymatix_fetcher.core.machine.search import CulpritSearch
from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.core.values.http import Validator
from anymatix_fetcher.core.values.spans import EVERYTHING, Span, SpanSet

if TYPE_CHECKING:
    from anymatix_fetcher.core.answers.address import Address
    from anymatix_fetcher.core.answers.judge import Accepted
    from anymatix_fetcher.core.machine.coverage import Coverage
    from anymatix_fetcher.core.machine.exchange import Exchange
    from anymatix_fetcher.core.machine.manners import Manners
    from anymatix_fetcher.core.values.urls import Origin


class Matching:
    """The identity of one download's bytes.

    Args:
        address: Whose trust it keeps: a target is trusted once its answers are known to belong to what is here.
        manners: Whether the server's tags may be believed.
        coverage: What is here.
        out: Where commands go.
        block_size: The journal's; told anew when the part file is opened or laid out.
        stated_length: Bytes of the whole file, as the caller or the source states them.
    """

    def __init__(
        self,
        address: Address,
        manners: Manners,
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
        self._manners = manners
        self._out = out
        self.samples = SAMPLES
        """How many blocks have to agree where nothing else proves sameness."""
        self.foreign = SpanSet()
        """What another program has left, as far as the digest hasn't proved it."""
        self.digest_settles = False
        """Whether a digest will tell at the end whether all of it is right."""
        self._had_trust = False
        self._is_silent = False
        self._has_agreed = False
        self._brought = Span(0, 0)
        self._search: CulpritSearch | None = None
        self._parted_bytes = 0

    @property
    def known_length(self) -> int | None:
        """Bytes of the whole file, where anybody has stated them: no answer that states none changes that."""
        stated = self.identity.length if self.identity else None
        return self._stated_length if stated is None else stated

    @property
    def length(self) -> int | None:
        """Bytes of the whole file: as they were stated, else up to where a body of unstated length has ended."""
        return self._end if self.known_length is None else self.known_length

    def state_length(self, length: int) -> None:
        """The file's own service says how long it is."""
        self._stated_length = length

    def ends_at(self, position: int) -> None:
        """A body of unstated length ended there.

        That isn't written down: a connection that was cut ends in the same way.
        """
        self._end = position

    def goes_on(self) -> None:
        """Another one was longer, or differs: the file's end is still to be found."""
        end, self._end, self.comparison = self._end or 0, None, None
        self.take_back(SpanSet.of(Span(end // self.block_size * self.block_size, end + 1)))

    def expect_digest(self, *, settles: bool) -> None:
        """Takes whether a digest will settle at the end what the whole is: then fewer blocks are compared."""
        self.digest_settles = settles
        if self.foreign:
            self.samples = SAMPLES if settles else SAMPLES_OF_FOREIGN
        else:
            self.samples = SAMPLES_BESIDE_A_DIGEST if settles else SAMPLES

    def set_identity(self, identity: m.Identity) -> None:
        """From now on the part file holds pieces of ``identity``."""
        if identity.length is None:
            identity = replace(identity, length=self.known_length)
        if identity != self.identity:
            self.identity = identity
            if self.storage_is_open:
                self._out.append(m.SetIdentity(identity))

    def begin(self, *, storage_is_open: bool) -> None:
        """The download begins, with its part file or without."""
        self.storage_is_open = storage_is_open

    def lay_out(self, block_size: int) -> None:
        """The part file has blocks of this many bytes."""
        self.block_size = block_size

    def write_down(self) -> None:
        """The part file is open now: what is known already is written into its journal."""
        self.storage_is_open = True
        if self.identity is not None:
            self._out.append(m.SetIdentity(self.identity))

    def resume(self, kept: m.KeptBlocks) -> None:
        """Goes on with what an earlier run left; whether the server still has it is to be seen."""
        self.storage_is_open = True
        self.identity = kept.identity
        self._address.distrust()
        self._coverage.resume(kept.blocks)
        if kept.identity.origin == m.FOREIGN:
            self.foreign = kept.blocks
        self._out += [m.SetIdentity(kept.identity), m.ProveBlocks(kept.blocks)]

    def turn_to(self, address: Address, manners: Manners) -> None:
        """The bytes come from another place now."""
        self._address, self._manners = address, manners
        self.comparison = self._doubted = None
        self._had_trust = False

    def known(self, origin: Origin, name: str) -> Known:
        """What an answer from ``origin`` has to agree with."""
        identity = self.identity
        comparable = identity is not None and identity.origin == origin and not self._manners.tags_disagree
        return Known(self.known_length, identity.validator if identity and comparable else Validator(), name)

    def admit(self, exchange: Exchange, verdict: Accepted) -> Admission:
        """Whether the accepted body may flow."""
        origin, known, held = exchange.request.url.origin, self.identity, self._coverage.held
        answer = m.Identity(verdict.length, verdict.validator, origin)
        if not verdict.ranged:
            self._expect_all(exchange)
            held = self._coverage.held
        if known is None or not held:
            # Others may flow already from the same place.
            self._trust(answer.completed_by(known) if self._address.trusted else answer)
            return Admission.FLOWS
        if self._is_same(known, answer):
            moved = known.origin != origin or known.length is None
            self._trust(replace(answer.completed_by(known), length=known.length or answer.length) if moved else known)
            # An earlier run may have left these bytes, which wasn't known when they were asked for.
            needed = exchange.purpose is Purpose.COMPARE or not verdict.ranged or exchange.start not in held
            return Admission.FLOWS if needed else Admission.UNNEEDED
        if not verdict.ranged:
            return self._admit_stream(exchange, answer)
        if exchange.purpose is Purpose.COMPARE:
            self._doubted = answer
            if known.origin != origin and self.comparison is not None:  # it was begun for a place that was trusted
                blocks = samples(held, length=self.length, block_size=self.block_size, most=self.samples)
                self.comparison.add(blocks)
            return Admission.FLOWS
        return self._doubt(answer)

    def _expect_all(self, exchange: Exchange) -> None:
        """All of the file comes, in one stream: what was to be compared is compared on its way."""
        if self.foreign:
            self.lose(self.foreign)  # from a server that is to be believed
        if self.comparison is not None and self.comparison.question is Question.SAMENESS:
            self.comparison = self._doubted = None
            exchange.fill_instead()

    def _admit_stream(self, exchange: Exchange, answer: m.Identity) -> Admission:
        """One stream over recorded blocks compares every one of them on its way: nothing else need prove sameness."""
        if samples(self._coverage.held, length=self.length, block_size=self.block_size):
            # It isn't written down before that what is here belongs to the answer: it may turn out to be of another.
            exchange.says_to_be(answer)
            self._has_agreed = False
        else:
            self.lose(self._coverage.held)  # only pieces of blocks are here, which it would write over
            self._trust(answer.completed_by(self.identity))
        return Admission.FLOWS

    def stream_ended(self, exchange: Exchange) -> None:
        """One that was compared on its way has come to its end."""
        if exchange.answer is not None and self._has_agreed:
            self._trust(exchange.answer.completed_by(self.identity))

    def _trust(self, identity: m.Identity) -> None:
        """What comes from the place in use belongs to ``identity``, of which pieces are here."""
        self._address.trust()
        self._had_trust = True
        self.set_identity(identity)

    def continues(self, exchange: Exchange, verdict: Accepted) -> bool:
        """Whether the accepted body is surely of what flows already."""
        answer = m.Identity(verdict.length, verdict.validator, exchange.request.url.origin)
        return self._address.trusted or (self.identity is not None and self._is_same(self.identity, answer))

    def _is_same(self, known: m.Identity, answer: m.Identity) -> bool:
        """Whether the answer surely belongs to the representation that is here."""
        if known.origin != answer.origin:
            return False
        # Once trusted, the judge's comparison of validators is enough; before, only a strong validator proves it.
        proved = not self._manners.tags_disagree and known.validator.proves_same(answer.validator)
        return self._address.trusted or proved

    def distrust(self, failed: Exchange | None = None) -> None:
        """A connection has failed: what the next one brings may be of other content, where nothing will tell."""
        if self._address.trusted and not self.digest_settles:
            self._address.distrust()
            self._brought = Span(failed.start, failed.position) if failed is not None else Span(0, 0)

    def compares_first(self, *, may_hold: bool) -> bool:
        """Whether blocks are compared now, before an answer that couldn't prove itself is asked for.

        Args:
            may_hold: Whether such an answer could wait until they are.
        """
        known = self.identity
        if known is None or self._address.trusted or not self._coverage.held or (may_hold and not self._had_trust):
            return False
        if known.validator.if_range is not None and not self._manners.tags_disagree:
            return False
        return self._begin_comparison(known)

    def _doubt(self, answer: m.Identity) -> Admission:
        """Nothing proves ``answer`` to be of the representation that is here: recorded blocks have to."""
        self._doubted = answer
        if self.comparison is None and not self._begin_comparison(answer):
            self._trust(answer)
            return Admission.FLOWS
        return Admission.WAITS

    def _begin_comparison(self, answer: m.Identity) -> bool:
        """Chooses what is compared; False where nothing is here that could be, which comes again."""
        held, most = self._coverage.held, self.samples
        if self._had_trust and self.identity is not None and self.identity.origin == answer.origin:
            most = 1
            if not self._is_silent:
                held = held.within(self._brought) or held  # of the very one that failed: others may be newer
        blocks = samples(held, length=self.length, block_size=self.block_size, most=most)
        if not blocks and not self._is_silent:
            blocks = last_piece(held, block_size=self.block_size)
        if not blocks:
            self.lose(self._coverage.held)
            return False
        self.comparison = Comparison(Question.SAMENESS, blocks)
        return True

    def start_over(self) -> None:
        """Nothing that is here counts any longer; the next answer says what the file is."""
        self.identity = self.comparison = self._doubted = self._end = None
        self._address.distrust()
        self._had_trust = False
        self._search = None
        self.lose(EVERYTHING)  # more than is known: dropped exchanges have written what they didn't tell of any more

    def lose(self, spans: SpanSet) -> None:
        """``spans`` have to come again, whole blocks of them."""
        foreign = spans & self.foreign
        self._parted_bytes += (foreign & self._coverage.stored).total
        self._coverage.disown(foreign)
        size = self.block_size  # storage strikes whole blocks, with all that came of them beside these spans
        self._coverage.lose(
            SpanSet.of(*(Span(span.start // size * size, -(-span.stop // size) * size) for span in spans))
        )
        self.foreign -= spans
        self._out.append(m.ForgetBlocks(spans))

    def shortened(self, spans: SpanSet) -> None:
        """``spans`` were cut off the part file."""
        self.lose(spans)
        self.comparison = None

    def part_with(self, spans: SpanSet) -> None:
        """``spans`` are another file's, whatever was known of them: they come again, and nothing is compared."""
        self.comparison = self._doubted = None
        self.lose(spans)
        if not self._coverage.held:
            self.identity, self._end = None, None

    def take_back(self, spans: SpanSet) -> None:
        """``spans`` came from an answer that turned out to be of something else: only its length is known still."""
        self.lose(blocks_around(spans, length=self.known_length, block_size=self.block_size))
        if not self._coverage.held:
            self._stated_length, self.identity = self.known_length, None

    def advances(self, event: m.BlockCompared) -> bool:
        """Whether the search for what spoils the digest has waited for this answer, which it asks for once."""
        comparison = self.comparison
        is_search = comparison is not None and comparison.question is Question.CULPRITS
        return comparison is not None and is_search and not event.filling and comparison.open.covers(event.span)

    def compared(self, event: m.BlockCompared) -> bool:
        """A recorded block came again; False where that shows the server to have other content now."""
        if self.comparison is not None and not event.filling:
            self.comparison.note(event.span, equal=event.equal)
            return event.equal or self.comparison.question is Question.CULPRITS or bool(self.foreign)
        self._has_agreed |= event.equal
        if event.equal or not self.foreign.covers(event.span):
            return event.equal
        self.lose(SpanSet.of(event.span))
        return True

    def take_parted_bytes(self) -> int:
        """How many bytes that had counted as another program's good ones went since the last call."""
        parted, self._parted_bytes = self._parted_bytes, 0
        return parted

    def search(self, whole: SpanSet, suspected: SpanSet) -> bool:
        """Begins the search for what spoils the digest, in ``suspected`` first, or goes on; False at its end."""
        if self._search is None:
            around = blocks_around(suspected, length=self.known_length, block_size=self.block_size)
            self._search, self.foreign = CulpritSearch((self.foreign | around) & whole, whole), SpanSet()
        elif self._search.whole != whole:
            self._search.turn_to(whole)
        if self._search.blocks:
            self.comparison = Comparison(Question.CULPRITS, self._search.blocks)
        return bool(self._search.blocks)

    @property
    def is_searching(self) -> bool:
        """Whether it is being looked for what spoils the digest, so that the server may send anything."""
        return self._search is not None

    @property
    def fickle(self) -> int:
        """How many blocks have come differently each time, as far as the search has come."""
        spans = self._search.fickle if self._search is not None else ()
        return sum(len(span.blocks(self.block_size)) for span in spans)

    def conclude(self) -> bool:
        """Concludes when every block has been compared; False where a wrong digest has no culprit."""
        comparison = self.comparison
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
        if self._search is None:
            raise AssertionError("culprits are compared in a search only")
        self._search.heard(comparison.differing)
        if comparison.differing:
            self.lose(comparison.differing)
            if self.known_length is None:
                self.goes_on()
            return True  # when they are here again, the digest is asked for first
        return self.search(self._search.whole, SpanSet())

    def _part_with(self, comparison: Comparison) -> None:
        """Samples of what another program has left differ: they go, and with them what can't be told from them."""
        mostly_right = comparison.agreed.total >= comparison.differing.total
        self.lose(comparison.differing if mostly_right and self.digest_settles else self.foreign)
