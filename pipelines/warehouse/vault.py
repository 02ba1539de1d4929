"""The vault's own tables: the registry that gives every person and organisation a surrogate, and the rows that could not be landed.

Only intake, identity and the vault's own verbs open it. What a personal column is stands in the contracts.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pipelines.errors import ClienteleError
from pipelines.warehouse.connection import Connection, attach, open_file, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.warehouse.workspace import Workspace

_TABLES = """
create table if not exists vault.registry (entity varchar, source_system varchar, source_id varchar, surrogate bigint);
create table if not exists vault.quarantine (
    delivery_key bigint, record_type varchar, row_number bigint, column_name varchar, rule varchar, raw_value varchar, row_text varchar
);
create table if not exists vault.archived_delivery (delivery_key bigint, source_name varchar, file_name varchar);
create table if not exists vault.archived_replay (
    delivery_key bigint, mends_delivery_key bigint, source_name varchar, file_name varchar, received_at timestamp
);
"""
_BYTES, _UNUSED_BITS = 8, 2


@contextmanager
def open_with_vault(workspace: Workspace) -> Iterator[Connection]:
    """Open the build file with the vault attached as `vault`. One transaction writes to one of them only.

    Raises:
        ClienteleError: Another program has one of the files open, it is not a DuckDB file, or the vault's is gone while the build stands
            on it.
    """
    if workspace.build_file.exists() and not workspace.vault_file.exists():
        message = (
            f"{workspace.vault_file}: the vault's registry is missing although {workspace.build_file} was made with it, and every customer "
            "would get a second key; put it back from your backup, or delete the folder of the build file to land all deliveries anew."
        )
        raise ClienteleError(message)
    with open_file(workspace.build_file, workspace) as connection:
        attach(connection, workspace.vault_file, "vault")
        connection.execute(_TABLES)
        workspace.vault_file.chmod(0o600)
        yield connection


def register(connection: Connection, entity: str, ids: str) -> int:
    """Give every id that has none a surrogate: random, so that it says nothing, and kept, so that it stays.

    Args:
        connection: One opened by `open_with_vault`.
        entity: What the ids name (customer, account, subscription, employee).
        ids: SQL query of (source_system, source_id); repetitions do no harm.

    Returns:
        How many were new.
    """
    connection.execute(
        f"""
        create or replace temp table unregistered as
        select row_number() over () as position, source_system, source_id
        from (select distinct source_system, source_id from ({ids})) as wanted
        where not exists (
            select 1 from vault.registry as r
            where r.entity = {quoted(entity)} and r.source_system = wanted.source_system and r.source_id = wanted.source_id
        )
        """
    )
    counted = connection.execute("select count(*) from unregistered").fetchone()
    count = int(counted[0]) if counted else 0
    if count:
        connection.register("fresh", _fresh_surrogates(connection, count))
        connection.execute(
            f"""
            insert into vault.registry
            select {quoted(entity)}, unregistered.source_system, unregistered.source_id, fresh.surrogate
            from unregistered
            join fresh using (position)
            """
        )
        connection.unregister("fresh")
    connection.execute("drop table unregistered")
    return count


def _fresh_surrogates(connection: Connection, count: int) -> pa.Table:
    """Random 62-bit numbers that the registry does not hold yet, numbered from 1.

    They come from the operating system: whoever sees the numbers of a statistical generator can continue its sequence, and so learn in
    which order the ids were registered, which is their own order.
    """
    while True:
        surrogates = (np.frombuffer(os.urandom(_BYTES * count), dtype=np.uint64) >> _UNUSED_BITS).astype(np.int64)
        table = pa.table({"position": np.arange(1, count + 1), "surrogate": surrogates})
        connection.register("candidates", table)
        clash = connection.execute(
            """
            select count(*) - count(distinct surrogate) + count(*) filter (surrogate in (select surrogate from vault.registry))
            from candidates
            """
        ).fetchone()
        connection.unregister("candidates")
        if clash == (0,):
            return table
