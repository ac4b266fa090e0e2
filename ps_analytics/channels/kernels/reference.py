"""The reference lap at the same place on the track (specs/math.md §8.1, §9)."""

import numpy as np

from ps_analytics.channels.kernels.arrays import Floats, kernel, missing


@kernel
def at_reference(position: Floats, reference_position: Floats, reference_values: Floats, *, stepped: bool) -> Floats:
    """The value of the reference lap at each position; NaN outside its range of positions and beside missing values.

    Samples of the reference whose position does not exceed all before them are left out.

    Args:
        position: share of the lap or m, as `reference_position`.
        reference_position: of the reference's samples.
        reference_values: of the same length, in any unit, which is the unit of the result.
        stepped: take the last sample at or before the position (a gear, a condition) instead of interpolating.

    Example:
        >>> position, gear = np.array([0.0, 0.5, 1.0]), np.array([2.0, 4.0, 3.0])
        >>> at_reference(np.array([0.25, 0.5, 1.1]), position, gear, stepped=False)
        array([ 3.,  4., nan])
        >>> at_reference(np.array([0.25, 0.5, 1.1]), position, gear, stepped=True)
        array([ 2.,  4., nan])
    """
    furthest = np.fmax.accumulate(np.append(-np.inf, reference_position))
    ahead = reference_position > furthest[:-1]
    places, values = reference_position[ahead], reference_values[ahead]
    if len(places) == 0:
        return missing(len(position))
    inside = (position >= places[0]) & (position <= places[-1])
    if not stepped:
        return np.where(inside, np.interp(position, places, values), np.nan)
    last = np.searchsorted(places, position, side="right") - 1
    return np.where(inside, values[last], np.nan)
