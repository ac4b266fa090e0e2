"""From messages to one transaction: which session each frame belongs to, and what is written with it."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from ps_analytics.ingest.admission import KEPT_BYTES, Refusal, admit
from ps_analytics.ingest.live_session import LiveSession, continues
from ps_analytics.ingest.timeline import Timeline, part
from ps_analytics.proto.codec import MAX_CHANNELS, Batch, encode
from ps_analytics.store.rows import SessionRow
from ps_analytics.store.store import Store
from ps_analytics.store.transaction import Transaction
from ps_analytics.transport.base import Message

TopicKey = tuple[str, int]
"""A collector: topic and partition."""


@dataclass(slots=True)
class _Topic:
    """One collector: where it stands, the session it is in, and when it was heard last."""

    user_id: str
    position: int | None
    live: LiveSession | None = None
    heard_s: float = 0.0


@dataclass(slots=True)
class Outcome:
    """What a transaction leaves to be done once it is committed."""

    acknowledged: list[Message] = field(default_factory=list)
    to_seal: list[tuple[str, str]] = field(default_factory=list)
    """User and lap id."""
    to_end: list[SessionRow] = field(default_factory=list)
    to_cut: list[tuple[str, str]] = field(default_factory=list)
    """User and track of laps that were corrected after they were sealed."""
    refused: list[Refusal] = field(default_factory=list)


class Recorder:
    """All sessions that are being recorded, of all users and collectors.

    It keeps nothing that the database does not have: after a transaction that failed, `forget` and `load` bring back
    what is committed, as they do after a restart.

    Args:
        gap_s: a session ends after so many seconds without frames.
    """

    def __init__(self, gap_s: float) -> None:
        self._gap_s, self._gap_us = gap_s, round(gap_s * 1e6)
        self._topics: dict[TopicKey, _Topic] = {}
        self._dormant: dict[str, SessionRow] = {}
        """Recording sessions nobody has sent frames for since this process began, by id."""
        self._since_s = 0.0
        self._loaded = False

    def load(self, store: Store, *, ending: Container[str], now_s: float) -> None:
        """Find the recording sessions an earlier process left, if that is not done yet.

        Args:
            store: of any user.
            ending: ids of the sessions about to be ended.
            now_s: now, on a clock that never jumps.

        Raises:
            StoreError: the database cannot be asked.
        """
        if self._loaded:
            return
        for user in store.find_recording_users():
            with store.for_user(user).transaction() as transaction:
                found = [session for session in transaction.recording_sessions() if session.id not in ending]
            self._dormant.update({session.id: session for session in found})
        self._since_s, self._loaded = now_s, True

    def forget(self) -> None:
        """Drop everything: the database knows it, and more truly."""
        self._topics.clear()
        self._dormant.clear()
        self._loaded = False

    def abandon(self, message: Message) -> list[SessionRow]:
        """The sleeping sessions that a message would wake; it will not, a new one begins with it."""
        batch = admit(message, None).batch
        found = [
            session
            for session in self._dormant.values()
            if batch is not None and session.user_id == message.user_id and continues(session, batch)
        ]
        for session in found:
            del self._dormant[session.id]
        return found

    def take(self, transaction: Transaction, messages: Iterable[Message], *, received_us: int, now_s: float) -> Outcome:
        """Write what the messages bring: batches, rows, positions, sessions, laps and dead letters.

        Args:
            transaction: of any user; each message is written for its own.
            messages: as polled, each topic in order.
            received_us: now, UTC microseconds.
            now_s: now, on a clock that never jumps.
        """
        outcome = Outcome()
        work = _Work(transaction, received_us, now_s)
        touched: dict[TopicKey, int | None] = {}
        for message in messages:
            key = (message.topic, message.partition)
            topic = self._topics.get(key)
            if topic is None:
                topic = _Topic(message.user_id, transaction.offset(*key))
                self._topics[key] = topic
            touched.setdefault(key, topic.position)
            if self._take_message(work, outcome, topic, message):
                outcome.acknowledged.append(message)
        work.write()
        self._conclude(transaction, work, outcome, touched)
        return outcome

    def _take_message(self, work: "_Work", outcome: Outcome, topic: _Topic, message: Message) -> bool:
        """Whether the topic stands after the message now."""
        admission = admit(message, topic.position)
        refused = [] if admission.refusal is None else [admission.refusal]
        if admission.position is not None:
            topic.position = admission.position
        if admission.batch is not None:
            refused += self._take_batch(work, outcome, topic, admission.batch, admission.payload)
        mine = work.user(topic.user_id)
        for refusal in refused:
            mine.dead_letter(refusal.source, refusal.reason, refusal.payload, received_us=work.received_us)
        outcome.refused += refused
        return admission.position is not None

    def _take_batch(
        self, work: "_Work", outcome: Outcome, topic: _Topic, batch: Batch, payload: bytes | None
    ) -> list[Refusal]:
        """What of the batch is refused."""
        transaction = work.user(topic.user_id)
        if topic.live is None:
            topic.live = self._wake(work, topic.user_id, batch)
        elif not topic.live.fits(batch):
            self._leave(topic, outcome)
        timeline = Timeline() if topic.live is None else topic.live.timeline
        parts, refused = part(batch, timeline, gap_us=self._gap_us, received_us=work.received_us)
        for piece in parts:
            if piece.starts and topic.live is not None:
                self._leave(topic, outcome)
            if topic.live is None:
                topic.live = LiveSession.open(transaction, piece.batch)
            if not topic.live.admits(piece.batch):
                reason = f"more than {MAX_CHANNELS:,} channels in one session"
                refused.append(Refusal(batch.source, reason, encode(piece.batch)[:KEPT_BYTES]))
                continue
            topic.live.learn(transaction, piece.batch)
            topic.live.take(piece.batch)
            topic.heard_s = work.now_s
            as_it_came = payload if piece.untouched else None
            work.add(topic.live, piece.batch, encode(piece.batch) if as_it_came is None else as_it_came)
        return refused

    def _wake(self, work: "_Work", user_id: str, batch: Batch) -> LiveSession | None:
        """The recording session of an earlier process that this batch continues, if there is one."""
        for session in reversed(self._dormant.values()):  # of two with the same ids the older one is over
            if session.user_id != user_id or not continues(session, batch):
                continue
            live = LiveSession.resume(work.user(user_id), session)
            if live is not None and live.next_seq <= batch.first_seq:
                del self._dormant[session.id]
                work.sessions[live] = None
                return live
        return None

    @staticmethod
    def _leave(topic: _Topic, outcome: Outcome) -> None:
        assert topic.live is not None
        outcome.to_end.append(topic.live.session)
        topic.live = None

    def _conclude(
        self, transaction: Transaction, work: "_Work", outcome: Outcome, touched: dict[TopicKey, int | None]
    ) -> None:
        ended = {session.id for session in outcome.to_end}
        for live in work.sessions:
            live.cut(transaction.for_user(live.session.user_id))
            if live.session.id not in ended:  # who ends a session seals all of it
                outcome.to_seal += [(live.session.user_id, lap_id) for lap_id in dict.fromkeys(live.to_seal)]
                if live.corrected and live.session.track is not None:
                    outcome.to_cut.append((live.session.user_id, live.session.track))
            live.to_seal, live.corrected = [], False
        for (name, partition), before in touched.items():
            topic = self._topics[name, partition]
            if topic.position is not None and topic.position != before:
                transaction.set_offset(name, partition, topic.position)
            if topic.live is None:
                del self._topics[name, partition]

    def pop_silent(self, *, now_s: float) -> list[SessionRow]:
        """The sessions that have had no frames for too long; they are no longer among those being recorded."""
        silent = [key for key, topic in self._topics.items() if now_s - topic.heard_s > self._gap_s]
        topics = [self._topics.pop(key) for key in silent]
        found = [topic.live.session for topic in topics if topic.live is not None]
        if self._dormant and now_s - self._since_s > self._gap_s:
            found += self._dormant.values()
            self._dormant.clear()
        return found


class _Work:
    """What one transaction has to write, gathered so that it goes to the database at once."""

    def __init__(self, transaction: Transaction, received_us: int, now_s: float) -> None:
        self.received_us, self.now_s = received_us, now_s
        self._transaction = transaction
        self._batches: dict[str, list[tuple[SessionRow, Batch, bytes]]] = {}
        self.sessions: dict[LiveSession, None] = {}

    def user(self, user_id: str) -> Transaction:
        """The transaction, writing for a user."""
        return self._transaction.for_user(user_id)

    def add(self, live: LiveSession, batch: Batch, payload: bytes) -> None:
        """Write a batch of a session."""
        self._batches.setdefault(live.session.user_id, []).append((live.session, batch, payload))
        self.sessions[live] = None

    def write(self) -> None:
        """Write all batches."""
        for user_id, batches in self._batches.items():
            self.user(user_id).write_all(batches)
