"""The session's text of an iRacing file: the few keys we need, read line by line.

The text looks like YAML, but names stand in it unquoted (`UserName: Smith: Racing #1`), which a YAML parser refuses.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SessionText:
    """What the text says of the track and of the driver's own car; None where it says nothing. `driver` is private."""

    track: str | None
    track_id: str | None
    car: str | None
    car_id: str | None
    driver: str | None = field(repr=False)


def read_session_text(data: bytes) -> SessionText:
    """Track and car as shown to people, and the game's own names of them.

    The track's configuration is part of its name where the display name leaves it out: laps of two layouts of one
    circuit must not meet.
    """
    lines = data.split(b"\0", 1)[0].decode("cp1252", errors="replace").splitlines()
    weekend = dict(_pairs(_section(lines, "WeekendInfo")))
    drivers = _section(lines, "DriverInfo")
    own = dict(_pairs(drivers)).get("DriverCarIdx")
    entry = next((e for e in _entries(drivers) if own is not None and e.get("CarIdx") == own), {})
    track, layout = weekend.get("TrackDisplayName") or weekend.get("TrackName"), weekend.get("TrackConfigName")
    if track and layout and layout.lower() not in track.lower():
        track = f"{track} {layout}"
    return SessionText(
        track=track or None,
        track_id=weekend.get("TrackName") or None,
        car=entry.get("CarScreenName") or entry.get("CarPath") or None,
        car_id=entry.get("CarPath") or None,
        driver=entry.get("UserName") or None,
    )


def _section(lines: list[str], name: str) -> list[str]:
    """The indented lines under a top-level key."""
    try:
        start = lines.index(f"{name}:") + 1
    except ValueError:
        return []
    end = next((i for i in range(start, len(lines)) if lines[i][:1].strip()), len(lines))
    return lines[start:end]


def _pairs(lines: list[str]) -> Iterator[tuple[str, str]]:
    """The `key: value` lines of a section's first level."""
    for line in lines:
        if line.startswith(" ") and not line.startswith(("  ", " -")):
            key, _, value = line.strip().partition(":")
            yield key, _plain(value)


def _entries(lines: list[str]) -> Iterator[dict[str, str]]:
    """The entries of a section's list, each as its own keys."""
    entry: dict[str, str] = {}
    for line in lines:
        stripped = line.strip()
        if stripped.startswith("- "):
            if entry:
                yield entry
            entry, stripped = {}, stripped[2:]
        elif not line.startswith("  "):
            continue
        key, _, value = stripped.partition(":")
        entry.setdefault(key, _plain(value))
    if entry:
        yield entry


def _plain(value: str) -> str:
    text = value.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
