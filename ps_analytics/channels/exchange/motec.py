"""Maths files of MoTeC i2 (XML): scripts as they are, constants as channels, the vehicle a set is for."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from xml.parsers import expat

from ps_analytics.channels.catalog import normalise
from ps_analytics.channels.definitions import MathChannel, Policy
from ps_analytics.channels.exchange.imported import (
    DEEPEST,
    LONGEST_ABOUT,
    LONGEST_FORMULA,
    MOST_CHANNELS,
    Imported,
    fault_of_text,
    plain_name,
    plain_text,
)
from ps_analytics.channels.exchange.naming import settled
from ps_analytics.channels.exchange.sessions import over_session
from ps_analytics.channels.units import is_unit
from ps_analytics.errors import BadMathFile

_VEHICLE = re.compile(r"""\s*'Vehicle Id'\s*==\s*(["'])(?P<vehicle>[^"']*)\1\s*""", re.IGNORECASE)
_PARAMETERS = {
    "track front": "track_f", "track rear": "track_r", "motion ratio front": "mr_f", "motion ratio rear": "mr_r",
    "steering ratio": "steer_ratio", "vehicle wheelbase": "wheelbase", "vehicle mass": "mass",
    "tire radius": "tyre_radius",
}  # fmt: skip
"""Constants people use whose setup parameter is called otherwise."""
_PARAMETER = re.compile(r"[a-z][a-z0-9_]*")


def read_motec(data: bytes, what: str) -> Imported:
    """The math channels of a Maths file, policy `warn`, its constants as channels of one number.

    Where i2 has no range for a statistic or an integral it takes the whole session: `over=session` is added. What is
    switched off in the file is left out.

    Args:
        data: the file.
        what: how it is called in an error.

    Raises:
        BadMathFile: it is no such XML; names the line.
    """
    reader = _Reader(what)
    reader.read(data)
    channels, told_of_names = settled(reader.channels)
    return Imported(
        tuple(channels), setup=reader.setup, notes=(*reader.notes, *told_of_names), vehicle=reader.vehicle or None
    )


@dataclass
class _Reader:
    """Collects what the elements of one file say. Nothing is declared in such a file, so a declaration is an attack."""

    what: str
    channels: list[MathChannel] = field(default_factory=list)
    setup: dict[str, tuple[float, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    vehicle: str = ""
    folder: str = ""
    depth: int = 0

    def read(self, data: bytes) -> None:
        """Take in the whole file."""
        parser = self._parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._declared
        parser.EntityDeclHandler = self._declared
        try:
            parser.Parse(data, True)
        except expat.ExpatError as error:
            reason = f"line {error.lineno}, column {error.offset + 1}: {expat.ErrorString(error.code)}."
            raise BadMathFile(self.what, reason=reason) from None
        except (LookupError, ValueError) as error:  # an encoding Python does not know, or cannot give to the parser
            raise BadMathFile(self.what, reason=f"line 1: its encoding cannot be read ({error}).") from None

    def _start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if self.depth == 0:
            if tag != "Maths":
                self._refuse(f"it is <{plain_name(tag)}>, not the <Maths> of MoTeC i2.")
            self._file(attributes)
        self.depth += 1
        if self.depth > DEEPEST:
            self._refuse(f"it nests more than {DEEPEST} deep.")
        if len(self.channels) >= MOST_CHANNELS:
            self._refuse(f"it has more than {MOST_CHANNELS} channels.")
        if tag in ("MathExpression", "MathConstant") and attributes.get("Active") == "0":
            name = plain_name(attributes.get("Id") or attributes.get("Name") or "")
            self.notes.append(f"'{name}' is left out: it is switched off in the file.")
        elif tag == "MathExpression":
            self._expression(attributes)
        elif tag == "MathConstant":
            self._constant(attributes)
        elif tag == "MathPlugin":
            plugin = plain_name(attributes.get("ProgId", ""))
            self.notes.append(f"the calculation '{plugin}' of MoTeC is left out: it is a program, no formula.")

    def _end(self, _tag: str) -> None:
        self.depth -= 1

    def _file(self, attributes: Mapping[str, str]) -> None:
        self.folder = plain_name(attributes.get("Id", ""))
        condition = attributes.get("Condition", "")
        if match := _VEHICLE.fullmatch(condition):
            self.vehicle = plain_name(match["vehicle"])
        elif condition.strip():
            shown = plain_name(condition)
            self.notes.append(f"the file is for laps with {shown}; that condition is not kept.")

    def _expression(self, attributes: Mapping[str, str]) -> None:
        name = self._name(attributes, "Id")
        script = attributes.get("Script", "")
        if fault := fault_of_text(script, LONGEST_FORMULA):
            self._refuse(f"the Script of '{name}': {fault}.")
        formula, changed = over_session(script)
        if changed:
            self.notes.append(f"'{name}': over=session is added, which is what i2 does without a range.")
        self._add(name, formula, self._unit(name, attributes), attributes)

    def _constant(self, attributes: Mapping[str, str]) -> None:
        name, unit = self._name(attributes, "Name"), self._unit(self._name(attributes, "Name"), attributes)
        value = self._number(name, attributes.get("Value", ""))
        self._add(name, f"({value!r})[{unit}]" if unit else repr(value), unit, attributes)
        known = normalise(name)
        parameter = _PARAMETERS.get(known, known.replace(" ", "_"))
        if _PARAMETER.fullmatch(parameter):
            self.setup.setdefault(parameter, (value, unit))

    def _add(self, name: str, formula: str, unit: str, attributes: Mapping[str, str]) -> None:
        about = plain_text(attributes.get("Comment", ""), LONGEST_ABOUT)
        self.channels.append(
            MathChannel(
                name=name,
                formula=formula,
                unit=unit or None,
                policy=Policy.WARN,
                folder=self.folder or None,
                about=about or None,
            )
        )

    def _name(self, attributes: Mapping[str, str], key: str) -> str:
        name = plain_name(attributes.get(key, ""))
        if not name:
            self._refuse(f"a channel has no {key}.")
        return name

    def _unit(self, name: str, attributes: Mapping[str, str]) -> str:
        unit = attributes.get("Unit", "").strip()
        if is_unit(unit):
            return unit
        self.notes.append(f"'{name}': the unit '{plain_name(unit)}' is not known and left out.")
        return ""

    def _number(self, name: str, text: str) -> float:
        """A number as i2 writes it: with a comma where the computer it was made on has one."""
        try:
            value = float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            self._refuse(f"the Value of '{name}' is no number.")
        return value

    def _declared(self, *_declaration: Any) -> NoReturn:
        self._refuse("it declares a document type or entities, which no Maths file does.")

    def _refuse(self, reason: str) -> NoReturn:
        raise BadMathFile(self.what, reason=f"line {self._parser.CurrentLineNumber}: {reason}")
