"""Packets as the games send them, built from the byte tables of Data Out; real ones where they are at hand."""

import base64
import csv
import gzip
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# field: (offset in the sled, struct code); the wheels in the order front left, front right, rear left, rear right
SLED = {
    "isRaceOn": (0, "i"), "timestampMS": (4, "I"), "engineMaxRpm": (8, "f"), "engineIdleRpm": (12, "f"),
    "currentEngineRpm": (16, "f"), "acceleration": (20, "3f"), "velocity": (32, "3f"), "angularVelocity": (44, "3f"),
    "yaw": (56, "f"), "pitch": (60, "f"), "roll": (64, "f"), "normalizedSuspensionTravel": (68, "4f"),
    "tireSlipRatio": (84, "4f"), "wheelRotationSpeed": (100, "4f"), "wheelOnRumbleStrip": (116, "4i"),
    "wheelInPuddleDepth": (132, "4f"), "surfaceRumble": (148, "4f"), "tireSlipAngle": (164, "4f"),
    "tireCombinedSlip": (180, "4f"), "suspensionTravelMeters": (196, "4f"), "carOrdinal": (212, "i"),
    "carClass": (216, "i"), "carPerformanceIndex": (220, "i"), "drivetrainType": (224, "i"), "numCylinders": (228, "i"),
}  # fmt: skip
# field: (offset in the dash, struct code)
DASH = {
    "position": (0, "3f"), "speed": (12, "f"), "power": (16, "f"), "torque": (20, "f"), "tireTemp": (24, "4f"),
    "boost": (40, "f"), "fuel": (44, "f"), "distanceTraveled": (48, "f"), "bestLap": (52, "f"), "lastLap": (56, "f"),
    "currentLap": (60, "f"), "currentRaceTime": (64, "f"), "lapNumber": (68, "H"), "racePosition": (70, "B"),
    "accel": (71, "B"), "brake": (72, "B"), "clutch": (73, "B"), "handBrake": (74, "B"), "gear": (75, "B"),
    "steer": (76, "b"), "normalizedDrivingLine": (77, "b"), "normalizedAIBrakeDifference": (78, "b"),
}  # fmt: skip
DASH_AT = {311: 232, 324: 244, 331: 232}
MOTORSPORT = {"tireWear": (311, "4f"), "trackOrdinal": (327, "i")}


def build(size: int, **values: Any) -> bytes:
    """A packet of a size with these fields; it is being driven unless told otherwise, all others are 0."""
    packet = bytearray(size)
    for name, value in {"isRaceOn": 1, **values}.items():
        if name in SLED:
            offset, code = SLED[name]
        elif name in DASH:
            offset, code = DASH_AT[size] + DASH[name][0], DASH[name][1]
        else:
            offset, code = MOTORSPORT[name]
        struct.pack_into(f"<{code}", packet, offset, *(value if isinstance(value, tuple) else (value,)))
    return bytes(packet)


@pytest.fixture(scope="session")
def packet() -> Callable[..., bytes]:
    return build


@pytest.fixture(scope="session", params=["fm-2023-2026-04-09T21-53-00-102Z.bin.gz", "forzamotorsport.udp.log"])
def real(request: pytest.FixtureRequest, shared_data: Path) -> tuple[list[bytes], dict[str, Any]]:
    """Packets of Forza Motorsport as recorded, and what is known to be in them."""
    path = shared_data / "udp_forza" / request.param
    truth = json.loads((shared_data / "truth" / f"udp_forza__{request.param}.json").read_text("utf-8"))
    if path.suffix == ".log":
        return [base64.b64decode(line)[:331] for line in path.read_text("ascii").split()], truth
    content, offset = gzip.decompress(path.read_bytes()), 0
    packets: list[bytes] = []
    while offset < len(content):
        (length,) = struct.unpack_from("<I", content, offset)
        is_meta = length == 0xFFFFFFFF
        length = 8 if is_meta else length
        if not is_meta:
            packets.append(content[offset + 4 : offset + 4 + length])
        offset += 4 + length
    return packets, truth


@pytest.fixture(scope="session")
def recorded_lap(shared_data: Path) -> list[dict[str, str]]:
    """A lap of Laguna Seca as somebody wrote Data Out to a table, one row a packet."""
    path = shared_data / "forza_csv" / "forza_laguna_seca.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
