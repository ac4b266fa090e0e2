"""The driver: how much of the car is used, and how that differs from corner to corner and lap to lap."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Driver:
    """One driver.

    `pace` is the share of the grip used at the limit; `spread` the standard deviation of flying laps as a share of
    their mean; `smoothness` 0 … 1 how quiet the hands are; `seed` makes two drivers of equal numbers differ.
    """

    name: str
    pace: float = 0.97
    spread: float = 0.004
    smoothness: float = 0.7
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Variation:
    """What differs, one value a corner passed (laps × corners, in driving order).

    `apex`, `braking`, `traction` are factors on the grip used in the middle, on the brakes and out of the corner;
    `offset_m` metres to the right of the line at the apex; `hands` the amplitude of the corrections in % of lock.
    """

    apex: Floats
    braking: Floats
    traction: Floats
    offset_m: Floats
    hands: Floats

    def scaled(self, amount: float) -> "Variation":
        """The same pattern with its factors this many times as far from 1."""
        apex, braking, traction = (1 + amount * (factor - 1) for factor in (self.apex, self.braking, self.traction))
        return replace(self, apex=apex, braking=braking, traction=traction)


def vary(driver: Driver, *, seed: int, laps: range, corners: int) -> Variation:
    """How the driver takes each corner of these laps.

    The form of the day goes through its whole range over the laps, so that a short session spreads too.
    """
    draws = [np.random.default_rng([seed, driver.seed, lap + 1]).normal(size=(6, corners)) for lap in laps]
    apex, braking, traction, offset, hands, form = np.stack(draws).transpose(1, 0, 2).clip(-2.5, 2.5)
    form = form[:, :1]
    if len(form) > 2:
        form = (form - form.mean()) / max(float(form.std()), 1e-9)
    scale = driver.spread / 0.004
    return Variation(
        apex=(1 + scale * (0.011 * apex + 0.008 * form)).ravel(),
        braking=(1 + scale * (0.025 * braking + 0.012 * form)).ravel(),
        traction=(1 + scale * (0.030 * traction + 0.012 * form)).ravel(),
        offset_m=(0.28 * offset * (1.4 - driver.smoothness)).ravel(),
        hands=((1.5 - driver.smoothness) * np.exp(0.35 * hands)).ravel(),
    )
