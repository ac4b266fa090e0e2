"""The part of a store that keeps a user's math channels, and what their formulas read of a vehicle's setup."""

from collections.abc import Sequence

import polars as pl

from ps_analytics.channels.definitions import Diagnostic, MathChannel
from ps_analytics.channels.exchange import Imported
from ps_analytics.store import computed_lap, math_channels, setups
from ps_analytics.store.engine import Database
from ps_analytics.store.math_uses import library_of
from ps_analytics.store.scope import Scope


class MathStore:
    """Math channels are a user's own, for every vehicle or for one of his; nobody else's formula has a name here."""

    _database: Database
    _scope: Scope

    def find_math_channels(self) -> pl.DataFrame:
        """The user's math channels, those for every vehicle first.

        Columns: name, formula, unit, units_policy, folder, about, vehicle_id, problem (what is wrong with it on all
        channels there can be; null where nothing is).
        """
        with self._database.read() as connection:
            return math_channels.find(connection, self._scope)

    def read_math_channel(self, name: str, *, vehicle_id: str | None = None) -> MathChannel:
        """The user's math channel of this name, for every vehicle or for one.

        Raises:
            NotFound: no such math channel.
        """
        with self._database.read() as connection:
            return math_channels.read(connection, self._scope, name, vehicle_id)

    def write_math_channel(
        self, channel: MathChannel, *, vehicle_id: str | None = None, was: str | None = None
    ) -> list[Diagnostic]:
        """Keep a math channel; what is to be said of it, and what is wrong from now on with those that use it.

        Args:
            channel: a formula may name channels no lap has yet, and setup values no vehicle has.
            vehicle_id: the vehicle it is for; None is for every one.
            was: the name it has until now; None keeps a new one. Formulas that use it follow another name.

        Raises:
            FormulaError: it cannot be used, its name is taken (E-NAME-TAKEN), it closes a circle (E-CYCLE), or there
                would be too many (E-LIMIT); nothing is changed.
            NotFound: no such vehicle, or no math channel was called so.
        """
        with self._database.write() as connection:
            return math_channels.write(connection, self._scope, channel, vehicle_id=vehicle_id, was=was)

    def check_math_channel(
        self, channel: MathChannel, *, vehicle_id: str | None = None, lap_id: str | None = None
    ) -> list[Diagnostic]:
        """What there is to say of a math channel before it is kept, its name aside: at most one error, all warnings.

        Args:
            channel: what to check.
            vehicle_id: the vehicle it would be for.
            lap_id: the lap on which it is tried; None tries it on all channels there can be.

        Raises:
            NotFound: no such vehicle, or no such lap.
        """
        with self._database.read() as connection:
            if lap_id is not None:
                return computed_lap.check(connection, self._scope.readable, lap_id, channel)
            return math_channels.check(connection, self._scope, channel, vehicle_id)

    def delete_math_channel(self, name: str, *, vehicle_id: str | None = None) -> MathChannel:
        """Delete a math channel; what it was: writing it again is the undo.

        Raises:
            NotFound: no such math channel.
        """
        with self._database.write() as connection:
            return math_channels.delete(connection, self._scope, name, vehicle_id)

    def find_math_uses(self, name: str) -> list[str]:
        """The math channels that use one, directly or through others, nearest first; shipped ones among them."""
        with self._database.read() as connection:
            return math_channels.find_uses(connection, self._scope, name)

    def math_library(self, *, vehicle_id: str | None = None, session_id: str | None = None) -> dict[str, MathChannel]:
        """Every math channel a formula may name, by name.

        The shipped ones, the user's for every vehicle over them, and over those the ones of one vehicle.

        Args:
            vehicle_id: this one; None is none.
            session_id: the one that was driven in this session, which may be shared with the user.

        Raises:
            NotFound: no such vehicle, or no such session.
        """
        with self._database.read() as connection:
            if session_id is not None:
                vehicle_id = setups.read_vehicle(connection, self._scope.readable, session_id)
                return library_of(math_channels.kept(connection, self._scope), vehicle_id)
            return math_channels.library(connection, self._scope, vehicle_id)

    def import_math(self, data: bytes, *, name: str = "", vehicle_id: str | None = None) -> Imported:
        """Keep the math channels of a file: which, and what is to be said of them.

        What is there already stays; another channel of a name that is taken gets a free one. Channels that name what
        no lap has are kept: `find_math_channels` tells of them.

        Args:
            data: our JSON, MoTeC's Maths XML, or the origin's mathjs JSON.
            name: how the file is called in an error.
            vehicle_id: the vehicle they are for; None takes the one the file is for, if the user has it.

        Raises:
            BadMathFile: it cannot be read.
            FormulaError: the user would have too many (E-LIMIT).
            NotFound: no such vehicle.
        """
        with self._database.write() as connection:
            return math_channels.import_file(connection, self._scope, data, name=name, vehicle_id=vehicle_id)

    def export_math(self, names: Sequence[str] | None = None, *, vehicle_id: str | None = None) -> str:
        """The user's math channels for every vehicle, or for one, as a document that `import_math` reads.

        Args:
            names: None exports all.
            vehicle_id: the vehicle they are for.

        Raises:
            NotFound: no such math channel.
        """
        with self._database.read() as connection:
            return math_channels.export(connection, self._scope, names, vehicle_id)

    def read_setup(self, session_id: str) -> setups.Setup:
        """What a session's vehicle is set to, by parameter: value (or curve) and unit, as `setup.parameter` reads it.

        The setup's, then those of the configuration where the setup says nothing.

        Raises:
            NotFound: no such session.
        """
        with self._database.read() as connection:
            return setups.read_setup(connection, self._scope.readable, session_id)
