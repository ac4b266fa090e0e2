"""The generated code is that of the schema, and the reader's twin is the same on the wire."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ps_analytics import proto
from ps_analytics.proto import telemetry_pb2
from ps_analytics.proto.codec import Batch, Extra, decode, encode, frames
from ps_analytics.proto.generate import generate

FLOATS = st.floats(width=32, min_value=np.float32(-1e30), max_value=np.float32(1e30))
TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8)


def test_the_generated_code_is_that_of_the_schema(tmp_path: Path) -> None:
    pytest.importorskip("grpc_tools", reason="the compiler is a development tool")
    generate(tmp_path)
    here = Path(proto.__file__).parent
    for name in ("telemetry_pb2.py", "telemetry_pb2.pyi"):
        assert (tmp_path / name).read_text("utf-8") == (here / name).read_text("utf-8"), (
            f"run {proto.__name__}.generate"
        )


@given(st.data())
def test_the_twin_and_the_public_message_are_the_same_bytes(data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 5))

    def column(elements: st.SearchStrategy) -> list:
        return data.draw(st.lists(elements, min_size=rows, max_size=rows))

    times = column(st.integers(0, 2**56 - 1))
    speed, gear = column(FLOATS), column(st.integers(-(2**31), 2**31 - 1))
    oil, latitude = column(FLOATS), column(st.floats(-90, 90))
    texts = {name: data.draw(TEXTS) for name in ("track", "car", "driver")}
    facts = {"session_id": "s", "source": "test", "first_seq": data.draw(st.integers(0, 2**62 - 1)),
             "rate_hz": data.draw(st.floats(width=32, min_value=1, max_value=1000)), "live": data.draw(st.booleans()),
             **texts}  # fmt: skip
    public = telemetry_pb2.TelemetryBatch(timestamp_us=times, speed=speed, gear=gear, **facts)
    public.channels.add(name="oil_temp", unit="C", rate_hz=10.0, values=oil)
    public.channels.add(name="latitude", unit="deg", rate_hz=10.0, doubles=latitude)
    batch = Batch(
        timestamp_us=np.array(times, np.int64),
        columns={"speed": np.array(speed, np.float32), "gear": np.array(gear, np.int32)},
        extras={
            "oil_temp": Extra(np.array(oil, np.float32), "C", 10.0),
            "latitude": Extra(np.array(latitude), "deg", 10.0),
        },
        **facts,
    )
    assert encode(batch) == public.SerializeToString(deterministic=True)
    read = telemetry_pb2.TelemetryBatch.FromString(encode(batch))
    assert read == public
    again = decode(public.SerializeToString())
    assert (again.timestamp_us.tolist(), again.columns["speed"].tolist(), again.columns["gear"].tolist()) == (
        times, speed, gear
    )  # fmt: skip
    assert again.extras["latitude"].values.tolist() == latitude


def test_single_messages_leave_out_what_is_missing() -> None:
    batch = Batch(
        "s",
        "test",
        np.array([1, 2]),
        {"speed": np.array([3.0, np.nan], np.float32), "gear": np.array([-(2**31), 4], np.int32)},
        {"oil_temp": Extra(np.array([np.nan, 90.0], np.float32), "C", 10.0)},
    )
    first, second = frames(batch)
    assert (first.timestamp_us, first.speed, first.HasField("gear"), len(first.extras)) == (1, 3.0, False, 0)
    assert (second.HasField("speed"), second.gear) == (False, 4)
    assert [(extra.name, extra.unit, extra.value) for extra in second.extras] == [("oil_temp", "C", 90.0)]
