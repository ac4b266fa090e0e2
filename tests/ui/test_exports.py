"""What a panel shows comes out as a file that Polars reads back."""

import io
from typing import Any

import numpy as np
import polars as pl
import pytest

from ps_analytics.errors import NotFound, NothingToExport
from ps_analytics.store.store import Store
from ps_analytics.ui.exports import panel_file
from ps_analytics.ui.state import ReviewState


@pytest.fixture
def state(store: Store, weekend: str) -> ReviewState:
    state = ReviewState(lambda: store)
    state.refresh()
    return state


def read(state: ReviewState, plot: str, form: str = "parquet") -> pl.DataFrame:
    file = panel_file(state, plot, form)
    return (pl.read_parquet if form == "parquet" else pl.read_csv)(io.BytesIO(file.data))


def test_channels_come_as_rows_of_metres_and_laps(state: ReviewState) -> None:
    frame = read(state, "pedals")
    assert frame.columns == ["lap", "lap_id", "distance_m", "throttle", "brake"]
    assert frame["lap_id"].unique(maintain_order=True).to_list() == state.chosen
    lap = frame.filter(pl.col("lap_id") == state.chosen[1])
    assert np.array_equal(lap["distance_m"].to_numpy(), state.comparison.distance_m)
    assert np.array_equal(lap["brake"].to_numpy(), state.comparison.laps[state.chosen[1]].columns["brake"])


def test_a_delta_comes_with_its_band_in_seconds(state: ReviewState) -> None:
    frame = read(state, "delta", "csv")
    assert frame.columns == ["lap", "lap_id", "distance_m", "delta", "band"]
    last = frame.filter(pl.col("lap_id") == state.chosen[1])["delta"][-1]
    times = [state.find_lap(lap_id).lap_time_s for lap_id in state.chosen]
    assert last == pytest.approx(times[1] - times[0], abs=1e-3)


def test_laps_and_corners_come_as_tables(state: ReviewState) -> None:
    assert read(state, "laps")["lap_number"].to_list() == list(range(7))
    corners = read(state, "corners")
    assert {"lap", "corner", "lost_s", "min_kmh"} <= set(corners.columns)
    assert corners["lap_id"].unique().len() == 2


def test_what_cannot_be_exported_is_one_sentence(state: ReviewState, paddock: Any) -> None:
    with pytest.raises(NotFound):
        panel_file(state, "pedals", "xlsx")
    with pytest.raises(NotFound):
        panel_file(state, "nothing", "csv")
    for lap_id in [*state.chosen]:
        state.toggle_lap(lap_id)
    with pytest.raises(NothingToExport, match="Throttle / Brake"):
        panel_file(state, "pedals", "csv")


def test_a_file_is_named_after_its_panel(state: ReviewState) -> None:
    assert panel_file(state, "pedals", "csv").name == "Throttle-Brake.csv"
