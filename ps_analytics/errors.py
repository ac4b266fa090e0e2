"""Every exception of ps-analytics, under one root.

PurpleSectorError
├── FileError                    a file that cannot be read
│   ├── FileMissing              there is no such file
│   ├── FileUnreadable           it cannot be opened: a folder, no permission, too large
│   ├── NotThisFormat            it is something else
│   ├── CorruptFile              it breaks its own format
│   └── UnsupportedVersion       a version nobody here reads
├── WireError                    bytes from a socket that are not a batch of frames
├── BadPacket                    a datagram that is not of the game listened to
├── UnknownChannel               a name no catalogue, lap or source has
├── UnknownUnit                  a unit text the unit language does not know
├── UnitMismatch                 two units of different kinds
├── FormulaError                 a math channel's formula that cannot be used; says at which character
├── BadMathFile                  a file of math channels that cannot be read
├── NotFound                     no such thing, or not yours: the same answer
├── IncompatibleLaps             two laps that cannot be compared
├── UnknownMethod                a way of laying laps over each other that does not exist
├── BadTrack                     a track model or a corner list that makes no sense
├── BadLayout                    a plot layout, or a part of one, that cannot be used; names the field
├── NothingToExport              a panel without data
├── NoRoom                       a panel that cannot be made smaller
├── ShippedLayout                a layout of ours, which stays as it is
├── StoreError
│   ├── DatabaseUnreachable      the URL is wrong or nobody answers
│   ├── SchemaOutdated           the tables are older or newer than the code
│   ├── CorruptTrace             a stored channel that fails its checksum
│   ├── NotKept                  a name, a text or a value the store cannot keep
│   ├── NameTaken                another of the user's things has the name
│   ├── LimitReached             the user has as many of them as he may
│   ├── NotShared                a session that cannot be shared with somebody
│   └── SessionRecording         a session that is recording refuses deletion
├── TransportError
│   ├── SpoolFull                nothing acknowledged for too long; carries retry_after
│   ├── SpoolInUse               another collector has the folder
│   ├── SpoolUnwritable          the disk refuses; carries retry_after
│   ├── PipeFull                 the daemon of this process is behind; carries retry_after
│   └── DaemonUnreachable        no ingestion daemon answers; carries retry_after
├── PortInUse                    another program listens there
├── BadSetting                   a setting that cannot be used
├── MissingExtra                 an optional package is not installed
└── PluginClash                  two plugins, or two heads of one, that exclude each other

The class writes the sentence; the call site passes facts, which stay readable as attributes.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path


class PurpleSectorError(Exception):
    """The root: catching it catches everything this package raises on purpose."""


def _nearest(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=3, cutoff=0.5)
    return f" Did you mean {' or '.join(repr(n) for n in near)}?" if near else ""


class FileError(PurpleSectorError):
    """A file that cannot be read; `path` and `offset` say where (offset in bytes, None = the whole file)."""

    def __init__(self, path: Path | str, message: str, offset: int | None = None) -> None:
        self.path, self.offset = Path(path), offset
        place = "" if offset is None else f" at byte {offset}"
        super().__init__(f"'{self.path.name}'{place}: {message}")


class FileMissing(FileError):
    """There is no such file, or none that matches a pattern."""

    def __init__(self, path: Path | str) -> None:
        what = "no file matches this" if set("*?[") & set(Path(path).name) else "there is no such file"
        super().__init__(path, f"{what} in '{Path(path).parent}'. Check the name and the folder.")


class FileUnreadable(FileError):
    """The file is there and cannot be opened; `reason` says why."""

    def __init__(self, path: Path | str, *, reason: str, hint: str) -> None:
        self.reason = reason
        super().__init__(path, f"it cannot be opened: {reason}. {hint}")


class NotThisFormat(FileError):
    """The file is something else than its reader expects."""

    def __init__(self, path: Path | str, *, expected: str, found: str, offset: int | None = 0) -> None:
        self.expected, self.found = expected, found
        super().__init__(path, f"not {expected}: {found}. Give a file as the game or logger wrote it.", offset)


class CorruptFile(FileError):
    """The file starts as its format does and then breaks it."""

    def __init__(self, path: Path | str, *, reason: str, offset: int | None) -> None:
        self.reason = reason
        super().__init__(path, f"the file is damaged: {reason}. Copy it again from where it was recorded.", offset)


class UnsupportedVersion(FileError):
    """A version of the format that nobody here reads."""

    def __init__(self, path: Path | str, *, version: object, supported: str, offset: int | None) -> None:
        self.version, self.supported = version, supported
        message = f"version {version} is not supported; this reader knows {supported}. Look for a newer ps-analytics."
        super().__init__(path, message, offset)


class WireError(PurpleSectorError):
    """Bytes that are not a batch of frames; `field` names the place, `reason` what is wrong with it."""

    def __init__(self, reason: str, *, field: str) -> None:
        self.reason, self.field = reason, field
        super().__init__(f"bad telemetry batch, field '{field}': {reason}")


class BadPacket(PurpleSectorError):
    """A datagram that is not of the game listened to; `reason` says why."""

    def __init__(self, game: str, *, reason: str) -> None:
        self.game, self.reason = game, reason
        super().__init__(f"a datagram that is not {game}'s is left out: {reason}. Does something else use this port?")


class UnknownChannel(PurpleSectorError):
    """A channel name nobody knows; `known` are the names there are."""

    def __init__(self, name: str, *, known: Iterable[str]) -> None:
        self.name, self.known = name, tuple(known)
        super().__init__(f"no channel '{name}'.{_nearest(name, self.known)}")


class UnknownUnit(PurpleSectorError):
    """A unit text the unit language does not know."""

    def __init__(self, text: str, *, known: Iterable[str] = ()) -> None:
        self.text = text
        super().__init__(f"no unit '{text}'.{_nearest(text, known)}")


class UnitMismatch(PurpleSectorError):
    """A conversion between units of different kinds."""

    def __init__(self, source: str, target: str) -> None:
        self.source, self.target = source, target
        super().__init__(f"'{source}' cannot be converted to '{target}': they measure different things.")


class FormulaError(PurpleSectorError):
    """A formula that cannot be used: what is wrong (`code`, `message`), where, and what to do (`hint`).

    `position` and `end` are 0-based characters of `formula`, `end` exclusive. `channel` is the math channel's name.
    `fix`, if there is one, is what would mend it: the text to put in the place of characters from … to.
    """

    def __init__(
        self,
        code: str,
        message: str,
        position: int,
        end: int,
        *,
        hint: str = "",
        formula: str = "",
        channel: str = "",
        fix: tuple[int, int, str] | None = None,
    ) -> None:
        self.code, self.message, self.position, self.end, self.hint = code, message, position, end, hint
        self.formula, self.channel, self.fix = formula, channel, fix
        super().__init__(code, message)

    def __str__(self) -> str:
        """The sentence, the line of the formula with its place underlined, and the hint."""
        where = f" (channel '{self.channel}')" if self.channel else ""
        lines = [f"{self.code}: {self.message}{where}", *_underlined(self.formula, self.position, self.end)]
        return "\n".join([*lines, f"  hint: {self.hint}"] if self.hint else lines)


_AROUND = 60
"""How many characters of a formula are shown on each side of the place that is wrong."""


def _underlined(formula: str, position: int, end: int) -> list[str]:
    if not formula.strip():
        return []
    line_start = formula.rfind("\n", 0, position) + 1
    line_end = formula.find("\n", position)
    line_end = len(formula) if line_end < 0 else line_end
    first, last = max(line_start, position - _AROUND), min(line_end, position + _AROUND)
    text = "".join(char if char.isprintable() else " " for char in formula[first:last])
    length = max(1, min(end, last) - position)
    return [f"  {text}", "  " + " " * (position - first) + "^" + "~" * (length - 1)]


class BadMathFile(PurpleSectorError):
    """A file of math channels that cannot be read; `what` it was read as, `reason` what is wrong with it."""

    def __init__(self, what: str, *, reason: str) -> None:
        self.what, self.reason = what, reason
        super().__init__(f"{what} cannot be read: {reason}")


class NotFound(PurpleSectorError):
    """No such thing for this user. Somebody else's and nobody's are the same answer."""

    def __init__(self, kind: str, identifier: str, *, hint: str = "") -> None:
        self.kind, self.identifier = kind, identifier
        super().__init__(f"no {kind} '{identifier}'.{' ' + hint if hint else ''}")


class IncompatibleLaps(PurpleSectorError):
    """Two laps that cannot be compared; `reason` says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"these laps cannot be compared: {reason}")


class UnknownMethod(PurpleSectorError):
    """A way of laying laps over each other that does not exist; `known` are those there are."""

    def __init__(self, name: str, *, known: Iterable[str]) -> None:
        self.name, self.known = name, tuple(known)
        near = _nearest(name, self.known)
        super().__init__(f"no method is called '{name}'.{near} There are {', '.join(self.known)}.")


class BadTrack(PurpleSectorError):
    """A track model or a list of corners that makes no sense; `what` it is, `reason` what is wrong with it."""

    def __init__(self, what: str, *, reason: str) -> None:
        self.what, self.reason = what, reason
        super().__init__(f"{what} cannot be used: {reason}")


class BadLayout(PurpleSectorError):
    """A plot layout that cannot be used; `field` is the place ("configs[3].title"; "" is all of it)."""

    def __init__(self, field: str, reason: str, *, hint: str = "") -> None:
        self.field, self.reason, self.hint = field, reason, hint
        place = f", {field}" if field else ""
        super().__init__(f"bad layout{place}: {reason}.{' ' + hint if hint else ''}")


class NothingToExport(PurpleSectorError):
    """A panel without data that could be kept as a file."""

    def __init__(self, title: str) -> None:
        self.title = title
        super().__init__(f"the panel '{title}' shows nothing that could be exported. Choose a lap that has it.")


class NoRoom(PurpleSectorError):
    """A panel that cannot be made smaller; `needed` says how large it would have to be for that."""

    def __init__(self, title: str, *, needed: str) -> None:
        self.title, self.needed = title, needed
        super().__init__(f"the panel '{title}' cannot be split: two halves need {needed}. Make it larger first.")


class ShippedLayout(PurpleSectorError):
    """A layout that comes with the house is not changed, renamed or deleted."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"the layout '{name}' is shipped and stays as it is. Save it under a new name.")


class StoreError(PurpleSectorError):
    """Something is wrong with the database or what is in it."""


class DatabaseUnreachable(StoreError):
    """The database URL is wrong, or nobody answers there. The URL shown has no password."""

    def __init__(self, url: str, reason: str) -> None:
        self.url, self.reason = url, reason
        super().__init__(f"cannot open the database {url}: {reason}. Check PS_DATABASE_URL.")


class SchemaOutdated(StoreError):
    """The tables do not have the revision this code needs; `newer` if they come from a later version."""

    def __init__(self, url: str, *, found: str | None, needed: str, newer: bool = False) -> None:
        self.found, self.needed, self.newer = found, needed, newer
        state = f"is at revision '{found}'" if found else "has no tables yet"
        remedy = "Install a newer ps-analytics." if newer else "Run `psa db push`."
        super().__init__(f"the database {url} {state}, this version needs '{needed}'. {remedy}")


class CorruptTrace(StoreError):
    """A stored channel that fails its checks; the lap's other channels still read."""

    def __init__(self, lap_id: str, channel: str, reason: str) -> None:
        self.lap_id, self.channel, self.reason = lap_id, channel, reason
        super().__init__(f"channel '{channel}' of lap '{lap_id}' is damaged: {reason}. Import the lap again.")


class NotKept(StoreError):
    """Something the store cannot keep; `what` it is, `reason` what is wrong with it."""

    def __init__(self, what: str, *, reason: str) -> None:
        self.what, self.reason = what, reason
        super().__init__(f"{what} cannot be kept: {reason}")


class NameTaken(StoreError):
    """Another thing of the user has the name."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind, self.name = kind, name
        super().__init__(f"you have another {kind} '{name}'. Choose another name.")


class LimitReached(StoreError):
    """The user has as many things of a kind as he may; `most` is how many."""

    def __init__(self, kind: str, *, most: int) -> None:
        self.kind, self.most = kind, most
        super().__init__(f"there are {most:,} {kind} already, and there can be no more. Delete one you do not need.")


class NotShared(StoreError):
    """A session that cannot be shared with a reader; `reason` says why."""

    def __init__(self, reader: str, *, reason: str) -> None:
        self.reader, self.reason = reader, reason
        super().__init__(f"this session cannot be shared with '{reader}': {reason}")


class SessionRecording(StoreError):
    """A session that is recording refuses deletion."""

    def __init__(self, session_id: str, name: str) -> None:
        self.session_id, self.name = session_id, name
        super().__init__(f"session '{name}' is recording. Stop its collector, then delete it.")


class TransportError(PurpleSectorError):
    """Frames that cannot travel now; `retry_after` seconds say when trying again makes sense."""

    retry_after: float = 1.0


class SpoolFull(TransportError):
    """The collector's spool holds all it may and the daemon has acknowledged none of it."""

    retry_after = 5.0

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self.folder, self.limit_bytes = folder, limit_bytes
        super().__init__(
            f"the spool '{folder}' holds {limit_bytes // 1_000_000} MB that no daemon has taken. Start `psa ingest`."
        )


class SpoolInUse(TransportError):
    """Another collector has the spool's folder open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(f"another collector is using the spool '{folder}'. Stop it, or give this one its own folder.")


class SpoolUnwritable(TransportError):
    """The spool's folder cannot be written."""

    retry_after = 5.0

    def __init__(self, folder: Path, reason: str) -> None:
        self.folder, self.reason = folder, reason
        super().__init__(f"cannot write to the spool '{folder}': {reason}. Make room or set PS_DATA_DIR.")


class PipeFull(TransportError):
    """The daemon of the same process has not taken what waits."""

    retry_after = 0.5

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        super().__init__(f"{capacity} batches wait for the daemon of this process. Try again, or see its log.")


class DaemonUnreachable(TransportError):
    """No ingestion daemon answers at the address."""

    def __init__(self, address: str, reason: str) -> None:
        self.address, self.reason = address, reason
        super().__init__(f"no daemon answers at {address} ({reason}). Start `psa ingest`; frames wait in the spool.")


class PortInUse(PurpleSectorError):
    """Another program listens on the port."""

    def __init__(self, port: int, *, setting: str) -> None:
        self.port, self.setting = port, setting
        super().__init__(f"port {port} is in use by another program. Stop it, or set {setting} to a free port.")


class BadSetting(PurpleSectorError):
    """A setting that cannot be used."""

    def __init__(self, name: str, reason: str) -> None:
        self.name, self.reason = name, reason
        super().__init__(f"setting {name}: {reason}")


class MissingExtra(PurpleSectorError):
    """A feature whose optional packages are not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        self.feature, self.extra = feature, extra
        super().__init__(f"{feature} needs more packages. Run `pip install 'ps-analytics[{extra}]'`.")


class PluginClash(PurpleSectorError):
    """Two plugins that claim one name, or a plugin with two migration heads."""

    def __init__(self, plugins: Iterable[str], *, reason: str) -> None:
        self.plugins, self.reason = tuple(plugins), reason
        who = " and ".join(repr(name) for name in self.plugins)
        super().__init__(f"plugin clash, {who}: {reason}. Uninstall or mend one of the plugins.")
