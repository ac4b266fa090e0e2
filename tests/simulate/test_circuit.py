import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import find_peaks
from scipy.spatial import cKDTree

from ps_analytics.simulate.circuit import Circuit, gaps, generate

SIZES = st.sampled_from([(1500.0, 6), (1800.0, 8), (2640.0, 10), (4180.0, 14), (5740.0, 18), (7000.0, 20)])


@st.composite
def circuits(draw: st.DrawFn) -> Circuit:
    length_m, corners = draw(SIZES)
    return generate("Drawn", seed=draw(st.integers(0, 10_000)), length_m=length_m, corners=corners)


@given(circuit=circuits())
@settings(max_examples=10)
def test_a_circuit_closes_in_place_and_heading_at_its_length(circuit: Circuit) -> None:
    ring = np.column_stack([circuit.x, circuit.y])
    sides = np.linalg.norm(np.roll(ring, -1, axis=0) - ring, axis=1)
    assert sides.sum() == pytest.approx(circuit.length_m, rel=1e-4)
    assert sides == pytest.approx(np.full(len(sides), circuit.step_m), rel=2e-3)
    heading = np.radians(circuit.heading_deg)
    assert np.abs(np.sum(np.exp(1j * heading))) * circuit.step_m < 0.5
    turned = np.sum(circuit.curvature) * circuit.step_m
    east, north = ring.T
    doubled_area = np.sum(east * np.roll(north, -1) - north * np.roll(east, -1))
    assert turned == pytest.approx(-np.sign(doubled_area) * 2 * np.pi, abs=5e-3)


@given(circuit=circuits())
@settings(max_examples=10)
def test_every_corner_is_where_the_line_bends_most_and_as_tight_as_it_says(circuit: Circuit) -> None:
    count, step = len(circuit.distance_m), circuit.step_m
    peaks, _ = find_peaks(np.abs(circuit.curvature), height=1 / 900, distance=8, prominence=1 / 1500)
    assert len(circuit.corners) == len(peaks)
    for corner, peak in zip(circuit.corners, peaks, strict=True):
        assert corner.apex_m == pytest.approx(peak * step, abs=2 * step)
        assert corner.start_m < corner.apex_m < corner.end_m
        three = [(round(corner.apex_m / step) + ahead) % count for ahead in (-2, 0, 2)]
        a, b, c = (complex(circuit.x[i], circuit.y[i]) for i in three)
        area = ((b - a).real * (c - a).imag - (b - a).imag * (c - a).real) / 2
        circumradius = abs(a - b) * abs(b - c) * abs(c - a) / (4 * abs(area))
        assert corner.radius_m == pytest.approx(circumradius, rel=0.06)
        assert corner.direction == -np.sign(area)


@given(circuit=circuits())
@settings(max_examples=10)
def test_a_circuit_never_meets_itself_and_starts_on_a_straight(circuit: Circuit) -> None:
    ring = np.column_stack([circuit.x, circuit.y])
    near = cKDTree(ring).query_pairs(20.0, output_type="ndarray")
    apart = np.abs(np.diff(near, axis=1)).ravel()
    assert np.minimum(apart, len(ring) - apart).max() * circuit.step_m < 160.0
    before, after = gaps(circuit)[-1]
    assert before < circuit.length_m < after
    assert after - before >= 150.0 - 1.0
    assert before < circuit.pit_entry_m < circuit.length_m
    assert 0 < circuit.pit_exit_m < circuit.corners[0].start_m
    assert np.max(np.abs(np.gradient(circuit.z, circuit.step_m))) < 0.06


def test_the_same_seed_makes_the_same_circuit_and_another_seed_another() -> None:
    first, again, other = (generate("C", seed=seed, length_m=3000, corners=10) for seed in (4, 4, 5))
    assert first.x.tobytes() == again.x.tobytes()
    assert first.z.tobytes() == again.z.tobytes()
    assert not np.allclose(first.x, other.x)


@pytest.mark.parametrize(("length_m", "corners"), [(900, 6), (12_000, 20), (3000, 3), (1500, 12)])
def test_a_circuit_that_cannot_be_is_refused_with_what_can(length_m: float, corners: int) -> None:
    with pytest.raises(ValueError, match=r"take 1,000–10,000 m, 4–24 corners, at most one in 150 m"):
        generate("C", seed=1, length_m=length_m, corners=corners)
