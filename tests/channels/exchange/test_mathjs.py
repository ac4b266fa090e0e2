"""Math channels of the origin keep their text; their inputs are names of their own."""

import json
from typing import Any

import polars as pl
import pytest

from ps_analytics.channels import evaluate
from ps_analytics.channels.definitions import MathChannel, Policy
from ps_analytics.channels.exchange import Imported, read_math
from ps_analytics.errors import BadMathFile


def entry(label: str, expression: str, *inputs: tuple[str, str], **other: Any) -> dict[str, Any]:
    given = [{"channelId": channel, "alias": alias} for channel, alias in inputs]
    kind = {"id": f"id of {label}", "kind": "math", "isTimeAxis": False, "validated": True, "defaultColor": "#3b82f6"}
    return {**kind, "label": label, "unit": "", "expression": expression, "inputs": given, **other}


def read(*entries: Any) -> Imported:
    return read_math(json.dumps(list(entries)).encode())


def test_a_channel_is_taken_as_it_is() -> None:
    found = read(entry("Pedal Gap", "t - b", ("throttle", "t"), ("brake", "b"), unit="%", comment="both pedals"))
    assert found.channels == (
        MathChannel("Pedal Gap", "t - b", "%", Policy.WARN, {"t": "throttle", "b": "brake"}, about="both pedals"),
    )
    assert found.notes == ()


def test_the_time_of_the_origin_is_the_lap_time() -> None:
    assert read(entry("Clock", "t", ("time", "t"))).channels[0].inputs == {"t": "lap_time"}


def test_the_position_of_the_origin_runs_to_100() -> None:
    found = read(entry("Half", "p > 50", ("normalizedPosition", "p")))
    assert found.channels[0].inputs == {"p": "normalized_position * 100"}
    frame = pl.DataFrame({"timestamp": [0.0, 1.0, 2.0], "normalized_position": [0.25, 0.5, 0.75]})
    assert evaluate({"Half": found.channels[0]}, frame)["Half"].to_list() == [False, False, True]


def test_an_input_may_be_another_channel_of_the_file() -> None:
    found = read(entry("Twice", "x * 2", ("id of Once", "x")), entry("Once", "v", ("speed", "v")))
    assert found.channels[0].inputs == {"x": "Once"}


def test_inputs_may_be_text_as_in_a_dump_of_the_table() -> None:
    given = entry("Half", "v / 2") | {"inputs": '[{"channelId": "speed", "alias": "v"}]'}
    assert read(given).channels[0].inputs == {"v": "speed"}


@pytest.mark.parametrize("under", ["channels", "mathChannels"])
def test_channels_may_lie_in_an_object(under: str) -> None:
    found = read_math(json.dumps({under: [entry("A", "1"), entry("B", "2")]}).encode())
    assert [channel.name for channel in found.channels] == ["A", "B"]


def test_one_channel_alone_is_a_file() -> None:
    assert read_math(json.dumps(entry("A", "1")).encode()).channels[0].name == "A"


def test_names_that_are_taken_get_a_number() -> None:
    found = read(
        entry("Speed", "v * 2", ("speed", "v")),
        entry("Gap", "1"),
        entry("gap", "2"),
        entry("Uses", "x + y", ("id of Speed", "x"), ("id of gap", "y")),
    )
    assert [channel.name for channel in found.channels] == ["Speed 2", "Gap", "gap 2", "Uses"]
    assert found.channels[3].inputs["x"] == "Speed 2"
    assert found.notes == (
        "'Speed' is called 'Speed 2': a recorded channel has that name.",
        "'gap' is called 'gap 2': another channel has that name.",
    )


def test_a_unit_that_is_not_known_is_left_out_and_told() -> None:
    found = read(entry("A", "1", unit="furlong"))
    assert found.channels[0].unit is None
    assert found.notes == ("'A': the unit 'furlong' is not known and left out.",)


BAD: dict[str, tuple[Any, str]] = {
    "no label": ({"expression": "1"}, "channel 1: label: field required."),
    "an empty label": (entry("<>", "1"), "channel 1: label: it is empty."),
    "an expression that is no text": (
        entry("A", "1") | {"expression": 1},
        "channel 1: expression: input should be a valid string.",
    ),
    "inputs that are no list": (entry("A", "1") | {"inputs": 7}, "channel 1: inputs: input should be a valid list."),
    "inputs that are no json": (entry("A", "1") | {"inputs": "["}, "channel 1: inputs: the text is not JSON."),
    "an input without alias": (
        entry("A", "1") | {"inputs": [{"channelId": "speed"}]},
        "channel 1: inputs[0].alias: field required.",
    ),
    "a long expression": (entry("A", "1" * 2001), "channel 1 ('A'): expression: it has more than 2000 characters."),
    "many inputs": (
        entry("A", "1", *[("speed", f"a{n}") for n in range(65)]),
        "channel 1 ('A'): it has more than 64 inputs.",
    ),
}


@pytest.mark.parametrize("name", list(BAD))
def test_what_is_wrong_is_told_with_its_place(name: str) -> None:
    given, reason = BAD[name]
    with pytest.raises(BadMathFile) as caught:
        read(given)
    assert caught.value.reason == reason


def test_a_file_has_so_many_channels_at_most() -> None:
    with pytest.raises(BadMathFile, match="more than 1000 channels"):
        read(*[entry(f"c{n}", "1") for n in range(1001)])
