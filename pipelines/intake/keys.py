"""Keys of rows: random ones of people and organisations from the vault, salted hashes of the ids of events, of records and of contents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.warehouse.connection import Connection, identifier, quoted
from pipelines.warehouse.vault import register

if TYPE_CHECKING:
    from pipelines.contracts.model import Property
    from pipelines.intake.deliveries import Delivery
    from pipelines.intake.rows import Batch
    from pipelines.warehouse.secrets import Secret

_FIELD_SEPARATOR, _NULL_MARK = "chr(31)", "chr(0)"


def register_people(build: Connection, batch: Batch, delivery: Delivery) -> None:
    """Give every person and organisation named in `batch.rows` a surrogate."""
    named: dict[str, list[str]] = {}
    for item in batch.record.properties:
        if item.surrogate is not None and item.name in batch.mapping.columns:
            column = identifier(item.name)
            query = f"select {_system(delivery, item)} as source_system, {column} as source_id from {batch.rows} as i"
            named.setdefault(item.surrogate, []).append(f"{query} where {column} is not null")
    for entity, queries in named.items():
        register(build, entity, " union ".join(queries))


def add_keys(build: Connection, batch: Batch, delivery: Delivery, secret: Secret) -> None:
    """Make temporary table `keyed`: the rows of `batch.rows`, landed so far, with keys for ids, `__record_key` and `__content_hash`."""
    salt, mapped = secret.salt("event keys"), set(batch.mapping.columns)
    columns: list[str] = []
    joins: list[str] = []
    # Hashes by the columns that they read: name in the table, SQL.
    hashes: dict[tuple[str, ...], list[tuple[str, str]]] = {_key_columns(batch): [("__record_key", record_key(batch, secret, "i"))]}
    for item in batch.record.properties:
        name, system = f"i.{identifier(item.name)}", _system(delivery, item)
        if item.surrogate is not None and item.name in mapped:
            alias = f"r{len(joins)}"
            held = f"{alias}.entity = {quoted(item.surrogate)} and {alias}.source_system = {system} and {alias}.source_id = {name}"
            joins.append(f"left join vault.registry as {alias} on {held}")
            columns.append(f"{alias}.surrogate as {item.key_column}")
        elif item.event_key is not None and item.name in mapped:
            hashes.setdefault((item.name,), []).append((item.key_column, _hash(salt, [quoted(item.event_key), system, name])))
    for reads, hashed in hashes.items():
        if _is_unique(batch, reads):
            columns += [f"{sql} as {name}" for name, sql in hashed]
        else:
            alias = f"h{len(joins)}"
            joins.append(_hashed_once(batch, reads, hashed, alias))
            columns += [f"{alias}.{name}" for name, _ in hashed]
    columns += [
        f"{_content_hash(batch, secret)} as __content_hash",
        "cast('landed' as varchar) as disposition",
        "cast(null as varchar) as rule",
    ]
    build.execute(f"create or replace temp table keyed as select i.*, {', '.join(columns)} from {batch.rows} as i {' '.join(joins)}")


def record_key(batch: Batch, secret: Secret, alias: str) -> str:
    """SQL for the key of a row's record, over the record's key columns in `alias`; null where a part is.

    Of a record whose last key part is not delivered, it is the key of the group that is replaced together.
    """
    parts = [f"cast({alias}.{identifier(name)} as varchar)" for name in _key_columns(batch)]
    return _hash(secret.salt("event keys"), [quoted(batch.record.name), f"{alias}.source_system", *parts])


def _key_columns(batch: Batch) -> tuple[str, ...]:
    return tuple(key.name for key in batch.record.key if key.name in batch.mapping.columns)


def _is_unique(batch: Batch, reads: tuple[str, ...]) -> bool:
    """Whether hardly two rows have one value of some columns: they hold the whole key of a record that does not fold."""
    feed = batch.mapping.feed
    return feed.is_keyed and not feed.is_folded and set(_key_columns(batch)) <= set(reads)


def _hashed_once(batch: Batch, reads: tuple[str, ...], hashed: list[tuple[str, str]], alias: str) -> str:
    """SQL that joins hashes of ids that many rows share: each id is hashed once, which is most of the work of landing lines of invoices."""
    names = ["source_system", *map(identifier, reads)]
    ids = f"select distinct {', '.join(names)} from {batch.rows}"
    values = ", ".join(f"{sql} as {name}" for name, sql in hashed)
    matches = " and ".join(f"{alias}.{name} = i.{name}" for name in names)
    return f"left join (select {', '.join(names)}, {values} from ({ids}) as i) as {alias} on {matches}"


def _content_hash(batch: Batch, secret: Secret) -> str:
    """SQL for the hash of a row's values; null where contents are never compared."""
    feed = batch.mapping.feed
    if feed.is_folded or not (feed.is_keyed or feed.on_exact_duplicate == "drop"):
        return "cast(null as bigint)"
    cells = [f"coalesce(cast(i.{identifier(name)} as varchar), {_NULL_MARK})" for name in batch.mapping.columns]
    return _hash(secret.salt("row contents"), ["i.source_system", *cells])


def _system(delivery: Delivery, item: Property) -> str:
    """SQL for the system whose numbers a column holds: the one that the source names for its entity, else the row's own."""
    other = delivery.source.ids_from.get(item.surrogate or item.event_key or "")
    return quoted(other) if other is not None else "i.source_system"


def _hash(salt: str, parts: list[str]) -> str:
    """SQL for a salted 63-bit hash; null when a part is."""
    text = f" || {_FIELD_SEPARATOR} || ".join([quoted(salt), *parts])
    return f"cast(md5_number_lower({text}) >> 1 as bigint)"
