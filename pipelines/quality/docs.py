"""Data Docs: what was expected of every delivery and what was found, as pages that need nothing but a browser.

The pages that Great Expectations writes by itself load their styles and scripts from the network and speak of the frame of figures; these
speak of deliveries (docs/decisions/0015). They hold figures about columns, never what stood in a cell.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.contracts.model import load_contracts
from pipelines.intake.delivery_codes import short_code
from pipelines.quality.assessment import COUNTS
from pipelines.quality.suites import rules
from pipelines.quality.validation import in_words
from pipelines.warehouse.build import open_build

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.policy import Policy
    from pipelines.quality.assessment import Assessed
    from pipelines.quality.suites import Rule, Severity
    from pipelines.warehouse.connection import Connection
    from pipelines.warehouse.workspace import Workspace

_TEMPLATES = Path(__file__).with_name("templates")
# As many lines as somebody scrolls through.
_MOST_LINES = 500

_DELIVERIES = f"""
with checked as (
    select
        delivery_key, record_type, count(*) as asked, count_if(is_met) as met,
        bool_or(not is_met and severity = 'warning') as is_warned
    from raw.delivery_check
    group by delivery_key, record_type
)
select
    record_type, delivery_key, file_name, source_name, known_at, status, {", ".join(COUNTS)},
    coalesce(asked, 0) as asked, coalesce(met, 0) as met, coalesce(is_warned, false) as is_warned
from raw.delivery
left join checked using (delivery_key, record_type)
where status in ('landed', 'held', 'rejected') and mends_delivery_key is null
order by delivery_order desc, source_name, delivery_key
"""
_ASKED = "select record_type, expectation, count(*), count_if(not is_met) from raw.delivery_check group by record_type, expectation"
_BROKEN = """
select
    record_type, delivery_key, file_name, status, decision, reason,
    expectation, column_name, severity, observed, expected_low, expected_high
from raw.delivery_check
inner join raw.delivery using (delivery_key, record_type)
where not is_met
order by delivery_order desc, record_type, source_name, delivery_key, expectation, column_name
"""

_GUARDED = """
select record_type, delivery_key, file_name, status, decision, reason, 'critical' as severity
from raw.delivery
where
    status = 'held'
    and (delivery_key, record_type) not in (
        select (delivery_key, record_type) from raw.delivery_check where not is_met and severity = 'critical'
    )
order by delivery_order desc, record_type
"""


def folder(workspace: Workspace) -> Path:
    """Where the pages lie: beside the build file, as private as it is."""
    return workspace.build_file.parent / "data_docs"


def write_docs(workspace: Workspace, policy: Policy) -> Path:
    """Write the pages anew from what the build file says.

    Args:
        workspace: Whose deliveries.
        policy: For the limits in force.

    Returns:
        The first page.
    """
    with open_build(workspace) as opened:
        pages = _pages(opened.connection, policy)
    place = folder(workspace)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    place.chmod(0o700)
    for old in place.glob("*.html"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        (place / name).write_text(text, encoding="utf-8")
    return place / "index.html"


def findings_table(deliveries: Iterable[Assessed], severity: Severity) -> str:
    """What is not met, as a table in Markdown; empty when all is met."""
    lines = [
        "| "
        + " | ".join(
            (delivery.file_name, short_code(delivery.delivery_key), check.rule.name, check.column_name or "", check.found, check.expected)
        )
        + " |"
        for delivery in deliveries
        for check in delivery.broken(severity)
    ]
    head = ["| delivery | code | expectation | column | found | expected |", "|---|---|---|---|---|---|"]
    return "\n".join([*head, *lines[:_MOST_LINES]]) if lines else ""


def _pages(build: Connection, policy: Policy) -> dict[str, str]:
    contracts = load_contracts()
    suites = {name: rules(record, policy) for name, record in contracts.items()}
    known = {(name, rule.name): rule for name, suite in suites.items() for rule in suite}
    of_type: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(build, _DELIVERIES):
        of_type.setdefault(row["record_type"], []).append(row)
    broken = [_finding(row, known[row["record_type"], row["expectation"]]) for row in _rows(build, _BROKEN)]
    # What the shrink guard of the intake holds has its reason in the ledger.
    guarded = [
        {**row, "expectation": "full delivery keeps its records", "column_name": None, "found": row["reason"], "expected": ""}
        for row in _rows(build, _GUARDED)
    ]
    held = [_then(row) for row in guarded] + [row for row in broken if row["severity"] == "critical" and row["status"] == "held"]
    warnings = [row for row in broken if row["severity"] == "warning"]
    asked = {(record_type, name): counts for record_type, name, *counts in build.execute(_ASKED).fetchall()}
    engine = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    pages = {
        f"{name}.html": engine.get_template("record_type.html").render(
            record_type=name,
            description=contracts[name].description,
            rules=[_with_counts(rule, asked.get((name, rule.name), [0, 0])) for rule in suites[name]],
            found=[row for row in broken if row["record_type"] == name][:_MOST_LINES],
            deliveries=rows[:_MOST_LINES],
            left_out=max(len(rows) - _MOST_LINES, 0),
            counts=COUNTS,
        )
        for name, rows in of_type.items()
    }
    pages["index.html"] = engine.get_template("index.html").render(
        record_types=[_summed(name, rows) for name, rows in sorted(of_type.items())],
        held=held,
        warnings=warnings[:_MOST_LINES],
        warnings_left_out=max(len(warnings) - _MOST_LINES, 0),
        counts=COUNTS,
    )
    return pages


def _finding(row: dict[str, Any], rule: Rule) -> dict[str, Any]:
    found, expected = in_words(rule, row["observed"], row["expected_low"], row["expected_high"])
    return _then({**row, "found": found, "expected": expected})


def _then(row: dict[str, Any]) -> dict[str, Any]:
    """A delivery that does not meet an expectation, with its code and what became of it."""
    row = {**row, "code": short_code(row["delivery_key"])}
    if row["severity"] == "warning":
        return {**row, "consequence": "warning", "css": "warning"}
    return {**row, "consequence": row["decision"] or row["status"], "css": "held" if row["status"] == "held" else "soft"}


def _with_counts(rule: Rule, counts: list[int]) -> dict[str, Any]:
    return {"name": rule.name, "severity": rule.severity, "meaning": rule.meaning, "asked": counts[0], "broken": counts[1]}


def _summed(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "record_type": name,
        "deliveries": len(rows),
        "held": sum(row["status"] == "held" for row in rows),
        "warned": sum(row["is_warned"] for row in rows),
        **{count: sum(row[count] for row in rows) for count in COUNTS},
    }


def _rows(build: Connection, query: str) -> list[dict[str, Any]]:
    cursor = build.execute(query)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
