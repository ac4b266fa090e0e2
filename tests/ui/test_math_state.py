"""The choices behind the math editor, on a real store and without a browser."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ps_analytics.channels.definitions import MathChannel, Policy
from ps_analytics.errors import FormulaError, NotFound
from ps_analytics.store.store import Store
from ps_analytics.ui.math.entries import key_of
from ps_analytics.ui.math.ground import Ground
from ps_analytics.ui.math.preview import MOST_POINTS, NO_LAP, NO_VALUES
from ps_analytics.ui.math.state import NEW_NAME, MathState


@pytest.fixture
def lap(store: Store, paddock: Any, drive: Any) -> Any:
    return store.read_lap(paddock.lap(paddock.session(), drive()))


@pytest.fixture
def state(store: Store, lap: Any) -> MathState:
    state = MathState(lambda: store, ground=Ground(lap))
    state.refresh()
    return state


def begin(state: MathState, name: str, formula: str, **fields: str) -> str:
    """The key of a new channel, typed and not saved."""
    state.new()
    for field, text in {"name": name, "formula": formula, **fields}.items():
        state.edit(state.key, field, text)
    return state.key


def saved(state: MathState, name: str, formula: str, **fields: str) -> str:
    begin(state, name, formula, **fields)
    state.save()
    assert state.problem == ""
    return state.key


def own(state: MathState) -> list[str]:
    return [entry.name for entry in state.entries if entry.own]


def codes(state: MathState) -> list[str]:
    return [one.code for one in state.report.diagnostics]


def test_it_asks_the_store_nothing_before_it_is_told_to() -> None:
    def untouched() -> Store:
        raise AssertionError("the store was asked")

    assert MathState(untouched).entries == []


def test_a_first_look_lists_the_shipped_channels_and_chooses_one_to_read(state: MathState) -> None:
    assert len(state.entries) == 32
    assert not any(entry.own for entry in state.entries)
    assert (state.draft.own, state.draft.changed) == (False, False)
    before = state.draft.channel.formula
    state.edit(state.key, "formula", "1")
    assert state.draft.channel.formula == before


def test_what_is_wrong_is_told_with_its_place_and_a_fix(state: MathState) -> None:
    key = begin(state, "Slow", "speed + throtle")
    state.edit(key, "formula", "speed * throtle", version=7)
    (found,) = state.report.diagnostics
    assert (state.report.version, found.code, found.position, found.end) == (7, "E-UNKNOWN-CHANNEL", 8, 15)
    assert found.fix == (8, 15, "throttle")
    state.edit(key, "formula", "speed * throttle", version=8)
    assert (state.report.version, codes(state)) == (8, [])


def test_the_unit_it_comes_to_is_told_and_a_unit_that_does_not_exist_is_a_fault(state: MathState) -> None:
    key = begin(state, "Slow", "speed[m/s] * 2")
    assert state.report.unit == "m/s"
    state.edit(key, "unit", "furlong")
    assert state.report.faults["unit"].startswith("no unit 'furlong'")


def test_the_preview_is_the_formula_on_the_lap_with_the_channels_it_reads(state: MathState, lap: Any) -> None:
    begin(state, "Double", "speed * 2 + 'Throttle Pos'", policy="off")
    preview = state.preview
    speed, throttle = (lap.channel(name)[name].to_numpy().astype(np.float64) for name in ("speed", "throttle"))
    np.testing.assert_allclose(preview.value.values, speed * 2 + throttle, rtol=1e-6)
    assert [(one.name, one.unit) for one in preview.inputs] == [("speed", "km/h"), ("Throttle Pos", "%")]
    np.testing.assert_allclose(preview.inputs[1].values, throttle, rtol=1e-6)
    expected = (speed * 2 + throttle).min(), (speed * 2 + throttle).mean(), (speed * 2 + throttle).max()
    assert (preview.least, preview.mean, preview.most) == pytest.approx(expected, rel=1e-6)
    assert (preview.value.unit, preview.missing) == ("km/h", 0.0)
    np.testing.assert_allclose(preview.distance_m, lap.frames["distance"], rtol=1e-6)
    assert preview.time_s[0] == pytest.approx(0.0, abs=1e-3)


def test_a_formula_that_is_wrong_leaves_the_last_preview_in_place(state: MathState) -> None:
    key = begin(state, "Double", "speed * 2")
    state.edit(key, "formula", "speed * 2 +")
    assert codes(state) == ["E-SYNTAX"]
    assert state.preview.formula == "speed * 2"
    state.select(key_of("shipped", "Braking"))
    assert state.preview.formula == "brake > 5 and speed > 20"


def test_units_that_clash_refuse_a_strict_channel_and_its_preview_is_there_all_the_same(state: MathState) -> None:
    key = begin(state, "Clash", "speed + throttle")
    assert codes(state) == ["E-UNIT-MISMATCH"]
    assert state.preview.formula == "speed + throttle"
    with pytest.raises(FormulaError) as refused:
        state.save()
    assert refused.value.code == "E-UNIT-MISMATCH"
    assert own(state) == ["Clash"]
    state.edit(key, "policy", "warn")
    state.save()
    assert (state.draft.changed, state.draft.channel.policy) == (False, Policy.WARN)


def test_a_channel_the_lap_does_not_have_is_told_and_can_be_saved(state: MathState) -> None:
    saved(state, "Press", "brake_press_f * 2")
    assert codes(state) == ["E-NOT-RECORDED"]
    assert state.preview.value is None
    assert own(state) == ["Press"]


def test_without_a_lap_formulas_are_checked_against_the_catalogue(store: Store) -> None:
    state = MathState(lambda: store)
    state.refresh()
    key = begin(state, "Press", "brake_press_f * 2")
    assert (codes(state), state.preview.note) == ([], NO_LAP)
    state.edit(key, "formula", "brake_pres_f * 2")
    assert codes(state) == ["E-UNKNOWN-CHANNEL"]


def test_values_that_are_nowhere_are_said_to_be(state: MathState) -> None:
    begin(state, "Nothing", "speed / (speed - speed)")
    assert (state.preview.note, state.preview.least) == (NO_VALUES, None)


def test_saving_makes_it_a_channel_others_can_name(state: MathState, store: Store) -> None:
    saved(state, "Slow", "speed / 2", unit="km/h", folder="Mine", about="Half of it")
    assert store.read_math_channel("Slow") == MathChannel(
        "Slow", "speed / 2", "km/h", Policy.STRICT, folder="Mine", about="Half of it"
    )
    begin(state, "Slower", "Slow / 2")
    assert codes(state) == []
    assert state.preview.inputs[0].unit == "km/h"
    state.save()
    state.select(key_of("own", "Slow"))
    assert state.uses == ["Slower"]


def test_what_is_typed_waits_while_another_channel_is_looked_at(state: MathState) -> None:
    key = saved(state, "Slow", "speed / 2")
    state.edit(key, "formula", "speed / 3")
    state.select(key_of("shipped", "Braking"))
    assert [entry.changed for entry in state.entries if entry.name == "Slow"] == [True]
    state.refresh()
    state.select(key)
    assert (state.draft.channel.formula, state.draft.saved.formula) == ("speed / 3", "speed / 2")
    state.revert()
    assert (state.draft.channel.formula, state.draft.changed) == ("speed / 2", False)


def test_a_key_pressed_after_another_channel_was_chosen_goes_to_the_one_it_was_meant_for(state: MathState) -> None:
    slow, quick = saved(state, "Slow", "speed / 2"), saved(state, "Quick", "speed * 2")
    assert state.key == quick
    state.edit(slow, "formula", "speed / 3", version=1)
    assert (state.draft.channel.formula, state.report.version) == ("speed * 2", 0)
    state.select(slow)
    assert state.draft.channel.formula == "speed / 3"


def test_a_key_pressed_while_a_channel_is_being_saved_goes_to_it_under_its_new_key(state: MathState) -> None:
    typed = begin(state, "Slow", "speed / 2")
    state.save()
    state.edit(typed, "formula", "speed / 3", version=9)
    assert (state.key, state.draft.channel.formula) == (key_of("own", "Slow"), "speed / 3")
    assert (state.keys_before, state.heard, state.report.version) == ([typed], 9, 9)
    state.edit(typed, "name", "Slower")
    state.save()
    state.edit(typed, "formula", "speed / 4")
    assert (state.key, state.draft.channel.formula) == (key_of("own", "Slower"), "speed / 4")


def test_a_duplicate_has_a_name_of_its_own_and_is_not_saved_yet(state: MathState, store: Store) -> None:
    state.duplicate(key_of("shipped", "Combined G"))
    assert (state.draft.channel.name, state.draft.channel.formula) == ("Combined G 2", "hypot(g_lat, g_long)")
    assert store.find_math_channels().is_empty()
    state.save()
    state.duplicate(state.key)
    assert state.draft.channel.name == "Combined G 3"


def test_an_override_has_the_name_of_the_shipped_one_and_takes_its_place(state: MathState, store: Store) -> None:
    state.override(key_of("shipped", "Coasting"))
    state.edit(state.key, "formula", "throttle < 2 and brake < 2 and speed > 20")
    state.override(key_of("shipped", "Coasting"))
    assert state.draft.channel.formula.startswith("throttle < 2")
    state.save()
    assert state.library["Coasting"].formula.startswith("throttle < 2")
    assert [entry.hidden for entry in state.entries if entry.name == "Coasting"] == [False, True]
    assert state.uses == ["Coasting Time"]


def test_a_deleted_channel_comes_back_with_what_was_typed_into_it(state: MathState, store: Store) -> None:
    key = saved(state, "Slow", "speed / 2", folder="Mine")
    state.edit(key, "formula", "speed / 3")
    state.delete(key)
    assert own(state) == []
    assert store.find_math_channels().is_empty()
    state.undo()
    assert (state.key, state.draft.channel.formula, state.draft.saved.formula) == (key, "speed / 3", "speed / 2")
    assert store.read_math_channel("Slow").folder == "Mine"
    assert state.deleted == []
    state.undo()


def test_deletions_come_back_in_turn_the_last_first(state: MathState) -> None:
    keys = [saved(state, name, "speed / 2") for name in ("One", "Two")]
    drafted = begin(state, "Three", "speed")
    for key in (*keys, drafted):
        state.delete(key)
    for expected in (["Three"], ["Three", "Two"], ["One", "Three", "Two"]):
        state.undo()
        assert own(state) == expected


def test_a_shipped_channel_is_not_deleted(state: MathState) -> None:
    state.delete(key_of("shipped", "Braking"))
    assert (len(state.entries), state.deleted) == (32, [])


def test_another_name_is_followed_by_the_formulas_that_use_it(state: MathState, store: Store) -> None:
    slow = saved(state, "Slow", "speed / 2")
    saved(state, "Slower", "Slow / 2")
    state.select(slow)
    state.edit(slow, "name", "Half Speed")
    state.save()
    assert (state.key, state.renamed) == (key_of("own", "Half Speed"), {"Slow": "Half Speed"})
    assert store.read_math_channel("Slower").formula == "'Half Speed' / 2"


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "A channel needs a name."),
        ("Taken", "You have another channel 'Taken'."),
        ("\u202eevil", "Character 1 is invisible (U+202E). Delete it."),
        ("a\u200bb", "Character 2 is invisible (U+200B). Delete it."),
        ("<b>bold</b>", "This name cannot be used: it has '<' or '>'."),
        ("n" * 200, "At most 100 characters."),
        ('it\'s "it"', "This name cannot be used: it has both kinds of quotes."),
    ],
)
def test_a_name_that_cannot_be_is_told_while_it_is_typed_and_not_saved(
    state: MathState, store: Store, name: str, fault: str
) -> None:
    saved(state, "Taken", "speed")
    begin(state, name, "speed")
    assert state.report.faults == {"name": fault}
    state.save()
    assert state.problem == f"Not saved. {fault}"
    assert store.find_math_channels()["name"].to_list() == ["Taken"]


def test_two_megabytes_of_brackets_are_cut_and_refused_in_the_language_s_words(state: MathState) -> None:
    begin(state, "Big", "(" * 2_000_000)
    assert len(state.draft.channel.formula) == 4_000
    assert codes(state) == ["E-LIMIT"]


def test_half_a_character_is_kept_as_one_that_can_be_stored(state: MathState, store: Store) -> None:
    saved(state, "Slow", "speed // \ud83c half")
    assert store.read_math_channel("Slow").formula == "speed // \ufffd half"


def test_a_channel_that_is_gone_is_told_and_what_was_typed_into_it_is_kept(state: MathState, store: Store) -> None:
    key = saved(state, "Slow", "speed / 2")
    state.edit(key, "formula", "speed / 3")
    store.delete_math_channel("Slow")
    state.refresh()
    assert (state.draft.saved, state.draft.changed) == (None, True)
    state.save()
    assert store.read_math_channel("Slow").formula == "speed / 3"
    with pytest.raises(NotFound):
        state.select("own||Nobody's")


def test_only_the_newest_of_several_formulas_is_tried_while_one_is_being_tried(store: Store, lap: Any) -> None:
    waiting: list[tuple[Callable[[], Any], Callable[[Any], None]]] = []
    state = MathState(lambda: store, later=lambda work, done, failed: waiting.append((work, done)), ground=Ground(lap))
    state.refresh()
    key = begin(state, "Slow", "speed")
    for text in ("speed / 2", "speed / 3", "speed / 4"):
        state.edit(key, "formula", text)
    tried = []
    while waiting:
        work, done = waiting.pop(0)
        preview = work()
        tried.append(preview.formula)
        done(preview)
    assert (len(tried), tried[-1]) == (2, "speed / 4")
    assert state.preview.formula == "speed / 4"


def test_a_long_lap_is_thinned_and_keeps_its_peaks(store: Store, paddock: Any, drive: Any) -> None:
    channels = drive()
    long = {name: np.resize(values, 60_000) for name, values in channels.items()}
    long["timestamp"] = np.arange(60_000) / 60
    long["distance"] = np.cumsum(long["speed"] / 3.6 / 60)
    long["speed"][31_415] = 451.0
    lap = store.read_lap(paddock.lap(paddock.session(), {k: long[k] for k in ("timestamp", "speed", "distance")}))
    state = MathState(lambda: store, ground=Ground(lap))
    state.refresh()
    begin(state, "Double", "speed * 2")
    assert len(state.preview.value.values) <= MOST_POINTS * 1.5
    assert state.preview.value.values.max() == state.preview.most == 902.0
    assert (np.diff(state.preview.time_s) > 0).all()


def test_values_of_the_setup_are_read_for_the_lap(store: Store, paddock: Any, drive: Any) -> None:
    lap = store.read_lap(paddock.lap(paddock.session(), drive()))
    state = MathState(lambda: store)
    state.refresh()
    begin(state, "Scaled", "speed * setup.scale")
    state.stand_on(lambda: Ground(lap))
    assert codes(state) == ["E-SETUP"]
    assert state.ground.setup == {}


def test_a_new_channel_has_a_free_name(state: MathState) -> None:
    state.new()
    state.new()
    assert own(state) == [NEW_NAME, f"{NEW_NAME} 2"]
