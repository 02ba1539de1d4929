"""New deliveries as a whole: measured, compared with their history, judged, and held where their shape is wrong.

A delivery that is held is no history for those after it, also not in one run over many: judging is repeated without what was held until
nothing changes. Each pass is right for at least one delivery more than the one before, so that it ends, and it ends where judging one
delivery a run would have ended; a second pass is needed only where something is held.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines.contracts.model import load_contracts
from pipelines.intake import ledger
from pipelines.intake.decisions import decided
from pipelines.quality.history import Held, compare, frames
from pipelines.quality.metrics import list_new, measure
from pipelines.quality.suites import rules
from pipelines.warehouse.build import open_build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pipelines.contracts.record_type import RecordType
    from pipelines.policy import Policy
    from pipelines.quality.suites import Severity
    from pipelines.quality.validation import Check
    from pipelines.warehouse.connection import Connection
    from pipelines.warehouse.workspace import Workspace

# What the ledger says of a delivery's rows.
COUNTS = ("rows_in", "rows_landed", "rows_duplicate", "rows_excluded", "rows_quarantined")


@dataclass(frozen=True)
class Assessed:
    """One delivery as one record type.

    Attributes:
        file_name: Its path below the workspace.
        rows: Its counts as the ledger has them: rows_in, rows_landed, rows_duplicate, rows_excluded, rows_quarantined.
        is_held: Whether this run has held it.
        checks: What was expected of it, in the order of the suite.
    """

    delivery_key: int
    record_type: str
    source_name: str
    file_name: str
    rows: Mapping[str, int]
    is_held: bool
    checks: tuple[Check, ...]

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that are not met."""
        return tuple(check for check in self.checks if not check.is_met)

    def broken(self, severity: Severity) -> tuple[Check, ...]:
        """The checks of one severity that are not met."""
        return tuple(check for check in self.failed if check.rule.severity == severity)


@dataclass(frozen=True)
class Assessment:
    """What a run says of deliveries as a whole.

    Attributes:
        new: Each delivery and record type that was judged in it, in the order of record type, source and delivery.
        held: For every record type that has deliveries, how many of them are held now, whoever held them and when.
    """

    new: tuple[Assessed, ...]
    held: Mapping[str, int]

    def of(self, record_type: str) -> tuple[Assessed, ...]:
        """The new deliveries of one record type."""
        return tuple(delivery for delivery in self.new if delivery.record_type == record_type)

    def counts(self, record_type: str) -> dict[str, int]:
        """Rows of the new deliveries of one record type, added up."""
        new = self.of(record_type)
        return {name: sum(delivery.rows[name] for delivery in new) for name in COUNTS} if new else {}


def assess(
    workspace: Workspace,
    policy: Policy,
    progress: Callable[[str, int, int], None] | None = None,
    unread: Iterable[tuple[str, str]] = (),
) -> Assessment:
    """Judge every delivery that landed and was not judged yet; those of an interrupted run included.

    Figures, checks and holds are written together or not at all.

    Args:
        workspace: Whose build file.
        policy: For the limits.
        progress: Called with what is done, its number and how many there are.
        unread: File and column for what this run's landing found that no feed reads; of a run that broke off it is not known any more.
    """
    with open_build(workspace) as opened:
        build = opened.connection
        record_types = list_new(build)
        if not record_types:
            return Assessment((), _held_now(build))
        contracts = load_contracts()
        build.execute("begin")
        try:
            measure(build, contracts, record_types, unread)
            checks, held = _judge(build, contracts, policy, record_types, _released(workspace), progress)
            _write(build, checks)
            for (delivery_key, record_type), reason in held.items():
                ledger.hold(build, delivery_key, record_type, reason)
            assessment = Assessment(_assessed(build, checks, held), _held_now(build))
            build.execute("commit")
        except BaseException:
            build.execute("rollback")
            raise
    return assessment


def _held_now(build: Connection) -> dict[str, int]:
    """Held deliveries by record type; none for one that has only deliveries that count."""
    query = """
        select record_type, count_if(status = 'held') from raw.delivery
        where status in ('landed', 'held', 'rejected') group by record_type order by record_type
    """
    return dict(build.execute(query).fetchall())


def _released(workspace: Workspace) -> set[int]:
    return {key for key, decision in decided(workspace).items() if decision.decision == "released"}


def _judge(
    build: Connection,
    contracts: Mapping[str, RecordType],
    policy: Policy,
    record_types: Iterable[str],
    released: set[int],
    progress: Callable[[str, int, int], None] | None,
) -> tuple[list[Check], dict[tuple[int, str], str]]:
    """All checks, and why each delivery that is not to count is held."""
    from pipelines.quality.validation import validate  # noqa: PLC0415

    standing = set(build.execute("select delivery_key, record_type from new_delivery where status = 'landed'").fetchall())
    judged: dict[str, list[Check]] = {}
    excluded: Held = frozenset()
    again = list(record_types)
    while again:
        compare(build, policy, excluded)
        for number, name in enumerate(again, start=1):
            if progress is not None:
                progress(f"{name} as a whole", number, len(again))
            judged[name] = validate(name, rules(contracts[name], policy), frames(build, policy, name))
        broken = {
            (check.delivery_key, check.record_type)
            for checks in judged.values()
            for check in checks
            if check.is_holding and check.delivery_key not in released
        }
        found = frozenset(broken & standing)
        again = sorted({record_type for _, record_type in found ^ excluded})
        excluded = found
    checks = [check for found_of_type in judged.values() for check in found_of_type]
    reasons: dict[tuple[int, str], list[str]] = {}
    for check in checks:
        place = check.delivery_key, check.record_type
        if check.is_holding and place in excluded:
            reasons.setdefault(place, []).append(check.sentence)
    return checks, {place: "; ".join(sentences) for place, sentences in reasons.items()}


def _write(build: Connection, checks: list[Check]) -> None:
    lines = [
        {
            "delivery_key": check.delivery_key,
            "record_type": check.record_type,
            "expectation": check.rule.name,
            "column_name": check.column_name,
            "severity": check.rule.severity,
            "is_met": check.is_met,
            "observed": check.observed,
            "expected_low": check.expected_low,
            "expected_high": check.expected_high,
        }
        for check in checks
    ]
    if lines:
        build.register("found", pa.Table.from_pylist(lines))
        build.execute("insert into raw.delivery_check by name select * from found")
        build.unregister("found")


def _assessed(build: Connection, checks: list[Check], held: Mapping[tuple[int, str], str]) -> tuple[Assessed, ...]:
    of: dict[tuple[int, str], list[Check]] = {}
    for check in checks:
        of.setdefault((check.delivery_key, check.record_type), []).append(check)
    found = build.execute(
        f"""
        select delivery_key, record_type, source_name, file_name, {", ".join(COUNTS)}
        from raw.delivery
        semi join new_delivery using (delivery_key, record_type)
        order by record_type, source_name, delivery_order, delivery_key
        """
    ).fetchall()
    return tuple(
        Assessed(
            delivery_key=key,
            record_type=record_type,
            source_name=source_name,
            file_name=file_name,
            rows=dict(zip(COUNTS, rows, strict=True)),
            is_held=(key, record_type) in held,
            checks=tuple(of.get((key, record_type), ())),
        )
        for key, record_type, source_name, file_name, *rows in found
    )
