"""Maths files of MoTeC i2: scripts stay as written, constants are channels, hostile XML is refused."""

import subprocess
import sys
from xml.sax.saxutils import quoteattr

import pytest

from ps_analytics.channels.definitions import MathChannel, Policy
from ps_analytics.channels.exchange import Imported, read_math
from ps_analytics.errors import BadMathFile

LAP = 'range_change("Outings:Laps")'


def maths(*items: str, constants: str = "", head: str = 'Id="Dampers"') -> bytes:
    body = f"<MathConstants>{constants}</MathConstants>\n<MathItems>{''.join(items)}</MathItems>"
    return f'<?xml version="1.0"?>\n<Maths Locale="English" {head}>\n{body}</Maths>\n'.encode()


def item(name: str, script: str, unit: str = "", more: str = "") -> str:
    return (
        f'<MathExpression Id={quoteattr(name)} DisplayUnit="" DisplayDPS="2" Interpolate="1"'
        f' Script={quoteattr(script)} SampleRate="0" Unit={quoteattr(unit)} {more}/>'
    )


def constant(name: str, value: str, unit: str = "", more: str = "") -> str:
    return f"<MathConstant Name={quoteattr(name)} Value={quoteattr(value)} Unit={quoteattr(unit)} {more}/>"


def read(*items: str, constants: str = "", head: str = 'Id="Dampers"') -> Imported:
    return read_math(maths(*items, constants=constants, head=head), name="Dampers.xml")


def test_a_script_is_taken_as_it_is() -> None:
    script = f"choose('G Long'[G] < -0.1 AND 'Speed' [km/h] > 5, stat_mean('Brake' [%], 'Is Braking', {LAP}), 0)"
    found = read(item("Gradient", script, "%/G", 'Comment="how hard"'))
    assert found.channels == (MathChannel("Gradient", script, "%/G", Policy.WARN, {}, "Dampers", "how hard"),)
    assert (found.notes, found.vehicle) == ((), None)


@pytest.mark.parametrize(
    ("script", "formula"),
    [
        ("stat_mean(speed)", "stat_mean(speed, over=session)"),
        ("stat_mean(speed, brake > 5)", "stat_mean(speed, brake > 5, over=session)"),
        (f"stat_mean(speed, 1, {LAP})", f"stat_mean(speed, 1, {LAP})"),
        ("integrate('Braking Power' [W])", "integrate('Braking Power' [W], over=session)"),
        ("STAT_MAX( speed ) // stat_max(x)", "STAT_MAX( speed , over=session) // stat_max(x)"),
        ("stat_max(integrate(1))", "stat_max(integrate(1, over=session), over=session)"),
        ("stat_max('stat_max(x)')", "stat_max('stat_max(x)', over=session)"),
        ("stat_max(speed, over=lap)", "stat_max(speed, over=lap)"),
        ("smooth(max(speed, 2), 0.2)", "smooth(max(speed, 2), 0.2)"),
        ("stat_max(speed", "stat_max(speed"),
    ],
)
def test_without_a_range_i2_means_the_session(script: str, formula: str) -> None:
    found = read(item("A", script))
    assert found.channels[0].formula == formula
    told = ("'A': over=session is added, which is what i2 does without a range.",)
    assert found.notes == (told if formula != script else ())


def test_a_constant_is_a_channel_and_a_setup_value() -> None:
    found = read(
        constants=constant("Wheelbase", "2.70", "m") + constant("CdA", "-3.82") + constant("Track Front", "1,67", "m")
    )
    assert [(channel.name, channel.formula, channel.unit) for channel in found.channels] == [
        ("Wheelbase", "(2.7)[m]", "m"),
        ("CdA", "-3.82", None),
        ("Track Front", "(1.67)[m]", "m"),
    ]
    assert dict(found.setup) == {"wheelbase": (2.7, "m"), "cda": (-3.82, ""), "track_f": (1.67, "m")}


def test_a_file_for_one_car_says_for_which() -> None:
    found = read(item("A", "1"), head='Id="Car" Condition="\'Vehicle Id\' == &quot;dallarap217&quot;"')
    assert (found.vehicle, found.notes) == ("dallarap217", ())


def test_another_condition_is_told() -> None:
    found = read(item("A", "1"), head='Id="Wet" Condition="\'Venue\' == &quot;Spa&quot;"')
    assert found.vehicle is None
    assert found.notes == ("the file is for laps with 'Venue' == Spa; that condition is not kept.",)


def test_what_is_switched_off_or_a_program_is_left_out_and_told() -> None:
    found = read(
        item("Off", "1", more='Active="0"'),
        '<MathPlugin ProgId="MoTeC.GPSMaths.1.0" Params="V2:"/>',
        constants=constant("Mass", "0", "kg", 'Active="0"'),
    )
    assert found.channels == ()
    assert found.notes == (
        "'Mass' is left out: it is switched off in the file.",
        "'Off' is left out: it is switched off in the file.",
        "the calculation 'MoTeC.GPSMaths.1.0' of MoTeC is left out: it is a program, no formula.",
    )


def test_names_of_recorded_channels_get_a_number_and_formulas_follow() -> None:
    found = read(
        item("Brake", "'Brake Pedal Pos' [%]", "%"),
        item("Hard", "'Brake' [%] > 50"),
        item("Gear", "choose('Gear' > 0, 'GEAR', 1)"),
    )
    assert [(channel.name, dict(channel.inputs)) for channel in found.channels] == [
        ("Brake 2", {}),
        ("Hard", {"Brake": "Brake 2"}),
        ("Gear 2", {"Gear": "gear", "GEAR": "gear"}),
    ]
    assert found.notes[0] == "'Brake' is called 'Brake 2': a recorded channel has that name."


def test_a_channel_named_like_a_shipped_one_does_not_stand_in_for_it() -> None:
    found = read(item("Steering Rate", "abs(derivative('Steering Pos', 0.3))"), item("Busy", "'Steering Rate' > 50"))
    assert [(channel.name, dict(channel.inputs)) for channel in found.channels] == [
        ("Steering Rate 2", {}),
        ("Busy", {"Steering Rate": "Steering Rate 2"}),
    ]
    assert found.notes == ("'Steering Rate' is called 'Steering Rate 2': a shipped channel has that name.",)


def test_a_channel_that_only_renames_a_recorded_one_is_left_out() -> None:
    found = read(
        item("Throttle", "('Throttle Pos' [%])", "%"),
        item("Full", "'Throttle' [%] > 98"),
        item("Speed", "'Ground Speed' [m/s]"),
    )
    assert [(channel.name, dict(channel.inputs)) for channel in found.channels] == [("Full", {}), ("Speed 2", {})]
    assert found.notes[0] == "'Throttle' is left out: it is the recorded channel 'throttle'."


BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]>
<Maths Id="&lol2;"/>"""
FILE = b"""<?xml version="1.0"?>
<!DOCTYPE Maths [<!ENTITY secret SYSTEM "file:///etc/passwd">]>
<Maths Id="&secret;"/>"""
KLINGON = b'<?xml version="1.0" encoding="klingon"?><Maths/>'
REMOTE = b'<!DOCTYPE Maths SYSTEM "http://example.com/x.dtd">\n<Maths/>'
DECLARED = "line 2: it declares a document type or entities, which no Maths file does."

BAD = {
    "an entity bomb": (BOMB, DECLARED),
    "a file of the machine": (FILE, DECLARED),
    "a remote document type": (REMOTE, DECLARED.replace("2", "1")),
    "another document": (b"<Layouts/>", "line 1: it is <Layouts>, not the <Maths> of MoTeC i2."),
    "a broken one": (b"<Maths>\n<MathItems>", "line 2, column 12: no element found."),
    "deep": (b"<Maths>" + b"<a>" * 100_000, "line 1: it nests more than 16 deep."),
    "no name": (maths('<MathExpression Script="1"/>'), "line 4: a channel has no Id."),
    "no number": (maths(constants=constant("Mass", "heavy", "kg")), "line 3: the Value of 'Mass' is no number."),
    "an endless number": (maths(constants=constant("A", "1e999", "kg")), "line 3: the Value of 'A' is no number."),
    "a long script": (maths(item("A", "1" * 2001)), "line 4: the Script of 'A': it has more than 2000 characters."),
    "many": (maths(*[item(f"c{n}", "1") for n in range(1001)]), "line 4: it has more than 1000 channels."),
    "no encoding": (KLINGON, "line 1: its encoding cannot be read (unknown encoding: klingon)."),
}  # fmt: skip


@pytest.mark.parametrize("name", list(BAD))
def test_what_is_wrong_is_told_with_its_line(name: str) -> None:
    data, reason = BAD[name]
    with pytest.raises(BadMathFile) as caught:
        read_math(data, name="x.xml")
    assert str(caught.value) == f"'x.xml' cannot be read: {reason}"


def test_markup_in_a_name_is_text_without_its_brackets() -> None:
    found = read(item("<script>alert(1)</script>", "1"))
    assert found.channels[0].name == "scriptalert(1)/script"


def test_reading_a_file_needs_no_store_and_no_page() -> None:
    code = "import sys, ps_analytics.channels.exchange; sys.exit(bool({'sqlalchemy', 'panel'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
