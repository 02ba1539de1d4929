"""Every rule that a row breaks, in SQL: those of its columns, from the contract, and those of the row as a whole.

A row is first asked whether any rule is broken; which ones, and what was delivered, is worked out for the broken rows alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.intake import rules
from pipelines.warehouse.connection import identifier, quoted

if TYPE_CHECKING:
    from pipelines.contracts.model import Property
    from pipelines.contracts.record_type import Bound, RecordType

# A condition under which a row is broken, and the SQL of what is then said: struct of column, rule and raw value.
Rule = tuple[str, str]
FAULT_TYPE = "struct(column_name varchar, rule varchar, raw_value varchar)[]"


def is_demanded(item: Property) -> bool:
    """Whether a row of the record must have the column, where a feed maps it."""
    return item.required or (item.key_position is not None and not item.is_optional_key)


def column_rules(item: Property, failed: str | None, raw: str) -> list[Rule]:
    """The rules of one column.

    Args:
        item: The column of the record.
        failed: SQL that says that its value could not be read or computed; None where that cannot be.
        raw: SQL for what was delivered for it.
    """
    name = identifier(item.name)
    tests: list[Rule] = [(failed, rules.TYPE)] if failed is not None else []
    if is_demanded(item):
        # What could not be read is not missing.
        tests.append((f"{name} is null" + (f" and not {failed}" if failed is not None else ""), rules.REQUIRED))
    if item.valid_values:
        tests.append((f"{name} not in ({', '.join(map(quoted, item.valid_values))})", rules.VALID_VALUES))
    if item.minimum is not None:
        tests.append((f"{name} < {_literal(item, item.minimum)}", rules.MINIMUM))
    if item.maximum is not None:
        tests.append((f"{name} > {_literal(item, item.maximum)}", rules.MAXIMUM))
    elif item.logical_type in ("date", "timestamp"):
        # DuckDB reads the word 'infinity' as a time.
        tests.append((f"not isfinite({name})", rules.TYPE))
    if item.max_length is not None:
        # No text has more characters than bytes, which need no counting.
        tests.append((f"strlen({name}) > {item.max_length} and length({name}) > {item.max_length}", rules.MAX_LENGTH))
    if item.pattern is not None:
        tests.append((f"not regexp_full_match({name}, {quoted(item.pattern)})", rules.PATTERN))
    return [(condition, fault(rule, item.name, raw)) for condition, rule in tests]


def row_rules(record: RecordType, columns: set[str], *, has_where: bool) -> list[Rule]:
    """The rules of the row as a whole.

    Args:
        record: The record type.
        columns: Those of its columns that are mapped.
        has_where: Whether the feed has a `where`, whose outcome is `__where` (null where it could not be computed).
    """
    found: list[Rule] = [("__where is null", fault(rules.WHERE))] if has_where else []
    if record.one_of:
        mapped = [identifier(name) for name in record.one_of if name in columns]
        found.append((" and ".join(f"{name} is null" for name in mapped), fault(rules.ONE_OF, " or ".join(record.one_of))))
    return found


def fault(rule: str, column: str | None = None, raw: str = "cast(null as varchar)") -> str:
    """SQL for one broken rule."""
    name = quoted(column) if column is not None else "cast(null as varchar)"
    return f"struct_pack(column_name := {name}, rule := {quoted(rule)}, raw_value := {raw})"


def is_broken(found: list[Rule]) -> str:
    """SQL that says whether any rule is broken."""
    return f"coalesce({' or '.join(f'({condition})' for condition, _ in found)}, false)" if found else "false"


def all_faults(found: list[Rule]) -> str:
    """SQL for the list of what is broken."""
    cases = ", ".join(f"case when {condition} then {said} end" for condition, said in found)
    return f"list_filter([{cases}], lambda item: item is not null)" if found else f"cast([] as {FAULT_TYPE})"


def _literal(item: Property, bound: Bound) -> str:
    return f"cast({quoted(str(bound))} as {item.duckdb_type})"
