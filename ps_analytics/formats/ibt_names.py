"""What iRacing's variables mean: catalogue names, signs and units its own unit texts do not tell.

Left is positive in its angles and accelerations, the nose points down with positive pitch, and "%" means a share 0…1.
"""

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np

from ps_analytics.channels.units import GRAVITY
from ps_analytics.formats.naming import ChannelRule, FormatTable
from ps_analytics.lap import Trace

_WHEELS = (("LF", "fl"), ("RF", "fr"), ("LR", "rl"), ("RR", "rr"))


def _wheel_rules() -> dict[str, ChannelRule]:
    """Per wheel: L and R are sides of the tyre seen from behind, so the outer edge is L on the left wheels."""
    rules = {}
    for there, here in _WHEELS:
        outer, inner = ("L", "R") if there[0] == "L" else ("R", "L")
        rules[f"{there}temp{outer}"] = ChannelRule(f"tyre_temp_{here}_o")
        rules[f"{there}tempM"] = ChannelRule(f"tyre_temp_{here}_c")
        rules[f"{there}temp{inner}"] = ChannelRule(f"tyre_temp_{here}_i")
        rules[f"{there}wearM"] = ChannelRule(f"tyre_wear_{here}", unit="ratio", factor=-1.0, offset=1.0)
    return rules


TABLE = FormatTable(
    rules=MappingProxyType({
        "SessionTime": ChannelRule("timestamp"),
        "LapDistPct": ChannelRule("normalized_position", unit="", void_to=-1.0),
        "LapCurrentLapTime": ChannelRule("lap_time", void_to=-1.0),
        "LapLastLapTime": ChannelRule("last_lap_time", void_to=0.0),
        "LapBestLapTime": ChannelRule(void_to=0.0),
        "LapLastNLapTime": ChannelRule(void_to=0.0),
        "LapBestNLapTime": ChannelRule(void_to=0.0),
        "Clutch": ChannelRule("clutch", unit="ratio", factor=-1.0, offset=1.0),
        "HandbrakeRaw": ChannelRule("handbrake"),
        "SteeringWheelAngle": ChannelRule("steering_angle", factor=-1.0),
        "LatAccel": ChannelRule("g_lat", factor=-1.0),
        "VertAccel": ChannelRule("g_vert", offset=-GRAVITY),
        "YawRate": ChannelRule("yaw_rate", factor=-1.0),
        "YawNorth": ChannelRule("heading"),
        "Pitch": ChannelRule("pitch", factor=-1.0),
        "OilTemp": ChannelRule("oil_temp"),
        "WaterTemp": ChannelRule("water_temp"),
        "OilPress": ChannelRule("oil_pressure"),
        "FuelPress": ChannelRule("fuel_pressure"),
        "AirDensity": ChannelRule("air_density"),
        "BrakeABSactive": ChannelRule("abs_active"),
        **_wheel_rules(),
    }),
    spellings=MappingProxyType({"%": "ratio"}),
)  # fmt: skip
"""The table of the format. Pitch, roll and heading follow recordings: braking lowers the nose, left turns lower the
right side, and YawNorth is the course over the ground."""


def derived(traces: Sequence[Trace]) -> tuple[Trace, ...]:
    """Channels the catalogue has and iRacing only implies: `steering`, `brake_press_f`, `brake_press_r`.

    Steering is the share of the lock, so it needs SteeringWheelAngleMax; a line pressure is the mean of the axle's two.
    They have no source name.
    """
    by_source = {trace.source_name: trace for trace in traces}
    made = [_steering(by_source.get("SteeringWheelAngle"), by_source.get("SteeringWheelAngleMax"))]
    for axle, left, right in (("f", "LF", "RF"), ("r", "LR", "RR")):
        pair = by_source.get(f"{left}brakeLinePress"), by_source.get(f"{right}brakeLinePress")
        made.append(_mean(f"brake_press_{axle}", *pair))
    return tuple(trace for trace in made if trace is not None)


def _steering(angle: Trace | None, lock: Trace | None) -> Trace | None:
    if angle is None or lock is None or angle.unit != "deg" or lock.unit != "rad" or len(lock.values) == 0:
        return None
    lock_deg = np.degrees(np.asarray(lock.values, dtype=np.float64))
    lock_deg = np.where(lock_deg > 1.0, lock_deg, np.nan)  # less is no wheel's lock
    if np.isnan(lock_deg).all() or len(lock_deg) != len(angle.values):
        return None
    share = (100.0 * angle.values / lock_deg).astype(np.float32)
    return Trace("steering", "%", angle.rate_hz, angle.start_s, share)


def _mean(name: str, left: Trace | None, right: Trace | None) -> Trace | None:
    if left is None or right is None or left.unit != "bar" or right.unit != "bar":
        return None
    if len(left.values) != len(right.values):
        return None
    mean = ((left.values.astype(np.float64) + right.values) / 2).astype(np.float32)
    return Trace(name, "bar", left.rate_hz, left.start_s, mean)
