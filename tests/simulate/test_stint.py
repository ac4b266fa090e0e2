from itertools import islice, pairwise

import numpy as np
import polars as pl
import pytest

from ps_analytics.simulate.car import FORMULA
from ps_analytics.simulate.circuit import Circuit
from ps_analytics.simulate.driver import Driver
from ps_analytics.simulate.stint import drive_on

LAPS = 20


@pytest.fixture(scope="module")
def blocks(circuit: Circuit) -> list[pl.DataFrame]:
    return list(islice(drive_on(circuit, FORMULA, Driver("A"), seed=6), LAPS))


def test_each_block_is_one_lap_and_the_next_goes_on_from_it(blocks: list[pl.DataFrame]) -> None:
    assert [block["source_lap_number"].unique().to_list() for block in blocks] == [[number] for number in range(LAPS)]
    time = pl.concat(blocks)["timestamp"].to_numpy()
    assert time == pytest.approx(np.arange(len(time)) / 60.0, abs=1e-8)


def test_nothing_jumps_from_one_lap_to_the_next(blocks: list[pl.DataFrame]) -> None:
    drive = pl.concat(blocks)
    for name, most in {"speed": 2.0, "x": 1.5, "y": 1.5, "z": 0.2, "brake_temp_fl": 5.0, "oil_temp": 0.2}.items():
        assert np.abs(np.diff(drive[name].to_numpy())).max() < most, name
    for name, most in {"fuel": 0.2, "tyre_temp_rl": 0.6, "tyre_wear_fl": 0.01, "steering": 5.0, "boost": 0.3}.items():
        jump = [abs(after[name][0] - before[name][-1]) for before, after in pairwise(blocks)]
        assert max(jump) < most, name


def test_the_source_states_each_lap_as_the_line_crossings_have_it(blocks: list[pl.DataFrame]) -> None:
    begins = []
    for before, after in pairwise(blocks):
        left, gone = 1 - before["normalized_position"][-1], after["normalized_position"][0]
        begins.append(before["timestamp"][-1] + left / (left + gone) / 60)
    stated = [block["last_lap_time"][0] for block in blocks[2:]]
    assert np.diff(begins) == pytest.approx(stated, abs=1e-3)


def test_the_car_comes_in_for_fuel_and_tyres_again_and_again(blocks: list[pl.DataFrame]) -> None:
    stops = [block["source_lap_number"][0] for block in blocks if block["in_pit"][-1]]
    assert len(stops) >= 2
    for number in stops:
        served = blocks[number].filter((pl.col("speed") == 0) & pl.col("in_pit"))
        assert served["fuel"][-1] > served["fuel"][0] + 1
        assert served["tyre_wear_fl"][-1] == pytest.approx(0, abs=0.01)


def test_the_same_seed_drives_the_same_drive(circuit: Circuit, blocks: list[pl.DataFrame]) -> None:
    again = list(islice(drive_on(circuit, FORMULA, Driver("A"), seed=6), 3))
    assert all(one.equals(other) for one, other in zip(blocks, again, strict=False))
