"""What a math editor shows, and every command of it. No widgets, so tests run it without a browser."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from types import MappingProxyType
from typing import Any, Protocol

import param
import polars as pl

from ps_analytics.channels.definitions import Diagnostic, MathChannel
from ps_analytics.channels.library import SHIPPED
from ps_analytics.errors import NotFound
from ps_analytics.lap import Lap
from ps_analytics.ui.later import Later, at_once
from ps_analytics.ui.math.drafts import Draft, faults_of, free_name, trimmed
from ps_analytics.ui.math.entries import Deleted, Entry, Report, channel_of, entry_of, key_of
from ps_analytics.ui.math.ground import Ground
from ps_analytics.ui.math.preview import Preview, check_on, preview_on, unit_on

NEW_NAME = "New channel"
NOTHING: Mapping[str, str] = MappingProxyType({})
MOST_UNDONE = 20
"""So many deletions can be taken back, the last first."""


class MathSource(Protocol):
    """What the editor asks of a store; every answer is the asking user's own."""

    def find_math_channels(self) -> pl.DataFrame:
        """The user's math channels, one a row."""

    def read_math_channel(self, name: str, *, vehicle_id: str | None = None) -> MathChannel:
        """One of them."""

    def write_math_channel(
        self, channel: MathChannel, *, vehicle_id: str | None = None, was: str | None = None
    ) -> list[Diagnostic]:
        """Keeps a channel, under the name it `was` before if it is another now; gives the warnings."""

    def delete_math_channel(self, name: str, *, vehicle_id: str | None = None) -> MathChannel:
        """What the deleted channel was."""

    def find_math_uses(self, name: str) -> list[str]:
        """The channels that use it."""

    def math_library(self, *, vehicle_id: str | None = None) -> dict[str, MathChannel]:
        """Every channel a formula may name, by name."""

    def read_setup(self, session_id: str) -> Mapping[str, tuple[Any, str]]:
        """What the vehicle of a session was set to: value and unit by parameter."""


class MathState(param.Parameterized):
    """The choices behind a math editor. Commands change it; a desk watches it."""

    entries = param.List(item_type=Entry, doc="The user's channels and the shipped ones.")
    key = param.String(doc="The chosen channel; empty if there is none.")
    draft: Any = param.ClassSelector(class_=Draft, doc="The chosen channel as typed.")
    report: Any = param.ClassSelector(class_=Report, default=Report(), allow_None=False, doc="What checking it said.")
    preview: Any = param.ClassSelector(class_=Preview, default=Preview(), allow_None=False, doc="It on the lap.")
    uses = param.List(item_type=str, doc="The channels that use it as it is saved, nearest first.")
    deleted = param.List(item_type=Deleted, doc="What can be brought back, the last deleted last.")
    ground: Any = param.ClassSelector(class_=Ground, default=Ground(), allow_None=False, doc="What it is tried on.")
    problem = param.String(doc="One sentence: what could not be done.")
    saves = param.Integer(doc="How often the user's channels have changed.")
    renamed = param.Dict(default={}, doc="What the last change named otherwise: old name → new.")

    def __init__(self, source: Callable[[], MathSource], *, later: Later = at_once, **params: Any) -> None:
        """The state of an editor.

        Args:
            source: gives the store when it is asked for.
            later: runs what typing does not wait for: reading laps and trying the formula on them.
            **params: other values than the defaults.
        """
        super().__init__(**params)
        self._source, self._later = source, later
        self._saved: dict[str, Draft] = {}
        self._drafts: dict[str, Draft] = {}
        self._library: dict[str, MathChannel] = {}
        self._numbers = count(1)
        self._now: dict[str, str] = {}  # key → the one the channel has since it was saved
        self.heard = 0
        """The number of the newest text the browser has sent."""
        self._problems: dict[str, str] = {}
        self._wanted: MathChannel | None = None  # to be tried on the lap next
        self._trying = False

    @property
    def library(self) -> Mapping[str, MathChannel]:
        """Every channel a formula may name, by name."""
        return self._library

    @property
    def keys_before(self) -> list[str]:
        """The keys the chosen channel had before it was saved."""
        return [old for old, now in self._now.items() if now == self.key]

    def refresh(self, *, then: str = "") -> None:
        """Asks the store what there is; what is typed stays.

        Args:
            then: the channel to choose; "" stays with the chosen one. One that is gone gives way to the first.
        """
        source = self._source()
        self._library = source.math_library()
        self._saved = {}
        self._problems = {}
        for row in source.find_math_channels().to_dicts():
            key = key_of("own", row["name"], row["vehicle_id"])
            listed = channel_of(row)
            self._saved[key] = Draft(listed, listed, vehicle_id=row["vehicle_id"])
            self._problems[key] = row["problem"] or ""
        for name, channel in SHIPPED.items():
            self._saved[key_of("shipped", name)] = Draft(channel, channel, own=False)
        gone = [key for key, draft in self._drafts.items() if draft.saved is not None and key not in self._saved]
        for key in gone:  # somebody deleted it elsewhere: what is typed becomes a new channel
            self._drafts[key] = replace(self._drafts[key], saved=None)
        with param.parameterized.batch_call_watchers(self):
            self._list()
            keys = [entry.key for entry in self.entries]
            self.select(next((key for key in (then, self.key, *keys) if key in keys), ""))

    def select(self, key: str) -> None:
        """Chooses a channel; what was typed into another waits there.

        Raises:
            NotFound: there is no such channel.
        """
        draft = self._draft(key) if key else None
        with param.parameterized.batch_call_watchers(self):
            uses, preview = self._uses(draft), self.preview if self.preview.key == key else Preview(key)
            self.param.update(key=key, draft=draft, problem="", uses=uses, preview=preview)
            self._check(0)

    def edit(self, key: str, field: str, text: str, *, version: int = 0) -> None:
        """Takes what is typed into a field of a channel, and checks it if it is the chosen one.

        Args:
            key: the channel; another one may have been chosen meanwhile.
            field: name, formula, unit, policy, folder or about.
            text: all of it.
            version: the browser's number of it, which the report repeats.
        """
        self.heard = max(self.heard, version)
        key = self._now.get(key, key)
        before = self._draft(key)
        if not before.own:
            return
        draft = self._drafts[key] = before.with_text(field, text)
        with param.parameterized.batch_call_watchers(self):
            if before.changed != draft.changed or field in ("name", "unit", "folder"):
                self._list()
            if key == self.key:
                self.param.update(draft=draft, problem="")
                self._check(version)

    def save(self) -> None:
        """Keeps the chosen channel as typed.

        Raises:
            FormulaError: the store refuses it.
        """
        draft = self.draft
        if draft is None or not draft.own:
            return
        channel = trimmed(draft.channel)
        faults = faults_of(channel, taken=self._names(besides=self.key))
        if faults:
            self.problem = "Not saved. " + " ".join(faults.values())
            return
        was = draft.saved.name if draft.saved else None
        self._source().write_math_channel(channel, vehicle_id=draft.vehicle_id, was=was)
        self._drafts.pop(self.key, None)
        renamed = {was: channel.name} if was not in (None, channel.name) else {}
        before, key = self.key, key_of("own", channel.name, draft.vehicle_id)
        if before != key:
            self._now = {**{old: key if now == before else now for old, now in self._now.items()}, before: key}
        self._now.pop(key, None)
        self._changed(key, renamed=renamed)

    def revert(self) -> None:
        """Takes back what was typed into the chosen channel since it was saved; a new one goes."""
        draft = self._drafts.pop(self.key, None)
        if draft is not None and draft.saved is None:
            self._put_aside(Deleted(draft, self.key))
        with param.parameterized.batch_call_watchers(self):
            self._list()
            self.select(self.key if draft is None or draft.saved is not None else self._beside(self.key))

    def new(self) -> None:
        """Begins a channel, in the folder of the chosen one if that is the user's own."""
        folder = self.draft.channel.folder if self.draft is not None and self.draft.own else None
        self._begin(MathChannel(free_name(NEW_NAME, self._names()), "", folder=folder))

    def duplicate(self, key: str) -> None:
        """Begins a channel that is as another one, with a name of its own."""
        draft = self._draft(key)
        name = free_name(draft.channel.name, {*self._names(), *self._library})
        self._begin(replace(draft.channel, name=name), draft.vehicle_id)

    def override(self, key: str) -> None:
        """Begins a channel of a shipped one's name: once saved it stands in for it everywhere."""
        channel = self._draft(key).channel
        own = key_of("own", channel.name)
        if own in self._saved:
            self.select(own)
        elif waiting := next((k for k, draft in self._drafts.items() if draft.channel.name == channel.name), None):
            self.select(waiting)
        else:
            self._begin(channel)

    def delete(self, key: str) -> None:
        """Deletes a channel of the user's; `undo` brings it back, with what was typed into it."""
        draft = self._draft(key)
        if not draft.own:
            return
        beside = self._beside(key) if key == self.key else self.key
        if draft.saved is not None:
            self._source().delete_math_channel(draft.saved.name, vehicle_id=draft.vehicle_id)
        self._drafts.pop(key, None)
        self._put_aside(Deleted(draft, key))
        self._changed(beside, saved=draft.saved is not None)

    def undo(self) -> None:
        """Brings back what was deleted last."""
        if not self.deleted:
            return
        gone = self.deleted[-1]
        if gone.draft.saved is not None:
            self._source().write_math_channel(gone.draft.saved, vehicle_id=gone.draft.vehicle_id)
        self.deleted = self.deleted[:-1]
        if gone.draft.changed:
            self._drafts[gone.key] = gone.draft
        self._changed(gone.key, saved=gone.draft.saved is not None)

    def stand_on(self, ground: Callable[[], Ground]) -> None:
        """Tries formulas on another lap, once it is read."""

        def found(read: Ground) -> None:
            with param.parameterized.batch_call_watchers(self):
                self.ground = read
                self._check(self.report.version)

        def read() -> Ground:
            bare = ground()
            return bare if bare.lap is None else replace(bare, setup=self._setup_of(bare.lap))

        self._later(read, found, self.report_problem)

    def report_problem(self, problem: str) -> None:
        """Says what could not be done, in one sentence."""
        self.problem = problem

    def _changed(self, key: str, *, saved: bool = True, renamed: Mapping[str, str] = NOTHING) -> None:
        with param.parameterized.batch_call_watchers(self):
            self.refresh(then=key)
            if saved:
                self.param.update(saves=self.saves + 1, renamed=dict(renamed))

    def _begin(self, channel: MathChannel, vehicle_id: str | None = None) -> None:
        key = key_of("new", str(next(self._numbers)))
        self._drafts[key] = Draft(channel, vehicle_id=vehicle_id)
        with param.parameterized.batch_call_watchers(self):
            self._list()
            self.select(key)

    def _put_aside(self, gone: Deleted) -> None:
        self.deleted = [*self.deleted, gone][-MOST_UNDONE:]

    def _draft(self, key: str) -> Draft:
        draft = self._drafts.get(key) or self._saved.get(key)
        if draft is None:
            raise NotFound("math channel", key.rpartition("|")[2])
        if draft.own and key not in self._drafts:  # a row of the list has not all of it
            saved = self._source().read_math_channel(draft.channel.name, vehicle_id=draft.vehicle_id)
            draft = self._saved[key] = replace(draft, channel=saved, saved=saved)
        return draft

    def _names(self, *, besides: str = "") -> set[str]:
        """The names of the user's other channels for the same vehicle, as they are typed."""
        own = {**{key: draft for key, draft in self._saved.items() if draft.own}, **self._drafts}
        vehicle_id = own[besides].vehicle_id if besides in own else None
        return {d.channel.name for key, d in own.items() if key != besides and d.vehicle_id == vehicle_id}

    def _beside(self, key: str) -> str:
        """The channel of the list to choose when this one goes."""
        keys = [entry.key for entry in self.entries]
        place = keys.index(key) if key in keys else 0
        rest = keys[place + 1 :] or keys[max(place - 1, 0) : place]
        return rest[0] if rest else ""

    def _setup_of(self, lap: Lap) -> Mapping[str, tuple[Any, str]]:
        try:
            return self._source().read_setup(lap.session_id)
        except NotFound:  # a lap of another store, or of none
            return {}

    def _uses(self, draft: Draft | None) -> list[str]:
        if draft is None or draft.saved is None:
            return []
        try:
            return self._source().find_math_uses(draft.saved.name)
        except NotFound:
            return []

    def _list(self) -> None:
        own = {draft.channel.name for draft in self._saved.values() if draft.own}
        drafts = {**self._saved, **self._drafts}
        entries = [
            entry_of(key, draft, self._problems.get(key, ""), hidden=draft.channel.name in own)
            for key, draft in drafts.items()
        ]
        self.entries = sorted(entries, key=lambda entry: (not entry.own, entry.folder.lower(), entry.name.lower()))

    def _check(self, version: int) -> None:
        """Says what is wrong with the chosen channel, and tries it on the lap if it has values there."""
        draft = self.draft
        if draft is None:
            self.param.update(report=Report(version), preview=Preview())
            return
        channel = trimmed(draft.channel)
        faults = faults_of(channel, taken=self._names(besides=self.key)) if draft.own else {}
        named = replace(channel, name=channel.name or NEW_NAME)
        found = check_on(named, self.ground, self._library)
        report = Report(version, tuple(found), faults)
        if report.can_be_tried:
            report = replace(report, unit=unit_on(named, self.ground, self._library))
        self.report = report
        if report.can_be_tried:
            self._wanted = named
            self._try()

    def _try(self) -> None:
        """Tries the newest formula that is right; while one is being tried, those in between are left out."""
        if self._trying or self._wanted is None:
            return
        channel, self._wanted, key = self._wanted, None, self.key
        ground, library = self.ground, dict(self._library)
        self._trying = True

        def found(preview: Preview) -> None:
            self._trying = False
            if self.key == key and self.ground is ground:
                self.preview = preview
            self._try()

        def failed(sentence: str) -> None:
            found(Preview(key=key, note=sentence))

        self._later(lambda: preview_on(channel, ground, library, key=key), found, failed)
