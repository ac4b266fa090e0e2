"""The catalogue's own rules: every name, unit and alias means one thing."""

import pytest

from ps_analytics.channels.catalog import CATALOG, Kind, channel_spec, find_channel, normalise
from ps_analytics.channels.units import parse_unit
from ps_analytics.errors import UnknownChannel

SEED = {"timestamp", "throttle", "brake", "steering", "speed", "gear", "rpm", "lap_time", "lap_number"}
SEED |= {"normalized_position"}


def test_it_has_the_seeds_ten() -> None:
    assert set(CATALOG) >= SEED


def test_every_unit_is_of_the_unit_language() -> None:
    for spec in CATALOG.values():
        if spec.unit not in (None, "bool"):
            parse_unit(spec.unit)


def test_an_alias_belongs_to_one_channel_and_is_no_channels_name() -> None:
    names = {normalise(name) for name in CATALOG}
    owners: dict[str, str] = {}
    for spec in CATALOG.values():
        for alias in map(normalise, spec.aliases):
            assert alias not in names, alias
            assert owners.setdefault(alias, spec.name) == spec.name


def test_a_wheel_row_stands_for_four_channels_with_their_own_aliases() -> None:
    assert find_channel("RRshockVel") == "damper_rate_rr"
    assert find_channel("WHEEL_SPEED_LR") == "wheel_speed_rl"
    assert find_channel("Tyre Temp FR Outer") == "tyre_temp_fr_o"


@pytest.mark.parametrize(
    ("asked", "found"),
    [("throttle", "throttle"), ("THROTTLE", "throttle"), ("Throttle Pos", "throttle"), ("G_LON", "g_long"),
     ("Lap Number", "lap_number"), ("LapDistPct", "normalized_position"), ("flux capacitor", None)],
)  # fmt: skip
def test_a_name_is_found_exactly_then_normalised_then_by_alias(asked: str, found: str | None) -> None:
    assert find_channel(asked) == found


def test_conditions_and_counts_are_steps() -> None:
    assert {CATALOG[n].kind for n in ("gear", "abs_active", "lap_valid", "last_lap_time")} == {Kind.STEP}


def test_an_unknown_channel_offers_the_nearest() -> None:
    with pytest.raises(UnknownChannel, match=r"^no channel 'brak'\. Did you mean 'brake'"):
        channel_spec("brak")
