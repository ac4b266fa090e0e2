"""Reads the cases in `cases/*.txt`: formulas, small frames, and what has to come of them.

    frame                           a new frame: a column a line, its unit in [ ] if it is not the catalogue's
      speed: 100 110 -              numbers, - where a sample is missing; conditions are yes and no; *_id are texts
      probe [F]: 32 212 50
    reference                       the reference lap, likewise; setup values; further channels of the call
    setup
      mass: 1250 kg
    channels
      Slow [%]: speed / 2

    speed[m/s]                      a formula begins its line; what is said of it follows
      = 250/9 275/9 -               its values (one and "everywhere": the same in all rows)
      in: m/s                       the unit it comes to

    sin(steering_angle)
        ^~~~~~~~~~~~~~              the place of an error or a warning
      E-UNIT-ANGLE: sin() needs radians, this is [deg]
      hint: write sin(x[rad])
      fix: sin(steering_angle[rad])

`declared: unit` declares one, `policy: warn` is the policy of the call, `provisional: yes` says that the values may
change while the lap goes on. Hints, fixes and warnings that are not written may not be given. `#` begins a comment.
"""

import re
from ast import literal_eval
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

CASES = Path(__file__).with_name("cases")

_CARETS = re.compile(r" *\^~*")
_CODE = re.compile(r"([EWI]-[A-Z-]+): (.*)")
_NAMED = re.compile(r"(?P<name>[^\[:]+?)(?: \[(?P<unit>[^\]]*)\])?: (?P<value>.*)")


@dataclass
class Scene:
    """What formulas are evaluated on."""

    frame: dict[str, list[Any]] = field(default_factory=dict)
    reference: dict[str, list[Any]] = field(default_factory=dict)
    units: dict[str, str | None] = field(default_factory=dict)
    setup: dict[str, tuple[Any, str]] = field(default_factory=dict)
    channels: dict[str, tuple[str, str]] = field(default_factory=dict)

    def options(self) -> dict[str, Any]:
        """What a call needs besides entries and frame."""
        reference = pl.DataFrame(self.reference) if self.reference else None
        return {"units": self.units, "setup": self.setup, "reference": reference}


@dataclass
class Case:
    """A formula and what has to come of it; `said` are codes, messages, hints and the formula once mended."""

    formula: str
    scene: Scene
    where: str
    place: tuple[int, int] | None = None
    values: list[Any] | None = None
    said: list[list[str | None]] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def frame(self) -> pl.DataFrame:
        """The frame of the scene."""
        return pl.DataFrame(self.scene.frame)

    def options(self) -> dict[str, Any]:
        """What a call needs besides entries and frame."""
        return {**self.scene.options(), "policy": self.facts.get("policy", "strict")}

    def entries(self, formula: str | None = None) -> dict[str, Any]:
        """The entries of the call: this formula as `t`, and the channels of the scene."""
        return {"t": (formula or self.formula, self.facts.get("declared", "")), **self.scene.channels}


def read_cases() -> list[Case]:
    """All cases of all files."""
    return [case for path in sorted(CASES.glob("*.txt")) for case in _read(path)]


def _read(path: Path) -> Iterator[Case]:
    case: Case | None = None
    scene, part = Scene(), ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if case is not None and _CARETS.fullmatch(line):
            start = line.index("^")
            case.place = (min(start, len(case.formula)), min(len(line), len(case.formula)))
        elif line.startswith("  ") and case is not None:
            _say(case, line.strip())
        elif line.startswith("  "):
            _set(scene, part, line.strip())
        else:
            if case is not None:
                yield case
            part, case = line, None
            if line == "frame":
                scene = Scene()
            elif line not in ("reference", "setup", "channels"):
                case = Case(line, scene, f"{path.stem}:{number}")
    if case is not None:
        yield case


def _say(case: Case, line: str) -> None:
    name, _, value = line.partition(": ")
    if line.startswith("= "):
        case.values = _values(line[2:], len(case.frame))
    elif code := _CODE.fullmatch(line):
        case.said.append([code[1], code[2], "", None])
    elif name in ("hint", "fix"):
        case.said[-1][2 if name == "hint" else 3] = value
    elif name in ("in", "declared", "policy", "provisional"):
        case.facts[name] = value
    else:
        raise ValueError(f"{case.where}: {line}")


def _set(scene: Scene, part: str, line: str) -> None:
    match = _NAMED.fullmatch(line)
    if match is None:
        raise ValueError(line)
    name, unit, value = match["name"], match["unit"], match["value"]
    if part == "setup":
        number, _, its = value.rpartition(" ")
        scene.setup[name] = (literal_eval(number or its), its if number else "")
    elif part == "channels":
        scene.channels[name] = (value, unit or "")
    else:
        columns = scene.reference if part == "reference" else scene.frame
        columns[name] = value.split() if name.endswith("_id") else _values(value, 0)
        if name.endswith("_id"):
            columns[name] = [None if key == "-" else key for key in columns[name]]
        if unit is not None:
            scene.units[name] = None if unit == "?" else unit


def _values(text: str, rows: int) -> list[Any]:
    words = text.split()
    if words[-1] == "everywhere":
        words = words[:1] * rows
    return [_value(word) for word in words]


def _value(word: str) -> float | bool | None:
    if word in ("-", "yes", "no"):
        return {"-": None, "yes": True, "no": False}[word]
    above, _, below = word.partition("/")
    return float(above) / float(below or 1)
