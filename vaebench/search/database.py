"""Records in a PostgreSQL database that several hosts share: Optuna's tables, and a lock that a dead holder frees."""

import hashlib
import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from vaebench.errors import InputError
from vaebench.search.address import check_address, without_password
from vaebench.search.database_journal import DatabaseJournal

if TYPE_CHECKING:
    from optuna.storages import RDBStorage
    from psycopg import Connection

KEPT = "what is finished is kept, and the same command goes on from here"
SETTINGS = {
    "connect_timeout": 10,
    # a server that vanished is noticed within a minute, not within a quarter of an hour
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
"""Options of a connection that an address does not set. Times are seconds, the last one milliseconds."""
NOTICED = """
SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3;
SET tcp_user_timeout = 60000
"""
"""Lets the server notice within a minute that a host vanished, and free its lock. A process's death is seen at once."""
HOLDER = """
SELECT application_name, backend_start FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND (classid::bigint << 32 | objid::bigint) = %s
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
OPTUNAS = {"studies", "trials", "version_info"}
"""Tables by which a database of Optuna's is known."""


@cache
def database(address: str) -> "Database":
    """Return the database at `address`, of which a process needs one. Raises InputError where it cannot be used."""
    return Database(address)


class Database:
    """A database of records."""

    def __init__(self, address: str) -> None:
        """Check the address and the driver; connections are made when they are needed."""
        check_address(address)
        self.where = without_password(address)
        try:
            from psycopg import ProgrammingError
            from psycopg.conninfo import conninfo_to_dict
        except ImportError:
            raise InputError(f"{self.where}: its driver is not installed: pip install 'psycopg[binary]'") from None
        try:
            self._options: dict[str, Any] = {**SETTINGS, **conninfo_to_dict(address)}
        except ProgrammingError:  # it repeats the address
            raise InputError(f"{self.where} is no address that PostgreSQL can read") from None
        self._locked: dict[str, Connection[Any]] = {}
        self._has_tables = False
        self._ids: dict[str, dict[str, str]] = {}
        logging.getLogger("optuna.storages").setLevel(logging.WARNING)

    def names(self) -> list[str]:
        """Return the names of the studies that were run, sorted; of others' studies in it, none."""
        if not self.has_tables():
            return []
        query = "SELECT study_name FROM studies JOIN study_user_attributes USING (study_id) WHERE key = 'definition'"
        return sorted(name for (name,) in self.rows(query))

    def journal(self, name: str) -> DatabaseJournal:
        """Return the record of the study called `name`."""
        return DatabaseJournal(self, name)

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold the study's lock. It belongs to the connection that writes: without the lock, nothing is written."""
        number = _number(name)
        connection = self.connect(application_name=f"process {os.getpid()} on {socket.gethostname()}")
        try:
            with self.told(), connection.transaction():
                connection.execute(NOTICED)
                if connection.execute("SELECT pg_try_advisory_lock(%s)", [number]).fetchone() != (True,):
                    raise InputError(
                        f"study {name!r} is being run by {_holder(connection, number)}: wait for it, or end it"
                    )
            self._locked[name] = connection
            try:
                yield
            finally:
                self._locked.pop(name, None)
        finally:
            with suppress(Exception):  # the server is gone
                connection.close()

    def ids(self, name: str) -> dict[str, str] | None:
        """Return the study's ids in MLflow, which are the same on every host."""
        stored = self.journal(name).replay().attributes.get("mlflow")
        return stored if isinstance(stored, dict) and stored.keys() == {"study", "owner"} else None

    def discard(self, name: str, ids: dict[str, str] | None) -> None:
        """Delete the record of a study."""
        self.journal(name).delete()
        if ids is not None:
            self._ids[name] = ids

    def new_ids(self, name: str) -> dict[str, str]:
        """Return the ids of a study that is begun: those of the one before it that was discarded, or new ones."""
        new = uuid4().hex
        return self._ids.pop(name, {"study": new, "owner": new})

    def rows(self, query: str, *values: object) -> list[Any]:
        """Return the rows that a query gives."""
        with self.told(), self.connect() as connection:
            found: list[Any] = connection.execute(query, values).fetchall()
        return found

    def has_tables(self) -> bool:
        """Return whether Optuna's tables are there. Raises InputError if there are others in their place."""
        if self._has_tables:
            return True
        tables = {name for (name,) in self.rows("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")}
        if tables and not tables >= OPTUNAS:
            some = ", ".join(sorted(tables)[:3]) + ", ..." * (len(tables) > 3)
            raise InputError(
                f"{self.where}: the database holds something else (tables: {some}): "
                "name one of its own for records, which may be empty (createdb NAME)"
            )
        self._has_tables = bool(tables)
        return self._has_tables

    def create_tables(self) -> None:
        """Make Optuna's tables where there are none; two hosts do so one after the other."""
        if not self.has_tables():
            with self.told(), self.connect() as connection:
                connection.execute("SELECT pg_advisory_xact_lock(%s)", [_number("")])
                if not self.has_tables():
                    self._optunas(self.connect)

    @cached_property
    def reading(self) -> "RDBStorage":
        """Optuna's storage, by a connection for each question."""
        return self._optunas(self.connect)

    def writing(self, name: str) -> "RDBStorage":
        """Return Optuna's storage by the connection that holds the study's lock, and by no other."""
        connections = [self._locked[name]]

        def the_one() -> "Connection[Any]":
            if not connections or connections[0].closed:
                raise self._lost("the connection was lost")
            return connections.pop()

        return self._optunas(the_one)

    def _optunas(self, connect: "Callable[[], Connection[Any]]") -> "RDBStorage":
        from optuna.storages import RDBStorage
        from sqlalchemy.pool import NullPool, StaticPool

        pool = NullPool if connect == self.connect else StaticPool
        with self.told():
            # without the address: SQLAlchemy and Alembic would keep and show it
            return RDBStorage("postgresql+psycopg://", engine_kwargs={"creator": connect, "poolclass": pool})

    def connect(self, **more: Any) -> "Connection[Any]":
        """Return a new connection. Raises InputError, or OSError within a run, if there is none to be had."""
        from psycopg import OperationalError, connect

        try:
            return connect(**self._options | more)
        except OperationalError as error:
            said = _said(error)
            if "password" in said:
                said += "; it is that of VAEBENCH_STORAGE, PGPASSWORD or ~/.pgpass"
            raise self._lost(said) if self._locked else InputError(f"{self.where}: {said}") from None

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn what the driver, SQLAlchemy and Optuna raise into one line: OSError where another try may go well."""
        from optuna.exceptions import StorageInternalError
        from psycopg import Error, OperationalError
        from sqlalchemy.exc import DBAPIError, SQLAlchemyError

        try:
            yield
        except StorageInternalError as error:
            cause: BaseException | None = error.__cause__
        except (SQLAlchemyError, Error) as error:
            cause = error
        except RuntimeError as error:  # tables of another version of Optuna
            raise InputError(f"{self.where}: {error}") from None
        else:
            return
        if isinstance(cause, DBAPIError):
            cause = cause.orig
        if isinstance(cause, OperationalError):
            raise self._lost(_said(cause))
        raise InputError(f"{self.where}: {_said(cause)}")

    def _lost(self, said: str) -> OSError:
        return OSError(f"{self.where}: the record cannot be reached ({said}); {KEPT}")


def _holder(connection: "Connection[Any]", number: int) -> str:
    found = connection.execute(HOLDER, [number]).fetchone()
    if found is None:  # it has just ended
        return "another process"
    who, since = found
    return f"{who} since {since.astimezone():%Y-%m-%d %H:%M:%S}" if since else str(who)


def _number(name: str) -> int:
    """Return the number of a study's advisory lock, which PostgreSQL wants in place of its name."""
    return int.from_bytes(hashlib.sha256(f"vaebench {name}".encode()).digest()[:8], signed=True)


def _said(error: BaseException | None) -> str:
    """Return what the driver says, in one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    said = next((line for line in lines if "failed: " in line), lines[0]).removeprefix("connection failed: ")
    return " ".join(said.split())
