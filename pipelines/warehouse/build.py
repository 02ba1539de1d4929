"""Frames in and out of the build file, for the estimates: tables are read by column and slice, and replaced whole in one transaction."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.warehouse.connection import Connection, identifier, open_file
from pipelines.warehouse.lock import hold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import polars as pl

    from pipelines.warehouse.workspace import Workspace


@dataclass(frozen=True)
class Build:
    """An open DuckDB file and the three things that estimates ask of it.

    Attributes:
        connection: To the build file; any other file of the same shape can be read in the same way.
    """

    connection: Connection

    def frame(
        self,
        table: str,
        columns: Sequence[str],
        where: Mapping[str, object] | None = None,
        between: tuple[str, object, object] | None = None,
    ) -> pl.DataFrame:
        """Read some columns of some rows.

        Args:
            table: `schema.table`.
            columns: The columns wanted, in this order.
            where: Column to the value that it must have.
            between: A column, its least and its greatest value, both included.

        Returns:
            A frame in no particular order.
        """
        tests, values = [], []
        for column, value in (where or {}).items():
            tests.append(f"{identifier(column)} = ?")
            values.append(value)
        if between is not None:
            column, least, greatest = between
            tests.append(f"{identifier(column)} between ? and ?")
            values += [least, greatest]
        condition = f" where {' and '.join(tests)}" if tests else ""
        query = f"select {', '.join(map(identifier, columns))} from {_qualified(table)}{condition}"
        return self.connection.sql(query, params=values).pl()

    def distinct(self, table: str, column: str) -> list[Any]:
        """The different values of a column, ascending; nulls are left out."""
        name = identifier(column)
        rows = self.connection.execute(
            f"select distinct {name} from {_qualified(table)} where {name} is not null order by {name}"
        ).fetchall()
        return [row[0] for row in rows]

    def replace(self, table: str, frames: Iterable[pl.DataFrame], schema: Mapping[str, str]) -> int:
        """Replace a table by the rows of some frames, in their order; all of them or, when one fails, none.

        Args:
            table: `schema.table`; both are made where missing.
            frames: One held at a time; each has the schema's columns, in any order, and no others. They may be read from this build
                meanwhile.
            schema: Column to DuckDB type.

        Returns:
            How many rows were written.

        Raises:
            ValueError: A frame has other columns than the schema.
            DatabaseError: A value does not fit its type.
        """
        columns = ", ".join(f"{identifier(name)} {kind}" for name, kind in schema.items())
        names = ", ".join(map(identifier, schema))
        count = 0
        self.connection.execute("begin")
        try:
            self.connection.execute(f"create schema if not exists {identifier(table.partition('.')[0])}")
            self.connection.execute(f"create or replace table {_qualified(table)} ({columns})")
            for frame in frames:
                if set(frame.columns) != set(schema):
                    message = f"{table}: a frame has the columns {sorted(frame.columns)} where the schema has {sorted(schema)}"
                    raise ValueError(message)
                self.connection.register("incoming", frame.to_arrow())
                self.connection.execute(f"insert into {_qualified(table)} select {names} from incoming")
                self.connection.unregister("incoming")
                count += frame.height
            self.connection.execute("commit")
        except BaseException:
            self.connection.execute("rollback")
            raise
        return count


@contextmanager
def open_build(workspace: Workspace) -> Iterator[Build]:
    """Open the build file for reading and writing; the workspace is held meanwhile.

    Raises:
        ClienteleError: Another run holds the workspace, or another program has the file open.
    """
    with hold(workspace), open_file(workspace.build_file, workspace) as connection:
        yield Build(connection)


def _qualified(table: str) -> str:
    schema, _, name = table.partition(".")
    return f"{identifier(schema)}.{identifier(name)}"
