"""Peers: the formulas of the benchmark as somebody who knows Polars writes them, with the same nulls."""

import math

import polars as pl

_G = 9.80665


def _ratio(a: pl.Expr, b: pl.Expr) -> pl.Expr:
    return pl.when(b != 0).then(a / b)


def _if(condition: pl.Expr, yes: pl.Expr, no: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(yes).when(~condition).then(no)


def _least(*columns: pl.Expr) -> pl.Expr:
    return _folded(pl.min_horizontal(columns), columns)


def _most(*columns: pl.Expr) -> pl.Expr:
    return _folded(pl.max_horizontal(columns), columns)


def _folded(found: pl.Expr, columns: tuple[pl.Expr, ...]) -> pl.Expr:
    """Missing where one of the columns is."""
    return pl.when(pl.all_horizontal(column.is_not_null() for column in columns)).then(found)


SPEED, THROTTLE, BRAKE = pl.col("speed"), pl.col("throttle"), pl.col("brake")
G_LAT, G_LONG = pl.col("g_lat"), pl.col("g_long")
ONE: dict[str, pl.Expr] = {
    "hypot(g_lat, g_long)": (G_LAT**2 + G_LONG**2).sqrt(),
    "if(speed > 100, throttle, 0)": _if(SPEED > 100, THROTTLE, pl.lit(0.0)),
    "speed[m/s]^2 * 0.5": (SPEED / 3.6) ** 2 * 0.5,
    "brake / (throttle + brake)": _ratio(BRAKE, THROTTLE + BRAKE),
}
"""Single formulas and what they are by hand."""

_PRESSURE = pl.col("brake_press_f") + pl.col("brake_press_r")
_TYRES = tuple(pl.col(f"tyre_temp_{wheel}") for wheel in ("fl", "fr", "rl", "rr"))
_V, _CURVE, _SLIP_RL, _SLIP_RR = pl.col("V"), pl.col("Curve"), pl.col("Slip RL"), pl.col("Slip RR")

STAGES: tuple[dict[str, pl.Expr], ...] = (
    {
        "V": SPEED / 3.6,
        "Total G": (G_LAT**2 + G_LONG**2).sqrt(),
        "On Brakes": (BRAKE > 5) & (SPEED > 20),
        "Flat Out": THROTTLE >= 98,
        "Neither Pedal": (THROTTLE < 5) & (BRAKE < 5) & (SPEED > 20),
        "Both Pedals": _least(THROTTLE, BRAKE),
        "Road Wheel": pl.col("steering_angle") / 14,
        "Slip RL": _if(SPEED > 20, (_ratio(pl.col("wheel_speed_rl"), SPEED) - 1) * 100, pl.lit(0.0)),
        "Slip RR": _if(SPEED > 20, (_ratio(pl.col("wheel_speed_rr"), SPEED) - 1) * 100, pl.lit(0.0)),
        "Temp Spread": _most(*_TYRES) - _least(*_TYRES),
        "Brake Share": _ratio(BRAKE, THROTTLE + BRAKE),
        "_pressure": _PRESSURE,
    },
    {
        "_v2": _V**2,
        "Into The Apex": pl.col("On Brakes") & (G_LAT.abs() > 0.5),
        "Slip Apart": _SLIP_RL - _SLIP_RR,
        "Front Share": pl.when(pl.col("_pressure") > 2).then(pl.col("brake_press_f") / pl.col("_pressure") * 100),
        "Grip": (pl.col("Total G") / 1.6).clip(0, 1),
    },
    {
        "Curve": _if(SPEED > 30, _ratio(G_LAT * _G, pl.col("_v2")), pl.lit(0.0)),
        "Drag": 0.5 * 1.2 * 0.9 * pl.col("_v2"),
        "Kinetic Energy": 0.5 * 1300 * pl.col("_v2") / 1000,
    },
    {"Geometric Steer": (2.6 * _CURVE).arctan() * (180 / math.pi)},
    {"Understeer": G_LAT.sign() * (pl.col("Road Wheel") - pl.col("Geometric Steer"))},
)
"""The twenty formulas in stages: what a stage computes the next may use."""


def twenty(frame: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """The twenty formulas of a frame, by hand."""
    lazy = frame.lazy()
    for stage in STAGES:
        lazy = lazy.with_columns(**stage)
    return lazy.select(names).collect()
