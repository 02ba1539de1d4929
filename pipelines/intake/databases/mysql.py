"""MySQL and MariaDB as a source, by PyMySQL: an unbuffered cursor in one read-only transaction, cells as the server writes them."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pipelines.intake.databases.reading import Database, ExtractionError, bytes_as_text, fetched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa
    import pymysql

_SCHEMES = ("mysql", "mariadb")
# What may follow the question mark of a URL: a certificate by which the server must prove who it is, or a socket of this machine.
_PARAMETERS = ("ssl_ca", "unix_socket")
_SECONDS_TO_CONNECT, _SECONDS_TO_ANSWER = 10, 600
# Codes whose message is about the query; others may quote a value or the user's name and are not passed on.
_ABOUT_THE_QUERY = (1046, 1051, 1052, 1054, 1060, 1064, 1103, 1109, 1146, 1176, 1222, 1305, 1582, 1584)
_LOST = (2006, 2013, 2014, 2055, 1053, 1927)
_MAY_NOT = (1142, 1143, 1370, 1044, 1227)
_REFUSED = {
    1044: ("the user may not read it", "have the user granted select on it, or correct the environment variable {variable}"),
    1045: ("it refused the user's name or password", "correct the environment variable {variable}"),
    1049: ("it has no database of this name", "correct the environment variable {variable}"),
    1040: ("it takes no further connections", "run again later"),
    1698: ("it refused the user's name or password", "correct the environment variable {variable}"),
}
_BIT, _TIMESTAMP = 16, 7


class MySQL(Database):
    """An open transaction."""

    def __init__(self, connection: pymysql.Connection[Any], name: str) -> None:
        self.name = name
        self._connection = connection
        # Times with a zone are kept in UTC and written in the session's zone, of which the server may know no name.
        for statement in (
            "set session time_zone = '+00:00'",
            f"set session net_write_timeout = {_SECONDS_TO_ANSWER}",
            "set session transaction isolation level repeatable read",
            "set session transaction read only",
            "start transaction with consistent snapshot, read only",
        ):
            self._run(statement)
        self.clock = datetime.fromisoformat(self._run("select cast(utc_timestamp(6) as char)")[0][0])

    def identifier(self, name: str) -> str:
        """A name as a quoted identifier."""
        return "`" + name.replace("`", "``") + "`"

    def columns(self, query: str) -> tuple[str, ...]:
        """The columns of a query."""
        with self._speaking(), self._connection.cursor() as cursor:
            cursor.execute(f"select * from (\n{query}\n) as delivered limit 0")
            return tuple(column[0] for column in cursor.description or ())

    def batches(self, query: str, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
        """The rows of a query, each cell as text."""
        from pymysql.cursors import SSCursor  # noqa: PLC0415  # an optional extra

        cursor: Any = self._connection.cursor(SSCursor)
        is_whole = False
        try:
            with self._speaking():
                cursor.execute(f"select * from (\n{query}\n) as delivered")
                converts = [_CONVERTS.get(int(column[1]), _plain) for column in cursor.description or ()]
                yield from fetched(cursor.fetchmany, columns, converts)
                is_whole = True
        finally:
            if not is_whole:
                self._hang_up(cursor)

    def _hang_up(self, cursor: Any) -> None:
        """End the connection at once: the driver's own way is to read first all that the server still has to say."""
        result = cursor._result  # noqa: SLF001  # there is no public way
        if result is not None:
            result.unbuffered_active = False
        cursor._result = cursor.connection = None  # noqa: SLF001
        self._connection._force_close()  # type: ignore[attr-defined]  # noqa: SLF001

    def since(self, column: str, bound: datetime | int | str) -> str:
        """SQL that is true of the rows from a bound on; a time with an offset is written in UTC, which is the session's zone."""
        if isinstance(bound, datetime) and bound.tzinfo is not None:
            bound = bound.astimezone(UTC).replace(tzinfo=None)
        return super().since(column, bound)

    def _run(self, statement: str) -> tuple[tuple[Any, ...], ...]:
        with self._speaking(), self._connection.cursor() as cursor:
            cursor.execute(statement)
            return tuple(cursor.fetchall())

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        import pymysql  # noqa: PLC0415  # an optional extra

        try:
            yield
        except (pymysql.Error, OSError) as fault:
            raise _said(self.name, fault) from None


def _plain(cell: str | bytes) -> str:
    return cell if isinstance(cell, str) else bytes_as_text(cell)


def _bits(cell: bytes) -> str:
    return str(int.from_bytes(cell, "big"))


def _with_offset(cell: str) -> str:
    """The zero time is no time, and has no zone."""
    return cell if cell.startswith("0000-") else f"{cell}+00:00"


_CONVERTS: dict[int, Callable[[Any], str]] = {_BIT: _bits, _TIMESTAMP: _with_offset}


@contextmanager
def open_mysql(url: str, variable: str) -> Iterator[Database]:
    """Open one read-only transaction that sees the database as it is at one moment.

    Args:
        url: The connection URL.
        variable: Where it stands, for messages.

    Raises:
        ExtractionError: The driver is missing, or the server cannot be reached or refuses.
    """
    try:
        import pymysql  # noqa: PLC0415  # an optional extra
        from pymysql.converters import encoders  # noqa: PLC0415
    except ImportError:
        reason = "the driver for MySQL and MariaDB is not installed"
        raise ExtractionError(reason, "install it with: pip install pymysql") from None
    stated = _parts(url, variable)
    name = f"the database '{stated['database']}' at {stated['host'] or 'this machine'}"
    try:
        connection: pymysql.Connection[Any] = pymysql.connect(
            **stated,
            charset="utf8mb4",
            # Nothing is converted on its way in: `0000-00-00` and decimals come as they are written.
            conv=dict[Any, Any](encoders),
            connect_timeout=_SECONDS_TO_CONNECT,
            read_timeout=_SECONDS_TO_ANSWER,
            write_timeout=_SECONDS_TO_ANSWER,
        )
    except (pymysql.Error, OSError, RuntimeError) as fault:
        # The server's words hold the user's name.
        reached = ("it cannot be reached, or accepts no connection", "check that it runs, and what {variable} says")
        reason, advice = _REFUSED.get(_code(fault), reached)
        raise ExtractionError(f"{name} cannot be read: {reason}", advice.format(variable=variable)) from None
    try:
        yield MySQL(connection, name)
    finally:
        # Not `close`, which says goodbye and so would first read what an unbuffered cursor has left.
        connection._force_close()  # type: ignore[attr-defined]  # noqa: SLF001


def _parts(url: str, variable: str) -> dict[str, Any]:
    """What a URL says, as the driver wants it."""
    reason = f"the environment variable {variable} holds no connection URL for MySQL or MariaDB"
    fault = ExtractionError(reason, f"write it as mysql://user:password@host:port/database, with {' or '.join(_PARAMETERS)} after a '?'")
    try:
        parts = urlsplit(url)
        port = parts.port or 3306
        further = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        raise fault from None
    if parts.scheme not in _SCHEMES or not parts.path.strip("/") or set(further) - set(_PARAMETERS):
        raise fault
    stated: dict[str, Any] = {
        "host": parts.hostname,
        "port": port,
        "user": unquote(parts.username or ""),
        # As bytes: the driver would write a text in Latin-1.
        "password": unquote(parts.password or "").encode(),
        "database": unquote(parts.path.strip("/")),
        "unix_socket": further.get("unix_socket"),
    }
    if "ssl_ca" in further:
        stated |= {"ssl_ca": further["ssl_ca"], "ssl_verify_cert": True, "ssl_verify_identity": True}
    return stated


def _code(fault: Exception) -> int:
    code = fault.args[0] if fault.args else 0
    return code if isinstance(code, int) else 0


def _said(name: str, fault: Exception) -> ExtractionError:
    """A fault of a running query."""
    code = _code(fault)
    if code in _LOST or isinstance(fault, OSError) or not code:
        return ExtractionError(f"the connection to {name} was lost", "run again; nothing of it was taken in")
    if code in _ABOUT_THE_QUERY:
        return ExtractionError(f"{name} says: {fault.args[1]}", "correct the table or the query")
    if code in _MAY_NOT:
        return ExtractionError(f"{name} does not let the user read it", "have the user granted select on the tables of the query")
    return ExtractionError(f"{name} broke off with the error {code}", "run the query there to see why")
