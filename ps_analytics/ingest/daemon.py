"""The daemon: receive, admit, write in one transaction, acknowledge; then seal laps and end silent sessions.

What is left of its time goes into learning tracks and cutting laps into their sections, one a turn.
"""

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from ps_analytics.config import Settings
from ps_analytics.errors import DatabaseUnreachable, NotFound
from ps_analytics.ingest.admission import KEPT_BYTES, position_after_bad
from ps_analytics.ingest.live_session import end
from ps_analytics.ingest.recorder import Outcome, Recorder
from ps_analytics.ingest.tracks import Backlog
from ps_analytics.store.rows import SessionRow
from ps_analytics.store.store import Store
from ps_analytics.transport.base import Message, Subscriber

log = logging.getLogger(__name__)

POLL_S = 0.25
MOST_MESSAGES = 200
"""So many go into one transaction."""
FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 5.0
"""Between attempts while the database does not answer, or something fails."""
TRIES = 3
"""A message that fails alone so often is set aside; a lap or session that cannot be finished is left for later."""


@dataclass(frozen=True, slots=True)
class _Chore:
    """Something to be done apart from the frames: seal a lap, or end a session (`roughly`: the sure way)."""

    user_id: str
    lap_id: str = ""
    session: SessionRow | None = None
    roughly: bool = False
    tries: int = 0


class Daemon:
    """Keeps the frames of all collectors of a subscriber.

    What was polled is acknowledged when the transaction that holds it has committed, never before. Whatever fails is
    rolled back and tried again: for ever if the database does not answer; a message that fails alone `TRIES` times
    becomes a dead letter, so that the frames before and after it survive.

    Args:
        store: any user's; each message is written for its own.
        subscriber: where messages come from.
        settings: `session_gap_s`.
        monotonic: s on a clock that never jumps; tells how long a collector has been silent.
        now_us: UTC microseconds.
    """

    def __init__(
        self,
        store: Store,
        subscriber: Subscriber,
        settings: Settings,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self._store, self._subscriber = store, subscriber
        self._monotonic, self._now_us = monotonic, now_us
        self._recorder = Recorder(settings.session_gap_s)
        self._polled: deque[Message] = deque()
        """Polled and not committed."""
        self._chores: deque[_Chore] = deque()
        self._backlog = Backlog()
        self._looked_back = False
        """Whether what earlier processes left uncut is in the backlog."""
        self._trying = 0
        """So many of the polled messages are in the transaction under way."""
        self._singly = 0
        """So many of the polled messages go one by one, to find the one that fails."""
        self._tries, self._error = 0, ""
        """How often the first polled message failed alone, and how."""
        self._poisoned = ""
        """The topic whose last message was set aside."""
        self._wait_s = 0.0
        self._unreachable = self._refusing = False

    def run(self, stop: threading.Event) -> None:
        """Keep frames until `stop` is set. Sessions that are being recorded go on with the next daemon."""
        while not stop.is_set():
            try:
                self.turn()
            except Exception as error:  # the top of the loop: nothing that comes in may stop the daemon
                self._retreat(error)
                stop.wait(self._wait_s)

    def turn(self, timeout_s: float = POLL_S) -> None:
        """One turn of the loop: what waits, or what comes within the time, is committed and acknowledged.

        Raises:
            DatabaseUnreachable: nobody answers; nothing is lost, the next turn tries again.
            Exception: whatever else failed; it was rolled back.
        """
        self._load()
        if not self._polled:
            wait_s = 0.0 if self._backlog.pending else timeout_s
            self._polled.extend(self._subscriber.poll(wait_s, MOST_MESSAGES))
        drained = len(self._polled) < MOST_MESSAGES
        while self._polled:
            self._keep()
        self._do_chores()
        if drained:
            silent = self._recorder.pop_silent(now_s=self._monotonic())
            self._chores.extend(_Chore(session.user_id, session=session) for session in silent)
            self._do_chores()
            self._backlog.step(self._store)
        self._recover()

    def _load(self) -> None:
        if not self._looked_back:
            for user, track in self._store.find_uncut_tracks():
                self._backlog.add(user, track)
            self._looked_back = True
        ending = {chore.session.id for chore in self._chores if chore.session is not None}
        self._recorder.load(self._store, ending=ending, now_s=self._monotonic())

    def _keep(self) -> None:
        """Commit and acknowledge the polled messages, or the first of them where one of them fails."""
        first = self._polled[0]
        if self._tries >= TRIES:
            self._set_aside(first)
            return
        self._load()
        if self._tries == TRIES - 1 and first.topic == self._poisoned:
            # It may be the session and not its messages that fails: the next one starts afresh.
            self._chores.extend(_Chore(s.user_id, session=s) for s in self._recorder.abandon(first))
        messages = [first] if self._singly else list(self._polled)
        self._trying = len(messages)
        with self._store.transaction() as transaction:
            outcome = self._recorder.take(transaction, messages, received_us=self._now_us(), now_s=self._monotonic())
        self._trying = 0
        self._follow_up(outcome)
        if any(message.topic == self._poisoned for message in messages):
            self._poisoned = ""
        self._drop_polled(len(messages))
        self._subscriber.acknowledge(outcome.acknowledged)

    def _drop_polled(self, count: int) -> None:
        for _ in range(count):
            self._polled.popleft()
        self._singly, self._tries = max(0, self._singly - count), 0

    def _follow_up(self, outcome: Outcome) -> None:
        self._chores.extend(_Chore(user_id, lap_id=lap_id) for user_id, lap_id in outcome.to_seal)
        self._chores.extend(_Chore(session.user_id, session=session) for session in outcome.to_end)
        for user_id, track in outcome.to_cut:
            self._backlog.add(user_id, track)
        if outcome.refused and not self._refusing:
            first = outcome.refused[0]
            log.warning("set aside what %s sent: %s. See `psa db check`", first.source, first.reason)
        self._refusing = bool(outcome.refused)

    def _set_aside(self, message: Message) -> None:
        """Make a dead letter of a message that fails again and again."""
        reason = f"the daemon failed on it: {self._error}"
        with self._store.for_user(message.user_id).transaction() as transaction:
            transaction.dead_letter(f"collector {message.topic}", reason, message.payload[:KEPT_BYTES])
            position = position_after_bad(message, transaction.offset(message.topic, message.partition))
            if position is not None:
                transaction.set_offset(message.topic, message.partition, position)
        log.error("set aside a message of collector %s that failed %d times: %s", message.topic, TRIES, self._error)
        self._recorder.forget()
        self._poisoned = message.topic
        self._drop_polled(1)
        self._subscriber.acknowledge([message] if position is not None else [])

    def _do_chores(self) -> None:
        while self._chores:
            chore, track = self._chores[0], None
            with contextlib.suppress(NotFound), self._store.for_user(chore.user_id).transaction() as transaction:
                if chore.session is None:
                    transaction.seal_lap(chore.lap_id)
                    session_id = transaction.lap(chore.lap_id).session_id
                else:
                    end(transaction, chore.session, roughly=chore.roughly)
                    session_id = chore.session.id
                track = transaction.session(session_id).track
            self._chores.popleft()
            if track is not None:
                self._backlog.add(chore.user_id, track)

    def _retreat(self, error: Exception) -> None:
        """After a failure: forget what was not committed, and decide what is tried next."""
        self._recorder.forget()
        self._wait_s = min(max(2 * self._wait_s, FIRST_WAIT_S), LONGEST_WAIT_S)
        if isinstance(error, DatabaseUnreachable):
            if not self._unreachable:
                log.error("%s Frames wait with their collectors until it answers", error)
            self._unreachable, self._trying = True, 0
            return
        log.error("a turn of the daemon failed and is tried again", exc_info=error)
        if self._trying > 1:
            self._singly = self._trying
        elif self._trying == 1:
            self._singly, self._tries = max(self._singly, 1), self._tries + 1
            self._error = "".join(c if c.isprintable() else " " for c in f"{type(error).__name__}: {error}")[:500]
        elif self._chores and not self._polled:
            self._blame_chore(self._chores.popleft())
        self._trying = 0

    def _blame_chore(self, chore: _Chore) -> None:
        if chore.tries + 1 < TRIES:
            self._chores.append(replace(chore, tries=chore.tries + 1))
        elif chore.session is not None and not chore.roughly:
            self._chores.append(replace(chore, roughly=True, tries=0))
        elif chore.session is not None:
            log.error("session %s cannot be ended; the next start tries again", chore.session.id)
        else:
            log.error("lap %s cannot be sealed; run `psa db check --fix`", chore.lap_id)

    def _recover(self) -> None:
        """A turn went well."""
        if self._unreachable:
            log.warning("the database answers again")
        self._unreachable, self._wait_s = False, 0.0
