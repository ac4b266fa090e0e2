"""Our own JSON: one document with a version, read and written through one model."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ps_analytics.channels.catalog import normalise
from ps_analytics.channels.definitions import MathChannel, Policy
from ps_analytics.channels.exchange.imported import (
    LONGEST_ABOUT,
    LONGEST_FORMULA,
    LONGEST_NAME,
    MOST_CHANNELS,
    MOST_INPUTS,
    Imported,
    fault_of_name,
    fault_of_text,
)
from ps_analytics.errors import BadMathFile

FORMAT: Literal["ps-analytics math channels"] = "ps-analytics math channels"
"""What the document says it is."""
VERSION: Literal[1] = 1
_WHAT = "this file of math channels"


def _named(text: str) -> str:
    if fault := fault_of_name(text):
        raise ValueError(fault)
    return text


def _text_up_to(longest: int) -> AfterValidator:
    def checked(text: str) -> str:
        if fault := fault_of_text(text, longest):
            raise ValueError(fault)
        return text

    return AfterValidator(checked)


Name = Annotated[str, AfterValidator(_named)]
Unit = Annotated[str, _text_up_to(LONGEST_NAME)]
About = Annotated[str, _text_up_to(LONGEST_ABOUT)]
Formula = Annotated[str, _text_up_to(LONGEST_FORMULA)]


class Input(BaseModel):
    """A name of a channel's own: `alias` in its formula is `channel`, which may be an expression of channels."""

    model_config = ConfigDict(extra="forbid", strict=True)

    alias: Name
    channel: Name


class Entry(BaseModel):
    """A math channel as the document has it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name
    formula: Formula
    unit: Unit | None = None
    units_policy: Literal["strict", "warn", "off"] = "strict"
    inputs: list[Input] = Field(default_factory=list, max_length=MOST_INPUTS)
    folder: Name | None = None
    about: About | None = None


class Document(BaseModel):
    """The whole document."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal["ps-analytics math channels"] = FORMAT
    version: Literal[1] = VERSION
    channels: list[Entry] = Field(default_factory=list, max_length=MOST_CHANNELS)


def write_math(channels: Iterable[MathChannel]) -> str:
    """Math channels as a document of ours: `read_math` gives exactly them back.

    Raises:
        BadMathFile: one of them cannot be written, or two have one name.

    Example:
        >>> print(write_math([MathChannel("Half", "speed / 2", "km/h")])[:40])
        {"format":"ps-analytics math channels","
    """
    try:
        document = Document(channels=[entry_of(channel) for channel in channels])
    except ValidationError as error:
        raise BadMathFile(_WHAT, reason=told(error)) from None
    _refuse_twice(document.channels, _WHAT)
    return document.model_dump_json(exclude_defaults=False)


def read_document(data: Mapping[str, Any], what: str) -> Imported:
    """What a document of ours holds.

    Args:
        data: the parsed JSON.
        what: how the file is called in an error.

    Raises:
        BadMathFile: it is not one; names the place.
    """
    version = data.get("version")
    if isinstance(version, int) and version > VERSION:
        raise BadMathFile(what, reason=f"it has version {version}, this ps-analytics reads {VERSION}. Update it.")
    try:
        document = Document.model_validate(dict(data))
    except ValidationError as error:
        raise BadMathFile(what, reason=told(error)) from None
    _refuse_twice(document.channels, what)
    return Imported(tuple(channel_of(entry) for entry in document.channels))


def entry_of(channel: MathChannel) -> Entry:
    """A channel as the document has it.

    Raises:
        ValidationError: a text of it is too long, or has what no text may have.
    """
    return Entry(
        name=channel.name,
        formula=channel.formula,
        unit=channel.unit,
        units_policy=channel.policy.value,
        inputs=[Input(alias=alias, channel=target) for alias, target in channel.inputs.items()],
        folder=channel.folder,
        about=channel.about,
    )


def channel_of(entry: Entry) -> MathChannel:
    """The channel of an entry."""
    return MathChannel(
        name=entry.name,
        formula=entry.formula,
        unit=entry.unit,
        policy=Policy(entry.units_policy),
        inputs=MappingProxyType({one.alias: one.channel for one in entry.inputs}),
        folder=entry.folder,
        about=entry.about,
    )


def told(error: ValidationError) -> str:
    """The first fault a model finds, as a sentence that names the place.

    Example:
        >>> try:
        ...     Entry(name="A", formula="1", unit=3)
        ... except ValidationError as error:
        ...     told(error)
        'unit: input should be a valid string.'
    """
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).removeprefix(".")
    message = first["msg"].removeprefix("Value error, ")
    return f"{place or 'the document'}: {message[:1].lower()}{message[1:]}."


def _refuse_twice(entries: Sequence[Entry], what: str) -> None:
    """Refuse two channels of one name, or two inputs of one alias."""
    places: dict[str, int] = {}
    for place, entry in enumerate(entries):
        first = places.setdefault(normalise(entry.name), place)
        if first != place:
            reason = f"channels[{place}].name: '{entry.name}' is also the name of channels[{first}]."
            raise BadMathFile(what, reason=reason)
        aliases = [one.alias for one in entry.inputs]
        if len(set(aliases)) < len(aliases):
            raise BadMathFile(what, reason=f"channels[{place}].inputs: an alias is there twice.")
