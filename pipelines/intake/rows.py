"""The rows of one delivery as one record type: brought out of the sandbox, given keys, and judged.

What this module decides is each row's *disposition*: landed, duplicate or quarantined (excluded rows stay behind in the sandbox, as counts). Writing the
outcome belongs to `storing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.intake.mapping import RULES, Mapping
from pipelines.intake.reading import WorkingCopy, damaged_rows_condition
from pipelines.warehouse.connection import Connection, identifier, quoted, transfer
from pipelines.warehouse.vault import register

if TYPE_CHECKING:
    from pipelines.contracts.model import Property, RecordType
    from pipelines.intake.deliveries import Delivery
    from pipelines.warehouse.secrets import Secret

_FIELD_SEPARATOR, _NULL_MARK = "chr(31)", "chr(0)"


@dataclass(frozen=True)
class FeedCounts:
    """The balance of one delivery and record type, in rows."""

    rows_in: int
    rows_landed: int
    rows_duplicate: int
    rows_excluded: int
    rows_quarantined: int
    records: int

    @property
    def balances(self) -> bool:
        """Whether every delivered row is accounted for once."""
        return self.rows_in == self.rows_landed + self.rows_duplicate + self.rows_excluded + self.rows_quarantined

    def as_columns(self) -> dict[str, int]:
        """The counts by the ledger's column names."""
        return dict(vars(self))


@dataclass(frozen=True)
class Batch:
    """One delivery's rows as one record type, in temporary tables of the build connection.

    Attributes:
        mapping: The bound feed.
        rows_in: Records of the file, counted independently of the reader.
        table: Rows that keep to the contract; after `judge` with keys and `disposition`.
        broken: Rows that do not: `__row`, `column_name`, `rule`, `raw_value`, `row_text`, a line for each column at fault.
        keys_of_broken: The readable keys of those rows, for the records that lose a row.
        left_out: Counts of rows excluded or broken: `disposition`, `__event_at`, `currency`, `row_count`, `amount`.
    """

    mapping: Mapping
    rows_in: int
    table: str
    broken: str
    keys_of_broken: str
    left_out: str

    @property
    def record(self) -> RecordType:
        """The record type."""
        return self.mapping.feed.record

    def value(self, name: str, otherwise: str = "null") -> str:
        """SQL for a column of the record: itself where the feed maps it."""
        return identifier(name) if name in self.mapping.columns else otherwise


def collect(sandbox: Connection, build: Connection, mapping: Mapping, copy: WorkingCopy) -> Batch:
    """Map the sandbox's `delivered` rows and bring the outcome into temporary tables of the build connection."""
    record = mapping.feed.record
    sandbox.execute(mapping.create_mapped)
    if copy.is_damaged:
        sandbox.execute(
            f"create table damaged as select __row from delivered where {damaged_rows_condition(copy.header)}"
            if not _exists(sandbox, "damaged")
            else "select 1"
        )
        sandbox.execute(f"update {mapping.table} set __bad = true, __excluded = false where __row in (select __row from damaged)")
    batch = Batch(
        mapping, copy.records, f"rows_{record.name}", f"broken_{record.name}", f"broken_keys_{record.name}", f"left_out_{record.name}"
    )
    values = ", ".join(identifier(name) for name in mapping.columns)
    transfer(
        sandbox,
        f"select __row, __event_at, source_system, {values} from {mapping.table} where not __excluded and not __bad",
        build,
        batch.table,
    )
    _collect_left_out(sandbox, build, batch, copy)
    return batch


def _collect_left_out(sandbox: Connection, build: Connection, batch: Batch, copy: WorkingCopy) -> None:
    """Bring over what does not land: most deliveries have nothing of it, and then its four queries are not even planned."""
    mapping, record = batch.mapping, batch.record
    found = sandbox.execute(
        f"select count_if(__bad), count_if(__excluded), (select count(*) from unreadable) from {mapping.table}"
    ).fetchone() or (0, 0, 0)
    broken, excluded, unreadable = found
    names = [key.name for key in record.key if key.name in mapping.columns]
    if broken or unreadable:
        transfer(sandbox, _broken_rows(mapping, copy), build, batch.broken)
        keys = ", ".join(map(identifier, names))
        transfer(sandbox, f"select __row, source_system, {keys} from {mapping.table} where __bad", build, batch.keys_of_broken)
    else:
        texts = "column_name varchar, rule varchar, raw_value varchar, row_text varchar"
        build.execute(f"create or replace temp table {batch.broken} (__row bigint, {texts})")
        keys = ", ".join(f"{identifier(name)} {record.property(name).duckdb_type}" for name in names)
        build.execute(f"create or replace temp table {batch.keys_of_broken} (__row bigint, source_system varchar, {keys})")
    if not (broken or excluded or unreadable):
        build.execute(
            f"create or replace temp table {batch.left_out} (disposition varchar, __event_at timestamp, currency varchar, row_count bigint, "
            "amount decimal(18, 4))"
        )
        return
    amount = identifier(record.amount.name) if record.amount is not None and record.amount.name in mapping.columns else "null"
    currency = identifier("currency") if "currency" in mapping.columns else "null"
    transfer(
        sandbox,
        f"""
        select
            case when __excluded then 'excluded' else 'quarantined' end as disposition, __event_at, cast({currency} as varchar) as currency,
            count(*) as row_count, cast(sum({amount}) as decimal(18, 4)) as amount
        from {mapping.table} where __excluded or __bad group by all
        union all
        select 'quarantined', cast(null as timestamp), cast(null as varchar), count(*), cast(null as decimal(18, 4))
        from unreadable having count(*) > 0
        """,
        build,
        batch.left_out,
    )


def _exists(connection: Connection, table: str) -> bool:
    return bool(connection.execute("select 1 from duckdb_tables() where table_name = ?", [table]).fetchone())


def _broken_rows(mapping: Mapping, copy: WorkingCopy) -> str:
    """SQL for the rows that cannot land, as text, a line for each column at fault."""
    row_text = f"cast(json_object({', '.join(f'{quoted(name)}, d.{identifier(name)}' for name in copy.header)}) as varchar)"
    names = "[" + ", ".join(quoted(rule) for rule in RULES) + "]"
    parts = []
    for column in mapping.columns:
        flag = f"m.{identifier('__rule_' + column)}"
        reads = mapping.reads[column]
        raw = (
            f"d.{identifier(reads[0])}"
            if len(reads) == 1
            else f"cast(json_object({', '.join(f'{quoted(c)}, d.{identifier(c)}' for c in reads)}) as varchar)"
        )
        parts.append(
            f"select m.__row, {quoted(column)} as column_name, {names}[{flag} + 1] as rule, {raw if reads else 'null'} as raw_value, {row_text} as row_text "
            f"from {mapping.table} as m join delivered as d using (__row) where m.__bad and {flag} > 0"
        )
    flagless = " and ".join(f"m.{identifier('__rule_' + column)} = 0" for column in mapping.columns)
    reason = "case when m.__row in (select __row from damaged) then 'encoding' else 'where' end" if copy.is_damaged else "'where'"
    parts.append(
        f"select m.__row, cast(null as varchar), {reason}, cast(null as varchar), {row_text} "
        f"from {mapping.table} as m join delivered as d using (__row) where m.__bad and {flagless}"
    )
    parts.append("select __row, cast(null as varchar), rule, cast(null as varchar), row_text from unreadable")
    return " union all ".join(parts)


def judge(build: Connection, batch: Batch, delivery: Delivery, secret: Secret) -> None:
    """Give the rows their keys and hashes and decide what becomes of each; replaces `batch.table` by one with keys and `disposition`.

    Disposition and `rule` by the record's grain: two different rows with one key in one delivery are both quarantined; the same row again, in this delivery
    or an earlier one, is a duplicate; where rows fold, a row that contradicts its record in a column declared `any_equal` is quarantined.
    """
    record = batch.record
    _register_people(build, batch, delivery)
    salt = secret.salt("event keys")
    columns, joins = [], []
    for item in record.properties:
        if item.name not in batch.mapping.columns:
            continue
        system = _system_sql(delivery, item)
        if item.surrogate is not None:
            alias = f"r{len(joins)}"
            joins.append(
                f"left join vault.registry as {alias} on {alias}.entity = {quoted(item.surrogate)} and {alias}.source_system = {system} "
                f"and {alias}.source_id = i.{identifier(item.name)}"
            )
            columns.append(f"{alias}.surrogate as {item.key_column}")
        elif item.event_key is not None:
            hashed = _hash(salt, [quoted(item.event_key), system, f"i.{identifier(item.name)}"])
            columns.append(f"case when i.{identifier(item.name)} is not null then {hashed} end as {item.key_column}")
    contents = [f"coalesce(cast(i.{identifier(name)} as varchar), {_NULL_MARK})" for name in batch.mapping.columns]
    columns.append(f"{_record_key(batch, salt, 'i')} as __record_key")
    columns.append(f"{_hash(secret.salt('row contents'), ['i.source_system', *contents])} as __content_hash")
    build.execute(f"create or replace temp table keyed as select i.*, {', '.join(columns)} from {batch.table} as i {' '.join(joins)}")
    build.execute(
        f"""
        create or replace temp table {batch.table} as
        select *, case {_cases(batch, delivery)} else 'landed' end as disposition, {_rule_sql(batch)} as rule
        from (select k.*{_windows(batch)} from keyed as k) as seen
        """
    )
    build.execute("drop table keyed")


def _register_people(build: Connection, batch: Batch, delivery: Delivery) -> None:
    """Give every person and organisation named in the batch a surrogate."""
    named: dict[str, list[str]] = {}
    for item in batch.record.properties:
        if item.surrogate is not None and item.name in batch.mapping.columns:
            column = identifier(item.name)
            query = f"select {_system_sql(delivery, item, alias='')} as source_system, {column} as source_id from {batch.table} where {column} is not null"
            named.setdefault(item.surrogate, []).append(query)
    for entity, queries in named.items():
        register(build, entity, " union ".join(queries))


def _system_sql(delivery: Delivery, item: Property, alias: str = "i.") -> str:
    """SQL for the system whose numbers a column holds: the one that the source names for its entity, else the row's own."""
    other = delivery.source.ids_from.get(item.surrogate or item.event_key or "")
    return quoted(other) if other is not None else f"{alias}source_system"


def _record_key(batch: Batch, salt: str, alias: str) -> str:
    """SQL for the record's key; of a record whose last key part is not delivered, the key of the group that is replaced together."""
    delivered = [key.name for key in batch.record.key if key.name in batch.mapping.columns]
    parts = [f"cast({alias}.{identifier(name)} as varchar)" for name in delivered]
    return _hash(salt, [quoted(batch.record.name), f"{alias}.source_system", *parts])


def record_key_of_broken(batch: Batch, secret: Secret) -> str:
    """SQL for the record key over `batch.keys_of_broken` (alias b); null where a part is unreadable."""
    return _record_key(batch, secret.salt("event keys"), "b")


def _hash(salt: str, parts: list[str]) -> str:
    """SQL for a salted 63-bit hash; null when a part is."""
    text = f" || {_FIELD_SEPARATOR} || ".join([quoted(salt), *parts])
    return f"cast(md5_number_lower({text}) >> 1 as bigint)"


def _windows(batch: Batch) -> str:
    """Columns that compare a row with the others of its key, as the record's grain asks."""
    feed = batch.mapping.feed
    over = "over (partition by source_system, __record_key"
    if feed.is_folded:
        agreeing = [column for column, function in feed.fold.items() if function == "any_equal"]
        return "".join(
            f", {identifier(c)} is distinct from first_value({identifier(c)}) {over} order by __row) as {identifier('__differs_' + c)}"
            for c in agreeing
        )
    if feed.is_keyed:
        return f", min(__content_hash) {over}) <> max(__content_hash) {over}) as __conflicts, row_number() {over} order by __row) as __occurrence"
    if feed.on_exact_duplicate == "drop":
        return ", row_number() over (partition by source_system, __record_key, __content_hash order by __row) as __occurrence"
    return ""


def _cases(batch: Batch, delivery: Delivery) -> str:
    """The `when … then …` of a row's disposition."""
    feed = batch.mapping.feed
    if feed.is_folded:
        differing = " or ".join(identifier("__differs_" + column) for column, function in feed.fold.items() if function == "any_equal")
        return f"when {differing or 'false'} then 'quarantined'"
    if feed.is_keyed:
        return (
            "when __conflicts then 'quarantined' when __occurrence > 1 then 'duplicate' "
            f"when exists (select 1 from raw.{identifier(batch.record.name)} as r join raw.delivery as d on d.delivery_key = r._delivery_key "
            f"and d.record_type = {quoted(batch.record.name)} and d.status = 'landed' and d.delivery_key <> {delivery.delivery_key} "
            "where r.source_system = seen.source_system and r._record_key = seen.__record_key and r._content_hash = seen.__content_hash) then 'duplicate'"
        )
    return "when __occurrence > 1 then 'duplicate'" if feed.on_exact_duplicate == "drop" else "when false then ''"


def _rule_sql(batch: Batch) -> str:
    """Why a row of the batch is quarantined: column and rule as `column|rule`."""
    feed = batch.mapping.feed
    if feed.is_folded:
        cases = " ".join(
            f"when {identifier('__differs_' + c)} then {quoted(c + '|any_equal')}"
            for c, function in feed.fold.items()
            if function == "any_equal"
        )
        return f"case {cases} end" if cases else "cast(null as varchar)"
    return (
        f"case when __conflicts then {quoted(batch.record.key[0].name + '|key_conflict')} end" if feed.is_keyed else "cast(null as varchar)"
    )
