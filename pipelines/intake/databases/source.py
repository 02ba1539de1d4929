"""What a source file may say of a database: where it is, what each feed reads of it, and up to where it has been read.

A connection URL holds a password. It stands in an environment variable, of which the source file gives the name; a source file that holds
one is refused without being quoted.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import sqlglot
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from sqlglot import exp
from sqlglot.errors import SqlglotError

if TYPE_CHECKING:
    from pipelines.documents import Document, Place
    from pipelines.intake.source_file import SourceFile

DatabaseKind = Literal["postgresql", "mysql", "sqlite", "duckdb"]

_SERVERS = ("postgresql", "mysql")
_DIALECTS = {"postgresql": "postgres", "mysql": "mysql", "sqlite": "sqlite", "duckdb": "duckdb"}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OVERLAP = re.compile(r"(\d+)(?: +(minute|hour|day|week)s?)?")
# A URL with a user's name in it, and the keys under which people write what belongs to it.
_CREDENTIAL = re.compile(r"[a-z0-9+]+://[^/\s]*@", re.IGNORECASE)
_CREDENTIAL_KEYS = {"password", "passwd", "pwd", "user", "username"}
# MariaDB and MySQL run what stands in these comments.
_RUN_COMMENT = re.compile(r"/\*M?!")
_BEGINNINGS = (sqlglot.TokenType.SELECT, sqlglot.TokenType.WITH, sqlglot.TokenType.L_PAREN)
_ONE_SELECT = "write one statement that begins with select or with"
_NO_ORDER = "put no order by, limit or offset around it: rows are put in order by the watermark and then by what they hold"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Watermark(_Strict):
    """Up to where a feed has been read: a column that only grows, and how far each reading goes back behind what landed.

    Attributes:
        column: A time at which the row was changed, or a number that each new row has greater.
        overlap: A length of time (`2 days`), or a number for a column of numbers: longer than any transaction of the database is open.
    """

    column: Annotated[str, Field(min_length=1)]
    overlap: str | int

    @field_validator("overlap")
    @classmethod
    def _measured(cls, overlap: str | int) -> str | int:
        found = _OVERLAP.fullmatch(str(overlap))
        if found is None:
            message = "is no overlap; write a length of time, such as 2 days or 6 hours, or a whole number where the column holds numbers"
            raise ValueError(message)
        return overlap if found[2] else int(found[1])

    @property
    def distance(self) -> timedelta | int:
        """The overlap as something to subtract."""
        if isinstance(self.overlap, int):
            return self.overlap
        amount, _, unit = self.overlap.partition(" ")
        return timedelta(**{f"{unit.strip().rstrip('s')}s": int(amount)})


class DatabasePlace(_Strict):
    """Where a database is.

    Attributes:
        kind: What it is; `mysql` is MariaDB as well.
        url_env: Name of the environment variable that holds the connection URL of a server.
        path: A file of SQLite or DuckDB below the workspace.
        paused: Whether it is left alone for the time being; what was read of it stays.
    """

    kind: DatabaseKind
    url_env: str | None = None
    path: str | None = None
    paused: bool = False

    @model_validator(mode="after")
    def _one_place(self) -> DatabasePlace:
        if self.is_server and (self.url_env is None or self.path is not None):
            message = f"{self.kind} is reached by a URL: name the environment variable that holds it as url_env, and leave out path"
            raise ValueError(message)
        if not self.is_server and (self.path is None or self.url_env is not None):
            message = f"{self.kind} is a file: give its path below the workspace, and leave out url_env"
            raise ValueError(message)
        if self.path is not None and (Path(self.path).is_absolute() or ".." in Path(self.path).parts):
            message = "path is outside the workspace; give one below it, such as landing/legacy.sqlite"
            raise ValueError(message)
        return self

    @property
    def is_server(self) -> bool:
        """Whether it is reached over a connection."""
        return self.kind in _SERVERS

    @property
    def dialect(self) -> str:
        """The parser's name for its SQL."""
        return _DIALECTS[self.kind]


class Extract(_Strict):
    """What one feed reads of a database.

    Attributes:
        table: A table or view, with its schema where it has one, as the catalogue writes it.
        query: Instead of a table: one select.
        watermark: Up to where it was read; None when all of it is read each time.
    """

    table: Annotated[str, Field(min_length=1)] | None = None
    query: Annotated[str, Field(min_length=1)] | None = None
    watermark: Watermark | None = None


def refuse_credentials(document: Document) -> None:
    """Refuse a source file that holds a connection URL or a password, before anything of it is quoted in a message.

    Raises:
        ClienteleError: With the line, and without what stands there.
    """
    for place, value in _values(document.value, ()):
        is_database = "database" in place[:1]
        if isinstance(value, str) and (
            _CREDENTIAL.search(value)
            or (is_database and len(place) == 1)
            or (is_database and str(place[-1]).casefold() in _CREDENTIAL_KEYS)
            or (place == ("database", "url_env") and _VARIABLE.fullmatch(value) is None)
        ):
            sentence = (
                "credentials do not belong into a source file; put the connection URL into an environment variable and name that: "
                "'database: {kind: postgresql, url_env: CRM_DATABASE_URL}'."
            )
            raise document.fault(place, sentence)


def _values(value: Any, place: Place) -> list[tuple[Place, Any]]:
    """Every value below one, with its place."""
    if isinstance(value, dict):
        return [found for key, below in value.items() for found in _values(below, (*place, str(key)))]
    if isinstance(value, list):
        return [found for number, below in enumerate(value) for found in _values(below, (*place, number))]
    return [(place, value)]


def check_database(document: Document, given: SourceFile) -> None:
    """Check that a source says where its deliveries come from, and nothing of a database where they are files, or of files where not.

    Raises:
        ClienteleError: With the line and what to do.
    """
    if given.database is None:
        if given.location is None:
            raise document.fault((), "the key 'location' is missing; add it.")
        for name, feed in given.feeds.items():
            stated = next((key for key in ("table", "query", "watermark") if key in feed.model_fields_set), None)
            if stated is not None:
                raise document.fault(("feeds", name, stated), f"'{stated}' belongs to a source with a 'database'; leave it out.")
        return
    for key in ("location", "format", "settle_seconds"):
        if key in given.model_fields_set:
            raise document.fault((key,), f"'{key}' is of files, and this source has a 'database'; leave out one of them.")
    if "file_name" in (given.delivery_order.origin, given.known_at.origin):
        place = ("delivery_order",) if given.delivery_order.origin == "file_name" else ("known_at",)
        raise document.fault(place, f"'{place[0]}' is taken from a file's name, and a database has none; write 'from: received'.")
    for name, feed in given.feeds.items():
        check_extract(document, ("feeds", name), given.database, feed)
        if feed.watermark is not None and given.mode == "full":
            sentence = "a watermark reads what is new, and 'mode: full' needs all of it; leave out one of them."
            raise document.fault(("feeds", name, "watermark"), sentence)


def check_extract(document: Document, place: Place, database: DatabasePlace, extract: Extract) -> None:
    """Check what a feed reads: a table's name or one select, nothing that writes.

    Args:
        document: The source file.
        place: Of the feed in it.
        database: Where it is read.
        extract: What the feed says.

    Raises:
        ClienteleError: With the line and what to do.
    """
    if (extract.table is None) == (extract.query is None):
        raise document.fault(place, "a feed of a database reads either a 'table' or a 'query'; give one of them.")
    if extract.query is not None:
        reason = _objection(extract.query, database)
        if reason is not None:
            raise document.fault((*place, "query"), f"the query is not one select ({reason}).")


def _objection(query: str, database: DatabasePlace) -> str | None:
    """What is wrong with a query, or None."""
    if _RUN_COMMENT.search(query):
        return "leave out comments that begin with /*!, which the server runs"
    try:
        tokens = sqlglot.tokenize(query, read=database.dialect)
        if not tokens or tokens[0].token_type not in _BEGINNINGS:
            return _ONE_SELECT
        statements = sqlglot.parse(query, read=database.dialect)
    except SqlglotError as fault:
        return f"{str(fault).splitlines()[0].removesuffix('.')}; write it as {database.kind} reads it"
    tree = statements[0]
    if len(statements) != 1 or not isinstance(tree, exp.Query):
        return _ONE_SELECT
    if any(tree.args.get(part) for part in ("order", "limit", "offset")):
        return _NO_ORDER
    return next((objection for objection in map(_refused, tree.walk()) if objection is not None), None)


def _refused(node: exp.Expr) -> str | None:
    """What is wrong with a part of a query, or None."""
    if isinstance(node, (exp.DML, exp.DDL, exp.Into, exp.Lock, exp.Command, exp.Set)) and not isinstance(node, exp.Query):
        return f"{type(node).__name__.lower()} is not allowed: a source is only read"
    if isinstance(node, (exp.Placeholder, exp.Parameter)):
        return "it has a placeholder, and there is nothing to put in its place"
    return None
