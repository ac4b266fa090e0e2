"""Places on Earth as metres on a plane."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EARTH_RADIUS_M = 6_371_000.0


def on_plane(latitude: Floats, longitude: Floats, *, latitude_0: float, longitude_0: float) -> tuple[Floats, Floats]:
    """Metres east and north of a place, on the plane that touches the Earth there.

    Over a circuit the plane is off by less than a metre. Degrees in; NaN stays NaN.

    Example:
        >>> east, north = on_plane(np.array([50.001]), np.array([6.0]), latitude_0=50.0, longitude_0=6.0)
        >>> east.round(1), north.round(1)
        (array([0.]), array([111.2]))
    """
    east = np.radians(longitude - longitude_0) * EARTH_RADIUS_M * np.cos(np.radians(latitude_0))
    return np.asarray(east), np.asarray(np.radians(latitude - latitude_0) * EARTH_RADIUS_M)
