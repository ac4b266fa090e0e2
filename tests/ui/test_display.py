from ps_analytics.channels.catalog import CATALOG
from ps_analytics.ui.display import LAP_COLORS, channel_display, lap_line
from ps_analytics.ui.layouts import channels_of, driver_overview
from ps_analytics.views import theme


def test_laps_have_the_colours_they_have_in_a_notebook() -> None:
    assert theme.LAP_COLORS == LAP_COLORS


def test_laps_beyond_the_colours_are_told_apart_by_dashes() -> None:
    lines = [(line["color"], str(line["dash"])) for line in map(lap_line, range(4 * len(LAP_COLORS)))]
    assert len(set(lines)) == len(lines)


def test_every_channel_of_the_shipped_layout_is_drawn_by_its_own_kind() -> None:
    shown = {name: channel_display(name) for name in channels_of(driver_overview())}
    assert [name for name, facts in shown.items() if facts["stepped"]] == ["gear"]
    assert {facts["unit"] for facts in shown.values()} == {"km/h", "s", "%", "°", "rpm", "m", ""}


def test_a_channel_nobody_knows_is_shown_by_its_name() -> None:
    facts = channel_display("Mystery Sensor", source="ld")
    assert (facts["label"], facts["unit"], facts["source"]) == ("Mystery Sensor", "", "ld")
    assert "Mystery Sensor" not in CATALOG
