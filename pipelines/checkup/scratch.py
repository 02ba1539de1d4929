"""A workspace of its own for one file: the same road as a run's, beside what has landed in the person's workspace, and removed afterwards.

The person's workspace is only read. Where its build file is at hand, the history of the source is copied, so that a delivery that has
shrunk is found, and its landed rows are compared with.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pipelines.errors import ClienteleError
from pipelines.intake.decisions import decided
from pipelines.warehouse.connection import Connection, DatabaseError, attach, identifier, quoted
from pipelines.warehouse.secrets import Secret, load_secret
from pipelines.warehouse.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.intake.decisions import Decision
    from pipelines.intake.deliveries import Delivery
    from pipelines.intake.rows import Batch

# What the ledger remembers of deliveries, without which nothing can be compared.
_HISTORY = ("delivery", "delivery_metric", "delivery_check")


@dataclass
class Scratch:
    """A workspace for trial.

    Attributes:
        workspace: The workspace for trial.
        real: The person's workspace.
        secret: The person's where there is one, so that keys and hashes are those of a run.
        is_comparable: Whether the secret is the person's.
        notes: What could not be looked at, a sentence each.
    """

    workspace: Workspace
    real: Workspace
    secret: Secret
    is_comparable: bool
    notes: list[str] = field(default_factory=list)

    def decisions(self, delivery_key: int) -> dict[int, Decision]:
        """What a person has decided of the delivery before it came, as happens where it lands anew."""
        try:
            decision = decided(self.real).get(delivery_key)
        except (ClienteleError, DatabaseError):
            return {}
        return {delivery_key: decision} if decision is not None else {}

    def remember(self, build: Connection, delivery: Delivery) -> bool:
        """Attach the person's build file as `landed` and copy what its ledger says of the source.

        Returns:
            Whether there is something to compare with.
        """
        if not self.real.build_file.exists():
            return False
        if not self.is_comparable:
            self.notes.append("What has landed was not looked at: the vault's key is not at hand.")
            return False
        try:
            attach(build, self.real.build_file, "landed", read_only=True)
            if not build.execute("select 1 from duckdb_tables() where (database_name, table_name) = ('landed', 'hash_sample')").fetchone():
                self.notes.append("What has landed was not looked at: it was made with an older version of this project.")
                return False
            theirs, ours = (build.execute(f"select min(value) from {place}").fetchone() for place in (_hashes("landed"), _hashes("")))
            if theirs != ours:
                self.notes.append("What has landed was not looked at: it was made with a version of DuckDB that hashes otherwise.")
                return False
            self._copy_history(build, delivery)
        except (ClienteleError, DatabaseError) as fault:
            reason = "another program has the build file open" if "has the file open" in str(fault) else str(fault).splitlines()[0]
            self.notes.append(
                f"Repetitions of landed rows and losses against earlier deliveries were not looked for: {reason.rstrip('.')}."
            )
            return False
        return True

    def _copy_history(self, build: Connection, delivery: Delivery) -> None:
        earlier = f"source_name = {quoted(delivery.source.name)} and delivery_key <> {delivery.delivery_key}"
        there = {
            name
            for (name,) in build.execute(
                "select table_name from duckdb_tables() where database_name = 'landed' and schema_name = 'raw'"
            ).fetchall()
        }
        of_source = f"select delivery_key from landed.raw.delivery where {earlier}"
        build.execute("begin")
        try:
            for name in _HISTORY:
                if name in there:
                    build.execute(f"insert into raw.{name} by name select * from landed.raw.{name} where delivery_key in ({of_source})")
            # What no run has judged yet is judged with the next; here it is history and is not to be judged again.
            build.execute(
                """
                insert into raw.delivery_metric by name
                select delivery_key, record_type, null as column_name, 'rows_in' as metric, cast(rows_in as double) as value
                from raw.delivery
                where (delivery_key, record_type) not in (select (delivery_key, record_type) from raw.delivery_metric)
                """
            )
        except DatabaseError:
            build.execute("rollback")
            raise
        build.execute("commit")

    def repeated(self, build: Connection, delivery: Delivery) -> str | None:
        """The file that said the same before, by the ledger; None where there is none."""
        row = build.execute(
            f"""
            select file_name from landed.raw.delivery
            where
                source_name = {quoted(delivery.source.name)} and status <> 'refused'
                and (
                    delivery_key = {delivery.delivery_key}
                    or content_key = {delivery.content_key}
                    and {
                f"(delivery_order = {quoted(delivery.delivery_order)} or file_name = {quoted(delivery.file_name)})"
                if delivery.source.restates
                else "true"
            }
                )
            order by received_at
            limit 1
            """
        ).fetchone()
        return str(row[0]) if row is not None else None

    def take_out_landed(self, build: Connection, batch: Batch, delivery: Delivery) -> int:
        """Take out the rows that have landed before with the same content, as a run would; how many they were.

        Args:
            build: The build for trial, with the person's as `landed`.
            batch: Rows that have landed in it.
            delivery: Whose rows they are.
        """
        feed, table = batch.mapping.feed, identifier(batch.record.name)
        if feed.is_folded or not feed.is_keyed:
            return 0
        counting = f"select delivery_key from landed.raw.delivery where record_type = {quoted(batch.record.name)} and status = 'landed'"
        build.execute(
            f"""
            create or replace temp table taken as
                select rowid as place from raw.{table} as fresh
                where exists (
                    select 1 from landed.raw.{table} as old
                    where
                        old._record_key = fresh._record_key and old._content_hash = fresh._content_hash
                        and old._delivery_key in ({counting}) and old._delivery_key <> {delivery.delivery_key}
                )
            """
        )
        row = build.execute("select count(*) from taken").fetchone()
        count = int(row[0]) if row is not None else 0
        if count:
            build.execute(f"delete from raw.{table} where rowid in (select place from taken)")
            build.execute(
                f"""
                update raw.delivery set rows_landed = rows_landed - {count}, rows_duplicate = rows_duplicate + {count}
                where delivery_key = {delivery.delivery_key} and record_type = {quoted(batch.record.name)}
                """
            )
        return count


def _hashes(catalog: str) -> str:
    return f"{catalog}{'.' if catalog else ''}main.hash_sample"


@contextmanager
def open_scratch(real: Workspace) -> Iterator[Scratch]:
    """Make the workspace for trial, for its owner alone; nothing of it stays."""
    with TemporaryDirectory(prefix="clientele-check-") as folder:
        workspace = Workspace.at(Path(folder) / "workspace")
        workspace.prepare()
        secret: Secret | None = None
        # Loading it makes what is missing, which is not for us to do there.
        if real.key_check_file.exists():
            try:
                secret = load_secret(real)
            except ClienteleError:
                secret = None
        yield Scratch(workspace, real, secret or load_secret(workspace), is_comparable=secret is not None)
