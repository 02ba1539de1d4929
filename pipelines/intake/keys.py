"""Keys of rows: random ones of people and organisations from the vault, salted hashes of the ids of events, of records and of contents.

Hashes that are published are cryptographic (MD5 over a secret salt), so that they stay the same and none gives away another.
Those that never leave the private build file, a row's record and content, only tell rows apart: they are DuckDB's own, a tenth of the cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.errors import ClienteleError
from pipelines.intake.checking import is_demanded
from pipelines.intake.sources import SYSTEM_COLUMN
from pipelines.warehouse.connection import Connection, identifier, quoted
from pipelines.warehouse.vault import register

if TYPE_CHECKING:
    from pipelines.contracts.model import Property
    from pipelines.intake.mapping import Mapping
    from pipelines.intake.rows import Batch
    from pipelines.intake.sources import MappedFeed, Source
    from pipelines.warehouse.secrets import Secret
    from pipelines.warehouse.workspace import Workspace

_FIELD_SEPARATOR = "chr(31)"
# As long as this gives the number that it gave when the build file was made, new rows can be compared with landed ones.
_SAMPLE = "cast(hash('clientele', 1, date '2000-01-01', 1.5::decimal(18, 4)) >> 1 as bigint)"


def row_hashes(mapping: Mapping, secret: Secret) -> dict[str, str]:
    """SQL, over a mapped row `i`, for `__record_key` and `__content_hash` (null where contents are never compared)."""
    feed = mapping.feed
    content = "cast(null as bigint)"
    if not feed.is_folded and (feed.is_keyed or feed.on_exact_duplicate == "drop"):
        cells = ", ".join(f"i.{identifier(name)}" for name in mapping.columns)
        content = _number(f"{_salt(secret, 'row contents')}, i.source_system, {cells}")
    return {"__record_key": record_key(feed, mapping.columns, secret, "i"), "__content_hash": content}


def check_hashes(build: Connection, workspace: Workspace) -> None:
    """Make sure that rows are hashed as they were when the build file was made; a new file notes how.

    Raises:
        ClienteleError: Another version of DuckDB hashes otherwise, or the file is from before it was noted, when MD5 was used.
    """
    build.execute("create table if not exists main.hash_sample (value bigint)")
    held, now = build.execute(f"select (select min(value) from main.hash_sample), {_SAMPLE}").fetchone() or (None, None)
    is_empty = held is None and build.execute("select 1 from raw.delivery limit 1").fetchone() is None
    if is_empty:
        build.execute(f"insert into main.hash_sample values ({now})")
    elif held != now:
        message = (
            f"{workspace.build_file}: it was made with a version that hashes rows otherwise, so that new rows cannot be compared "
            f"with it; delete {workspace.build_file.parent} and run again: every delivery is kept in the vault and lands anew."
        )
        raise ClienteleError(message)


def record_key(feed: MappedFeed, columns: tuple[str, ...], secret: Secret, alias: str) -> str:
    """SQL for the key of a row's record, over the record's key columns in `alias`; null where a part is that must not be.

    Of a record whose last key part is not delivered, it is the key of the group that is replaced together.
    """
    record = feed.record
    parts = [
        f"{alias}.{identifier(key.name)}" if key.name in columns else "null"
        for key in record.key
        if key.name in columns or key.is_optional_key
    ]
    salt = f"{_salt(secret, 'event keys')}, {quoted(record.name)}"
    number = _number(", ".join([salt, f"{alias}.source_system", *parts]))
    demanded = [f"{alias}.{identifier(key.name)} is null" for key in record.key if key.name in columns and is_demanded(key)]
    return f"case when not ({' or '.join(demanded)}) then {number} end" if demanded else number


def register_people(build: Connection, batch: Batch, source: Source) -> None:
    """Give every person and organisation named in `batch.rows` a surrogate."""
    named: dict[str, list[str]] = {}
    for item in batch.record.properties:
        if item.surrogate is not None and item.name in batch.mapping.columns:
            column = identifier(item.name)
            query = f"select distinct {_system(source, item, batch)} as source_system, {column} as source_id from {batch.rows} as i"
            named.setdefault(item.surrogate, []).append(f"{query} where {column} is not null")
    for entity, queries in named.items():
        register(build, entity, " union ".join(queries))


def keyed(batch: Batch, source: Source, secret: Secret) -> str:
    """SQL for the landing rows `i` with a column for each id that a key stands for: `<stem>_key`."""
    salt, columns, joins = secret.salt("event keys"), list[str](), list[str]()
    for item in batch.record.properties:
        if item.name not in batch.mapping.columns:
            continue
        name, system, alias = f"i.{identifier(item.name)}", _system(source, item, batch), f"k{len(joins)}"
        if item.surrogate is not None:
            held = f"{alias}.entity = {quoted(item.surrogate)} and {alias}.source_system = {system} and {alias}.source_id = {name}"
            joins.append(f"left join vault.registry as {alias} on {held}")
            columns.append(f"{alias}.surrogate as {item.key_column}")
        elif item.event_key is not None and _is_unique(batch, item):
            columns.append(f"{_digest(salt, [quoted(item.event_key), system, name])} as {item.key_column}")
        elif item.event_key is not None:
            joins.append(_digested_once(batch, item, system, salt, alias))
            columns.append(f"{alias}.key as {item.key_column}")
    added = "".join(f", {column}" for column in columns)
    return f"select i.*{added} from {batch.landed} as i {' '.join(joins)}"


def _is_unique(batch: Batch, item: Property) -> bool:
    """Whether hardly two rows have one value of a column: it is the whole key of a record that does not fold."""
    feed = batch.mapping.feed
    return feed.is_keyed and not feed.is_folded and [key.name for key in batch.record.key] == [item.name]


def _digested_once(batch: Batch, item: Property, system: str, salt: str, alias: str) -> str:
    """SQL that joins the key of an id that many rows share: each id is digested once, which is most of the work of landing lines."""
    name = identifier(item.name)
    ids = f"select distinct {system} as system, {name} as id from {batch.rows} as i where {name} is not null"
    digest = _digest(salt, [quoted(item.event_key or ""), "ids.system", "ids.id"])
    held = f"{alias}.system = {system} and {alias}.id = i.{name}"
    return f"left join (select system, id, {digest} as key from ({ids}) as ids) as {alias} on {held}"


def _system(source: Source, item: Property, batch: Batch) -> str:
    """SQL for the system whose numbers a column holds: the one that its row or the source names for it, else the row's own."""
    if item.system_from is not None:
        return f"i.{identifier(item.system_from)}"
    other = source.ids_from.get(item.surrogate or item.event_key or "")
    if other is None and SYSTEM_COLUMN not in batch.mapping.feed.columns:
        # The same for every row; said as such, it is worked out once.
        other = source.system
    return quoted(other) if other is not None else "i.source_system"


def _digest(salt: str, parts: list[str]) -> str:
    """SQL for a salted, cryptographic hash of 63 bits; null when a part is."""
    text = f" || {_FIELD_SEPARATOR} || ".join([quoted(salt), *parts])
    return f"cast(md5_number_lower({text}) >> 1 as bigint)"


def _salt(secret: Secret, purpose: str) -> str:
    """SQL for a salt as one number, which costs nothing a row."""
    return f"{int(secret.salt(purpose)[:16], 16) >> 1}::bigint"


def _number(parts: str) -> str:
    """SQL for DuckDB's own hash of some values, 63 bits."""
    return f"cast(hash({parts}) >> 1 as bigint)"
