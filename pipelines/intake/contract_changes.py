"""What a workspace remembers of the contracts that its tables were made with, and what may be taken over from older ones.

A contract's version has three numbers: the first says that older rows do not fit any more, the second that there is more, the third that
words have changed. A workspace with older tables is brought up; one that a newer project has made is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.errors import ClienteleError

if TYPE_CHECKING:
    from pipelines.contracts.record_type import RecordType
    from pipelines.warehouse.connection import Connection
    from pipelines.warehouse.workspace import Workspace

Version = tuple[int, int, int]

# What tables stood with before workspaces remembered it.
_FIRST: Version = (1, 0, 0)


@dataclass(frozen=True)
class Standing:
    """The contract that a record type's tables were last brought up to.

    Attributes:
        version: Its version.
        key: Names of the columns of its key, parted by spaces; None where that was not remembered.
    """

    version: Version
    key: str | None


@dataclass(frozen=True)
class Change:
    """One thing that a newer contract changed in a workspace; a line of `raw.contract_change`.

    Attributes:
        record_type: Whose contract.
        change: record_type_added, version_changed, column_added, type_changed, may_be_empty or column_left.
        column_name: The column, as the table calls it; None where it is about the record type as a whole.
        was, now: Version or type before and after, where there is one.
    """

    record_type: str
    change: str
    column_name: str | None = None
    was: str | None = None
    now: str | None = None

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        said = {
            "record_type_added": f"a new record type, with version {self.now} of its contract",
            "version_changed": f"version {self.now} of the contract in place of {self.was}",
            "column_added": f"new column {self.column_name}, empty in what has landed until it is landed anew",
            "type_changed": f"{self.column_name} is {self.now} now, was {self.was}; every value fits",
            "may_be_empty": f"{self.column_name} may be empty now",
            "column_left": f"{self.column_name} is in the contract no more; what has landed of it stays, new rows leave it empty",
        }[self.change]
        return f"{self.record_type}: {said}."


def standing(build: Connection, present: set[tuple[str, str]], records: dict[str, RecordType]) -> dict[str, Standing]:
    """The contracts that the tables stand with, by record type; record types without a table are left out.

    Args:
        build: The build file.
        present: Schema and name of each table that is there.
        records: The project's contracts; tables from before versions were remembered stand with the first one.
    """
    held: dict[str, Standing] = {name: Standing(_FIRST, None) for name in records if ("raw", name) in present}
    if ("raw", "contract_version") in present:
        for name, version, key in build.execute("select record_type, version, key_columns from raw.contract_version").fetchall():
            major, minor, patch = (int(part) for part in version.split("."))
            held[name] = Standing((major, minor, patch), key)
    return held


def check_versions(workspace: Workspace, records: dict[str, RecordType], held: dict[str, Standing]) -> None:
    """Refuse a workspace that a newer project has made, or whose rows a newer contract does not fit.

    Raises:
        ClienteleError: With the record type, both versions and what to do.
    """
    for name, record in records.items():
        before = held.get(name)
        if before is None:
            continue
        versions = f"{workspace.build_file}: {name} stands with version {text(before.version)} of its contract, this project has"
        if before.version > record.version:
            message = f"{versions} {text(record.version)}; a newer project has worked here: update this one, or take another workspace."
            raise ClienteleError(message)
        if before.version[0] < record.version[0]:
            message = f"{versions} {text(record.version)}, to which landed rows cannot be brought up; {anew(workspace)}"
            raise ClienteleError(message)
        if before.key is not None and before.key != key_columns(record):
            found = f"{workspace.build_file}: the key of {name} was {before.key.replace(' ', ' + ')}"
            message = f"{found} and is {key_columns(record).replace(' ', ' + ')} now; {anew(workspace)}"
            raise ClienteleError(message)


def check_privacy(workspace: Workspace, record: RecordType, held: set[str]) -> None:
    """Refuse a workspace in which a value that is personal now stands outside the vault.

    Args:
        workspace: For the message.
        record: The contract as it is now.
        held: The columns of its table in schema `raw`.

    Raises:
        ClienteleError: With the column and what to do.
    """
    outside = {column.name for column in record.raw_columns()}
    for item in record.properties:
        if item.is_personal and item.name in held - outside:
            found = f"{workspace.build_file}: {record.name} holds {item.name}"
            message = f"{found}, which is {item.classification} now and may stand in the vault only; {anew(workspace)}"
            raise ClienteleError(message)


def remember(build: Connection, records: dict[str, RecordType], held: dict[str, Standing], changes: list[Change]) -> None:
    """Enter the versions and the changes, inside the caller's transaction; nothing where nothing has changed."""
    for name, record in records.items():
        now = wanted(record)
        if held.get(name) != now:
            build.execute("delete from raw.contract_version where record_type = ?", [name])
            build.execute(
                "insert into raw.contract_version (record_type, version, key_columns) values (?, ?, ?)", [name, text(now.version), now.key]
            )
    row = build.execute("select coalesce(max(change_number), 0) from raw.contract_change").fetchone() if changes else None
    for number, change in enumerate(changes, row[0] + 1 if row else 1):
        build.execute(
            """
            insert into raw.contract_change (change_number, record_type, change, column_name, value_before, value_after)
            values (?, ?, ?, ?, ?, ?)
            """,
            [number, change.record_type, change.change, change.column_name, change.was, change.now],
        )


def wanted(record: RecordType) -> Standing:
    """How the record type's tables stand once they are brought up."""
    return Standing(record.version, key_columns(record))


def key_columns(record: RecordType) -> str:
    """Names of the columns of the record's key, parted by spaces."""
    return " ".join(item.name for item in record.key)


def text(version: Version) -> str:
    """A version as contracts write it."""
    return ".".join(map(str, version))


def anew(workspace: Workspace) -> str:
    """What to do where landed rows cannot be taken over."""
    return f"delete {workspace.build_file.parent} and run again: every delivery is kept in the vault and is landed anew."
