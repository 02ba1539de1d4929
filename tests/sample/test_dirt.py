from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from tests.sample.delivered import UNREADABLE, Row

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sample.delivered import Sample


def _is_local_time(text: str) -> bool:
    return _is_time(text, "%d.%m.%Y %H:%M")


def _is_iso_time(text: str) -> bool:
    return _is_time(text, "%Y-%m-%d %H:%M:%S")


def _is_iso_time_with_offset(text: str) -> bool:
    return _is_time(text, "%Y-%m-%dT%H:%M:%S%z")


def _is_time(text: str, pattern: str) -> bool:
    try:
        datetime.strptime(text, pattern)
    except ValueError:
        return False
    return True


def _is_amount(text: str) -> bool:
    return re.fullmatch(r"-?\d+,\d\d", text) is not None


# Source: its key, and what must be readable in a row.
RULES: dict[str, tuple[tuple[str, ...], dict[str, Callable[[str], bool]]]] = {
    "billing_invoices": (("BillNo",), {"BillDate": _is_local_time, "Total": _is_amount}),
    "billing_invoice_lines": (("BillNo", "N°"), {"BillDate": _is_local_time, "Gross": _is_amount}),
    "billing_payments": (("Receipt",), {"ValueDate": _is_local_time, "Paid": _is_amount}),
    "call_centre_contacts": (("联系编号",), {"开始时间": _is_iso_time_with_offset}),
    "complaints_desk_complaints": (("case_no",), {"opened": _is_iso_time}),
    "crm_customers": (("cust_no",), {"registered": _is_iso_time}),
    "crm_accounts": (("account_no",), {"opened": _is_iso_time}),
    "crm_products": (("product_no",), {}),
}


def is_readable(row: Row, name: str) -> bool:
    key, rules = RULES[name]
    return all(row[part] for part in key) and all(rule(row[column]) for column, rule in rules.items())


@pytest.mark.parametrize("name", RULES)
def test_the_truth_names_every_row_that_cannot_be_read_and_no_other(sample: Sample, name: str) -> None:
    key, _ = RULES[name]
    found = set()
    for path, delivered in zip(sample.files(name), sample.rows(name), strict=True):
        rows = [row for row in delivered if row.get("Kind") != "total"]
        by_key: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
        for row in rows:
            by_key.setdefault(tuple(row[part] for part in key), set()).add(tuple(row.values()))
        for number, row in enumerate(rows, start=1):
            if not is_readable(row, name) or len(by_key[tuple(row[part] for part in key)]) > 1:
                found.add((str(path.relative_to(sample.root / "landing")), number))
    told = {(line["path"], int(line["row"])) for line in sample.dirt() if line["source"] == name and line["kind"] in UNREADABLE}
    once = {place for place in found if place[0] != repeated_file(sample)}
    assert once == told


def repeated_file(sample: Sample) -> str:
    contents: dict[bytes, str] = {}
    for path in sample.files("billing_invoices"):
        if path.read_bytes() in contents:
            return str(path.relative_to(sample.root / "landing"))
        contents[path.read_bytes()] = path.name
    pytest.fail("no file is delivered twice")


@pytest.mark.parametrize("name", ["billing_invoices", "billing_invoice_lines", "billing_payments"])
def test_three_rows_in_a_thousand_cannot_be_read(sample: Sample, name: str) -> None:
    spoilt = sum(line["source"] == name and line["kind"] in UNREADABLE for line in sample.dirt())
    expected = 0.003 * sample.summary.rows[name]
    assert abs(spoilt - expected) < 4 * expected**0.5


def test_every_kind_of_dirt_occurs(sample: Sample) -> None:
    kinds = Counter(line["kind"] for line in sample.dirt())
    expected = {*UNREADABLE, "repeated_row", "redelivered", "late", "correction", "blank_customer"}
    assert set(kinds) == expected
    assert sample.summary.dirt == {**kinds, "repeated_file": 1}


@pytest.mark.parametrize("name", RULES)
def test_apart_from_dirt_a_key_comes_once_in_a_file(sample: Sample, name: str) -> None:
    key, _ = RULES[name]
    repeated = {(line["path"], int(line["row"])) for line in sample.dirt() if line["kind"] == "repeated_row"}
    for path, rows in zip(sample.files(name), sample.rows(name), strict=True):
        place = str(path.relative_to(sample.root / "landing"))
        if place == repeated_file(sample):
            continue
        spoilt = {int(line["row"]) for line in sample.dirt() if line["path"] == place and line["kind"] in UNREADABLE}
        keys = [
            tuple(row[part] for part in key)
            for number, row in enumerate(rows, start=1)
            if number not in spoilt and (place, number) not in repeated
        ]
        assert len(keys) == len(set(keys)), place


def previous(sample: Sample, name: str) -> Callable[[str, int], tuple[Row, list[Row]]]:
    """For the place of a row, the row itself and the earlier rows of its key that can be read, oldest first."""
    key, _ = RULES[name]
    deliveries = dict(zip((str(path.relative_to(sample.root / "landing")) for path in sample.files(name)), sample.rows(name), strict=True))

    def look(path: str, number: int) -> tuple[Row, list[Row]]:
        row = deliveries[path][number - 1]
        earlier = [
            other
            for place, rows in deliveries.items()
            for other in rows
            if place < path and [other[part] for part in key] == [row[part] for part in key] and is_readable(other, name)
        ]
        return row, earlier

    return look


@pytest.mark.parametrize("name", ["billing_invoices", "billing_payments"])
def test_corrections_differ_and_redeliveries_do_not(sample: Sample, name: str) -> None:
    look = previous(sample, name)
    checked = Counter[str]()
    for line in sample.dirt():
        if line["source"] == name and line["kind"] in ("correction", "redelivered", "late"):
            row, earlier = look(line["path"], int(line["row"]))
            checked[line["kind"]] += 1
            if line["kind"] == "late":
                assert not earlier
            elif earlier:  # the first version may have been spoilt
                assert (row == earlier[-1]) is (line["kind"] == "redelivered"), (line, row, earlier)
                assert line["kind"] == "redelivered" or all(row != other for other in earlier), (
                    "what was stated once does not come back unchanged"
                )
    assert len(checked) == 3
    assert min(checked.values()) >= 2
