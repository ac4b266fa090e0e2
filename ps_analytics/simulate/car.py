"""The cars: what a point mass needs to know of engine, gears, tyres, wings, brakes and suspension."""

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GRAVITY = 9.80665
AIR_DENSITY = 1.19
ELLIPSE = 1.8
"""Exponent of the g-g-v ellipse: (a_long / most)^1.8 + (a_lat / most)^1.8 = 1."""
TABLE_STEP = 0.05
"""Spacing in m/s of the tables over speed."""

_FIRST_UNTIL = 0.75
"""First gear is for pulling away: it is left long before the others would be."""
_TORQUE_AT = (0.0, 0.15, 0.35, 0.55, 0.75, 0.88, 1.0, 1.05)
_TORQUE_SHARE = (0.45, 0.62, 0.84, 0.97, 1.0, 0.96, 0.86, 0.3)


@dataclass(frozen=True)
class Car:
    """One car. Masses in kg, forces in N, lengths in m; `gears` are gearbox ratios, first gear first.

    Lateral grip in m/s² is `grip · (g + ½ρ·lift_area·v²/mass)`; `traction` and `braking` are the shares of it that
    the driven wheels and the brakes turn into acceleration along the road.
    """

    name: str
    mass_kg: float
    power_w: float
    redline_rpm: float
    idle_rpm: float
    gears: tuple[float, ...]
    final_drive: float
    tyre_radius_m: float
    grip: float
    lift_area_m2: float
    drag_area_m2: float
    traction: float = 0.55
    braking: float = 1.0
    wheelbase_m: float = 2.7
    track_m: float = 1.65
    cog_m: float = 0.45
    front_share: float = 0.46
    steering_ratio: float = 13.0
    steering_lock_deg: float = 270.0
    understeer: float = 0.0035
    body_slip: float = 0.0040
    pitch_deg_g: float = 0.55
    roll_deg_g: float = 0.80
    tank_l: float = 100.0
    litres_per_mj: float = 0.085
    brake_bias: float = 58.0
    brake_front: float = 0.72
    brake_bar: float = 90.0
    disc_j_k: float = 3600.0
    spring_n_mm: tuple[float, float] = (160.0, 140.0)
    ride_mm: tuple[float, float] = (62.0, 78.0)
    tyre_bar: float = 1.45
    tyre_c: float = 86.0
    shift_s: float = 0.07
    has_abs: bool = True
    has_tc: bool = True
    boost_bar: float | None = None
    pit_kmh: float = 60.0
    efficiency: float = field(default=0.92, repr=False)

    @cached_property
    def peak_torque_nm(self) -> float:
        """The engine's largest torque in Nm: what gives `power_w` at its best engine speed."""
        share = np.linspace(0.3, 1.0, 400)
        best = np.max(np.interp(share, _TORQUE_AT, _TORQUE_SHARE) * share)
        return float(self.power_w / (best * self.redline_rpm * math.pi / 30))

    def torque(self, rpm: Floats) -> Floats:
        """The engine's torque in Nm at full throttle, of the shape of `rpm`."""
        return self.peak_torque_nm * np.interp(rpm / self.redline_rpm, _TORQUE_AT, _TORQUE_SHARE)

    @cached_property
    def rpm_per_ms(self) -> Floats:
        """Engine speed in rpm for each m/s, one value a gear."""
        return np.asarray(self.gears) * self.final_drive * 30 / (math.pi * self.tyre_radius_m)

    @cached_property
    def shift_up_ms(self) -> Floats:
        """Speeds in m/s at which the next gear is taken, one fewer than gears."""
        speeds = 0.975 * self.redline_rpm / self.rpm_per_ms[:-1]
        speeds[0] *= _FIRST_UNTIL
        return speeds

    def thrust(self, speed: Floats, gear: NDArray[np.int64]) -> Floats:
        """Force at the driven wheels in N at full throttle, in this gear (1 …)."""
        per_ms = self.rpm_per_ms[gear - 1]
        rpm = np.maximum(speed * per_ms, self.idle_rpm * 1.6)
        return self.torque(rpm) * per_ms * math.pi / 30 * self.efficiency

    def resistance(self, speed: Floats) -> Floats:
        """Air and rolling resistance in N."""
        return 0.5 * AIR_DENSITY * self.drag_area_m2 * speed**2 + 0.013 * self.mass_kg * GRAVITY

    def engine_braking(self, speed: Floats, gear: NDArray[np.int64]) -> Floats:
        """Force in N that slows the car with the throttle closed."""
        share = np.clip(speed * self.rpm_per_ms[gear - 1] / self.redline_rpm, 0.0, 1.1)
        return 0.075 * self.mass_kg * GRAVITY * share

    def grip_ms2(self, speed: Floats) -> Floats:
        """The most lateral acceleration in m/s² at a speed in m/s."""
        return self.grip * (GRAVITY + 0.5 * AIR_DENSITY * self.lift_area_m2 / self.mass_kg * speed**2)

    @cached_property
    def brake_force_n(self) -> float:
        """Force in N with the brake pedal fully pressed."""
        return float(1.04 * self.mass_kg * self.braking * self.grip_ms2(np.array(0.85 * self.top_ms)))

    @cached_property
    def top_ms(self) -> float:
        """The speed in m/s that drag and the last gear allow."""
        speed = np.arange(5.0, 130.0, 0.1)
        gear = np.full(len(speed), len(self.gears))
        over = (self.thrust(speed, gear) < self.resistance(speed)) & (speed > self.shift_up_ms[-1])
        limit = 1.02 * self.redline_rpm / self.rpm_per_ms[-1]
        return float(min(speed[np.argmax(over)] if over.any() else limit, limit))

    @cached_property
    def push_table(self) -> Floats:
        """Acceleration in m/s² the engine gives on the flat, by speed every `TABLE_STEP` m/s; resistance taken off.

        At each change up it falls, at most to a third, so that the change costs two thirds of the time it takes.
        """
        speed = np.arange(0.0, self.top_ms + 12.0, TABLE_STEP)
        gear = 1 + np.searchsorted(self.shift_up_ms, speed, side="right")
        push = (self.thrust(speed, gear) - self.resistance(speed)) / self.mass_kg
        push[speed > self.top_ms] = -0.3
        for at in self.shift_up_ms:
            near = max(float(np.interp(at, speed, push)), 0.3)
            window = max(near * self.shift_s / 3, 2 * TABLE_STEP)
            lost = 2 / 3 * near * self.shift_s / window
            push[(speed >= at) & (speed < at + window) & (push > 0)] /= 1 + lost
        return push


GT = Car(
    name="Corvara GT",
    mass_kg=1370.0,
    power_w=395e3,
    redline_rpm=8250.0,
    idle_rpm=1150.0,
    gears=(2.72, 2.02, 1.58, 1.28, 1.07, 0.92),
    final_drive=4.25,
    tyre_radius_m=0.345,
    grip=1.40,
    lift_area_m2=2.7,
    drag_area_m2=1.18,
)
"""A closed GT car of 395 kW with ABS and traction control."""

FORMULA = Car(
    name="Ligne F-300",
    mass_kg=690.0,
    power_w=200e3,
    redline_rpm=7100.0,
    idle_rpm=1400.0,
    gears=(2.83, 2.09, 1.64, 1.34, 1.13, 0.98),
    final_drive=3.18,
    tyre_radius_m=0.29,
    grip=1.58,
    lift_area_m2=2.75,
    drag_area_m2=0.92,
    traction=0.58,
    wheelbase_m=2.9,
    track_m=1.5,
    cog_m=0.29,
    front_share=0.43,
    steering_ratio=11.0,
    steering_lock_deg=200.0,
    understeer=0.0028,
    body_slip=0.0034,
    pitch_deg_g=0.22,
    roll_deg_g=0.30,
    tank_l=48.0,
    brake_bias=55.0,
    brake_front=0.66,
    brake_bar=75.0,
    disc_j_k=2000.0,
    spring_n_mm=(150.0, 130.0),
    ride_mm=(22.0, 38.0),
    tyre_bar=1.2,
    tyre_c=82.0,
    shift_s=0.05,
    has_abs=False,
    has_tc=False,
    boost_bar=0.95,
)
"""A single-seater of 200 kW with wings, no ABS and no traction control."""
