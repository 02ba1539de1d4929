"""PostgreSQL as a source, by psycopg: a cursor at the server in one read-only transaction, every column cast to text by the server."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pipelines.intake.databases.reading import Database, ExtractionError, fetched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    import psycopg
    import pyarrow as pa

_SCHEMES = ("postgresql://", "postgres://")
# A server that has vanished is noticed after about a minute and a half; what the URL states goes before.
_CONNECTION = {
    "application_name": "clientele",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "6",
    "client_encoding": "UTF8",
}
# The server's own words are passed on only where they are about the query, never where they may quote a value or a user's name.
_ABOUT_THE_QUERY = "42"
_REFUSED = {
    "28P01": ("it refused the user's name or password", "correct the environment variable {variable}"),
    "28000": ("it refused the user's name or password", "correct the environment variable {variable}"),
    "3D000": ("it has no database of this name", "correct the environment variable {variable}"),
    "53300": ("it takes no further connections", "run again later"),
    "57P03": ("it is starting or stopping", "run again later"),
}


class PostgreSQL(Database):
    """An open transaction."""

    def __init__(self, connection: psycopg.Connection[Any], name: str, time_zone: str) -> None:
        self.name = name
        self._connection = connection
        clock, encoding = self._run("select transaction_timestamp() at time zone 'UTC', current_setting('server_encoding')")[0]
        self._run(f"select set_config('TimeZone', '{time_zone}', true), set_config('DateStyle', 'ISO, YMD', true)")
        self.clock: datetime = clock
        self._is_ascii = encoding == "SQL_ASCII"

    def identifier(self, name: str) -> str:
        """A name as a quoted identifier."""
        return '"' + name.replace('"', '""') + '"'

    def columns(self, query: str) -> tuple[str, ...]:
        """The columns of a query."""
        with self._speaking(), self._connection.cursor() as cursor:
            cursor.execute(f"select * from (\n{query}\n) as delivered limit 0".encode())
            return tuple(column.name for column in cursor.description or ())

    def batches(self, query: str, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
        """The rows of a query, each cell as text."""
        cells = ", ".join(f"{self.identifier(name)}::text" for name in columns)
        with self._speaking(), self._connection.cursor(name="delivered") as cursor:
            cursor.execute(f"select {cells} from (\n{query}\n) as delivered".encode())
            yield from fetched(cursor.fetchmany, columns, [None] * len(columns))

    def _run(self, query: str) -> list[tuple[Any, ...]]:
        with self._speaking(), self._connection.cursor() as cursor:
            return cursor.execute(query.encode()).fetchall()

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        import psycopg  # noqa: PLC0415  # an optional extra

        try:
            yield
        except UnicodeDecodeError:
            reason = f"{self.name} holds bytes that are not UTF-8 (it was made with the encoding SQL_ASCII)"
            raise ExtractionError(reason, "read the column by a query with convert_from(column::bytea, 'GBK') or the like") from None
        except psycopg.Error as fault:
            raise _said(self.name, fault) from None


@contextmanager
def open_postgresql(url: str, variable: str, time_zone: str) -> Iterator[Database]:
    """Open one read-only transaction that sees the database as it is at one moment.

    Args:
        url: The connection URL.
        variable: Where it stands, for messages.
        time_zone: In which times with an offset are written, and in which a query turns them into dates.

    Raises:
        ExtractionError: The driver is missing, or the server cannot be reached or refuses.
    """
    try:
        import psycopg  # noqa: PLC0415  # an optional extra
        from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415
    except ImportError:
        reason = "the driver for PostgreSQL is not installed"
        raise ExtractionError(reason, "install it with: pip install 'psycopg[binary]'") from None
    try:
        stated = conninfo_to_dict(url) if url.startswith(_SCHEMES) else None
    except psycopg.Error:
        # Not quoted: the driver's message repeats the URL.
        stated = None
    if stated is None:
        reason = f"the environment variable {variable} holds no connection URL for PostgreSQL"
        raise ExtractionError(reason, "write it as postgresql://user:password@host:port/database") from None
    name = f"the database '{stated.get('dbname', '')}' at {stated.get('host', 'this machine')}"
    try:
        connection = psycopg.connect(**{**_CONNECTION, **{key: str(value) for key, value in stated.items()}})  # type: ignore[arg-type]
    except psycopg.Error as fault:
        # The server's words hold the user's name.
        words = str(fault)
        code = next((code for code in _REFUSED if fault.sqlstate == code), None) or _code_of(words)
        reason, advice = _REFUSED.get(
            code or "", ("it cannot be reached, or accepts no connection", "check that it runs, and what {variable} says")
        )
        raise ExtractionError(f"{name} cannot be read: {reason}", advice.format(variable=variable)) from None
    try:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        yield PostgreSQL(connection, name, time_zone)
    finally:
        connection.close()


def _code_of(words: str) -> str | None:
    """What a refusal at connecting was about: it reaches the driver as a sentence only."""
    for sign, code in (
        ("password", "28P01"),
        ("authentication", "28P01"),
        ("pg_hba", "28000"),
        ("does not exist", "3D000"),
        ("too many", "53300"),
        ("starting up", "57P03"),
        ("shutting down", "57P03"),
    ):
        if sign in words:
            return code
    return None


def _said(name: str, fault: psycopg.Error) -> ExtractionError:
    """A fault of a running query."""
    code = fault.sqlstate
    if code is None or code.startswith(("08", "57")):
        return ExtractionError(f"the connection to {name} was lost", "run again; nothing of it was taken in")
    if code.startswith(_ABOUT_THE_QUERY):
        return ExtractionError(f"{name} says: {fault.diag.message_primary}", "correct the table or the query")
    return ExtractionError(f"{name} broke off with the error {code} ({type(fault).__name__})", "run the query there to see why")
