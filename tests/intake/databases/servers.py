"""Real databases for the tests: PostgreSQL and MariaDB as servers of their own on this machine, SQLite and DuckDB as files.

A server lives in a temporary folder, listens on a free port of 127.0.0.1 and is stopped when the tests are through. Where its programs are
not installed, what needs it is skipped.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from pipelines.intake.databases.source import DatabasePlace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PASSWORD = "pass-Wort/漢字 @:?#"  # noqa: S105  # of the test's own server; every sign of it needs quoting in a URL
PASSWORD_IN_URL = "pass-Wort%2F%E6%BC%A2%E5%AD%97%20%40%3A%3F%23"  # noqa: S105
READER = "reading_clerk"
_SECONDS_TO_START = 60
_NUMBERS = count(1)


@dataclass
class Books:
    """One database that a test fills and a source reads.

    Attributes:
        place: As a source file states it.
        environment: Where its URL stands.
        root: The folder below which files lie.
        execute: Runs statements as its owner.
    """

    place: DatabasePlace
    execute: Callable[..., None]
    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return self.place.kind

    @property
    def yaml(self) -> str:
        """The block `database` of a source file."""
        return f"database: {{{', '.join(f'{key}: {value}' for key, value in self.place.model_dump(exclude_unset=True).items())}}}"


@dataclass
class Server:
    """A running server.

    Attributes:
        port: Where it listens.
        process: The server itself.
        folder: What it keeps.
    """

    port: int
    process: subprocess.Popen[bytes]
    folder: Path

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT if "postgres" in str(self.process.args) else signal.SIGTERM)
        self.process.wait(_SECONDS_TO_START)


@contextmanager
def _folder(user: str | None) -> Iterator[Path]:
    """A folder that the server's user may enter; those that pytest makes are the tests' alone."""
    folder = Path(tempfile.mkdtemp(prefix="clientele-server-"))
    try:
        if user is not None:
            shutil.chown(folder, user)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user(name: str) -> str | None:
    """Whom the server runs as: neither of them runs as root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(name).pw_name
    except KeyError:
        pytest.skip(f"there is no user {name} on this machine, and the server does not run as root")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _run_as(user: str | None) -> dict[str, Any]:
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}


def _await(answers: Callable[[], object], process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _SECONDS_TO_START
    while True:
        try:
            answers()
        except Exception:  # noqa: BLE001  # whatever the driver says of a server that is not there yet
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                raise RuntimeError(log.read_text(errors="replace")[-2000:]) from None
            time.sleep(0.05)
        else:
            return


@contextmanager
def postgresql_server() -> Iterator[Server]:
    """PostgreSQL, with a superuser `owner`."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: [int(part) for part in re.findall(r"\d+", str(path))])
    found = shutil.which("postgres") or (str(programs[-1] / "postgres") if programs else None)
    if found is None or not Path(found).with_name("initdb").exists():
        pytest.skip("PostgreSQL is not installed (Debian package postgresql)")
    psycopg = pytest.importorskip("psycopg")
    user = _user("postgres")
    with _folder(user) as folder:
        word, log, port = folder / "word", folder / "log", _free_port()
        word.write_text(PASSWORD)
        word.chmod(0o644)
        subprocess.run(
            [
                Path(found).with_name("initdb"), "--pgdata", folder / "data", "--username", "owner", "--pwfile", word,
                "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync",
            ],
            check=True, capture_output=True, cwd=folder, **_run_as(user),
        )  # fmt: skip
        with log.open("wb") as output:
            process = subprocess.Popen(
                [
                    found, "-D", folder / "data", "-p", str(port), "-h", "127.0.0.1", "-k", folder,
                    "-c", "fsync=off", "-c", "timezone=America/New_York",
                ],
                stdout=output, stderr=output, cwd=folder, **_run_as(user),
            )  # fmt: skip
        server = Server(port, process, folder)
        try:
            _await(lambda: psycopg.connect(postgresql_url(server, "postgres", "owner")).close(), process, log)
            with psycopg.connect(postgresql_url(server, "postgres", "owner"), autocommit=True) as connection:
                connection.execute(f"create role {READER} login password '{PASSWORD}'")
            yield server
        finally:
            server.stop()


@contextmanager
def mariadb_server() -> Iterator[Server]:
    """MariaDB, with a user `root` of its own."""
    found, installer = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin"), shutil.which("mariadb-install-db")
    if found is None or installer is None:
        pytest.skip("MariaDB is not installed (Debian package mariadb-server)")
    pymysql = pytest.importorskip("pymysql")
    user = _user("mysql")
    with _folder(user) as folder:
        log, port = folder / "log", _free_port()
        subprocess.run(
            [installer, "--no-defaults", f"--datadir={folder / 'data'}", "--auth-root-authentication-method=normal", "--skip-test-db"],
            check=True, capture_output=True, cwd=folder, **_run_as(user),
        )  # fmt: skip
        with log.open("wb") as output:
            process = subprocess.Popen(
                [
                    found, "--no-defaults", f"--datadir={folder / 'data'}", f"--socket={folder / 'socket'}", f"--port={port}",
                    "--bind-address=127.0.0.1", f"--pid-file={folder / 'pid'}", "--sql-mode=", "--innodb-flush-log-at-trx-commit=0",
                ],
                stdout=output, stderr=output, cwd=folder, **_run_as(user),
            )  # fmt: skip
        server = Server(port, process, folder)
        try:
            _await(lambda: pymysql.connect(user="root", unix_socket=str(folder / "socket")).close(), process, log)
            with (
                pymysql.connect(user="root", unix_socket=str(folder / "socket"), charset="utf8mb4") as connection,
                connection.cursor() as cursor,
            ):
                cursor.execute(f"create user {READER}@'127.0.0.1' identified by '{PASSWORD}'")
            yield server
        finally:
            server.stop()


def postgresql_url(server: Server, database: str, user: str = READER) -> str:
    return f"postgresql://{user}:{PASSWORD_IN_URL}@127.0.0.1:{server.port}/{database}"


def mariadb_url(server: Server, database: str) -> str:
    return f"mysql://{READER}:{PASSWORD_IN_URL}@127.0.0.1:{server.port}/{database}"


def postgresql_books(server: Server, root: Path) -> Books:
    """An empty database, in which the reader may read whatever is made."""
    import psycopg  # noqa: PLC0415  # an optional extra

    name = f"books_{next(_NUMBERS)}"
    with psycopg.connect(postgresql_url(server, "postgres", "owner"), autocommit=True) as connection:
        connection.execute(f"create database {name}".encode())

    def execute(*statements: str) -> None:
        with psycopg.connect(postgresql_url(server, name, "owner"), autocommit=True) as connection:
            for statement in (f"alter default privileges grant select on tables to {READER}", *statements):
                connection.execute(statement.encode())

    execute()
    return Books(DatabasePlace(kind="postgresql", url_env="BOOKS_URL"), execute, root, {"BOOKS_URL": postgresql_url(server, name)})


def mariadb_books(server: Server, root: Path, encoding: str = "utf8mb4") -> Books:
    """An empty database that the reader may read."""
    import pymysql  # noqa: PLC0415  # an optional extra

    name = f"books_{next(_NUMBERS)}"

    def execute(*statements: str, database: str | None = name) -> None:
        socket_file = str(server.folder / "socket")
        with (
            pymysql.connect(user="root", unix_socket=socket_file, database=database, charset="utf8mb4", autocommit=True) as connection,
            connection.cursor() as cursor,
        ):
            for statement in statements:
                cursor.execute(statement)

    execute(f"create database {name} character set {encoding}", f"grant select on {name}.* to {READER}@'127.0.0.1'", database=None)
    return Books(DatabasePlace(kind="mysql", url_env="BOOKS_URL"), execute, root, {"BOOKS_URL": mariadb_url(server, name)})


def sqlite_books(root: Path) -> Books:
    root.mkdir(parents=True, exist_ok=True)

    def execute(*statements: str) -> None:
        connection = sqlite3.connect(root / "books.sqlite")
        with connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    return Books(DatabasePlace(kind="sqlite", path="books.sqlite"), execute, root)


def duckdb_books(root: Path) -> Books:
    root.mkdir(parents=True, exist_ok=True)

    def execute(*statements: str) -> None:
        with duckdb.connect(root / "books.duckdb") as connection:
            connection.execute("set TimeZone = 'UTC'")
            for statement in statements:
                connection.execute(statement)

    execute()
    return Books(DatabasePlace(kind="duckdb", path="books.duckdb"), execute, root)
