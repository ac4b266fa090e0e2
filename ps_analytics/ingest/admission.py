"""What a message may bring in: the checks a batch must pass before any of its frames reaches the database.

A reason names the kind of trouble and not its size, so that `psa db check` can count what has the same one.
"""

from dataclasses import dataclass, replace

from ps_analytics.errors import WireError
from ps_analytics.proto.codec import Batch, decode
from ps_analytics.transport.base import Message

KEPT_BYTES = 256 * 1024
"""So much of a refused payload is kept: every batch a collector of ours makes, the head of anything larger."""
_CENTURIES = 2**40


@dataclass(frozen=True, slots=True)
class Refusal:
    """What goes to the dead letters, and why."""

    source: str
    reason: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Admission:
    """What a message brings: its new frames (None if there are none), or why it brings none.

    `payload` is the batch's; None if only a part of the message is new. `position` is where its topic stands after
    it; None if its numbers cannot be believed, so that no good frame after it is taken for a known one.
    """

    batch: Batch | None
    payload: bytes | None
    refusal: Refusal | None
    position: int | None


def admit(message: Message, position: int | None) -> Admission:
    """What a message brings to a topic that stands at `position` (the next sequence number; None: nothing is known)."""
    if position is not None and message.next_offset <= position:
        return Admission(None, None, None, position)
    try:
        batch = decode(message.payload)
        _check(batch, message)
    except WireError as error:
        refusal = Refusal(f"collector {message.topic}", str(error), message.payload[:KEPT_BYTES])
        return Admission(None, None, refusal, position_after_bad(message, position))
    if position is None or batch.first_seq >= position:
        return Admission(batch, message.payload, None, message.next_offset)
    return Admission(without_head(batch, position - batch.first_seq), None, None, message.next_offset)


def without_head(batch: Batch, frames: int) -> Batch:
    """The batch without its first frames."""
    return replace(batch.taken(slice(frames, None)), first_seq=batch.first_seq + frames)


def _check(batch: Batch, message: Message) -> None:
    if (batch.first_seq, batch.next_seq) != (message.offset, message.next_offset):
        raise WireError("its sequence numbers are not those of the message", field="first_seq")


def position_after_bad(message: Message, position: int | None) -> int | None:
    """Where a topic stands after a message that cannot be used: past it, if its numbers can be believed; else None.

    They continue what is known, or are no more than some centuries of frames where nothing is known; and a frame takes
    at least a byte.
    """
    follows = message.offset <= position if position is not None else message.offset < _CENTURIES
    believable = message.next_offset - message.offset <= len(message.payload)
    return message.next_offset if follows and believable else None
