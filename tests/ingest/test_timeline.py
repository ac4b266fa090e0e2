import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ps_analytics.ingest.timeline import BACK_US, LATE_US, Timeline, part
from ps_analytics.proto.codec import Batch, decode

GAP_US = 60_000_000
NOW_US = 1_760_000_000_000_000


def batch_of(times_us: list[int], first_seq: int) -> Batch:
    numbers = np.arange(first_seq, first_seq + len(times_us))
    return Batch("s", "t", NOW_US + np.array(times_us), {"speed": numbers.astype("<f4")}, first_seq=first_seq)


STEPS = st.one_of(
    st.integers(1, 100_000),
    st.integers(-400_000, 400_000),
    st.sampled_from([-90_000_000_000, -6_000_000, -LATE_US, 59_000_000, 61_000_000, 90_000_000_000]),
)


@settings(max_examples=300)
@given(st.lists(st.lists(STEPS, min_size=1, max_size=30), min_size=1, max_size=5))
def test_every_frame_is_kept_or_refused_once_and_those_kept_follow_the_rules(messages):
    timeline, now_us, seq = Timeline(), 0, 0
    for steps in messages:
        times = [now_us := now_us + step for step in steps]
        batch = batch_of(times, seq)
        parts, refused = part(batch, timeline, gap_us=GAP_US, received_us=NOW_US)
        given_back = [decode(refusal.payload) for refusal in refused]
        seen = np.concatenate([piece.columns["speed"] for piece in [*(p.batch for p in parts), *given_back]])
        assert sorted(seen) == list(range(seq, seq + len(times)))
        for piece in parts:
            timeline = Timeline() if piece.starts else timeline
            check_follows(timeline, piece.batch)
            timeline.follow(piece.batch)
            assert piece.batch.next_seq <= seq + len(times)
        seq += len(times)


def check_follows(timeline: Timeline, batch: Batch) -> None:
    """Each frame comes within the gap after the latest before it, and is at most 250 ms late."""
    latest = timeline.latest_us
    for time in batch.timestamp_us.tolist():
        if latest is not None:
            assert latest - time < LATE_US
            assert time - latest <= GAP_US
        latest = time if latest is None else max(latest, time)


def test_a_clock_that_goes_back_by_more_than_five_seconds_starts_a_session_at_once():
    timeline = Timeline()
    timeline.follow(batch_of([0, 100_000, 10_000_000], 0))
    back = 10_000_000 - BACK_US
    (kept,), _ = part(batch_of([back - 1, back + 1_000], 3), timeline, gap_us=GAP_US, received_us=NOW_US)
    assert (kept.starts, len(kept.batch), kept.untouched) == (True, 2, True)
    parts, (refusal,) = part(batch_of([back, back + 1_000], 3), timeline, gap_us=GAP_US, received_us=NOW_US)
    assert (parts, len(decode(refusal.payload))) == ([], 2)
