from dataclasses import replace

from ps_analytics.ui.laps import LapRow, best_sectors


def lap(number: int, *sectors_s: float, **facts: object) -> LapRow:
    row = LapRow(f"l{number}", number, sum(sectors_s), "timed", valid=True, valid_reason=None, sectors_s=sectors_s)
    return replace(row, **facts)


def test_the_best_sectors_are_those_of_laps_that_count() -> None:
    laps = [lap(1, 30.0, 31.5, 29.0), lap(2, 30.5, 31.0, 29.5), lap(3, 28.0, 28.0, 28.0, valid=False)]
    assert best_sectors(laps) == [30.0, 31.0, 29.0]


def test_a_lap_with_fewer_sectors_than_the_others_decides_none() -> None:
    assert best_sectors([lap(1, 30.0, 31.5, 29.0), lap(2, 20.0, 20.0)]) == [30.0, 31.5, 29.0]
    assert best_sectors([lap(1)]) == []
