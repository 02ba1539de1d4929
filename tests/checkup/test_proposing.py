"""A source that is proposed loads, reads the right columns, and says what a person has to confirm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from pipelines.checkup.names import SYNONYMS_FILE
from pipelines.checkup.proposing import propose
from pipelines.checkup.rehearsal import rehearse
from pipelines.checkup.source_text import source_text
from pipelines.errors import ClienteleError
from pipelines.intake.sources import load_source
from pipelines.policy import load_policy
from pipelines.warehouse.workspace import CHECKOUT, Workspace
from tests.checkup.proposals import CONTRACTS, loaded, reads
from tests.workspaces import needs_online_retail, online_retail_files

if TYPE_CHECKING:
    from pathlib import Path


@needs_online_retail
def test_lines_without_invoices_are_folded_into_them(tmp_path: Path) -> None:
    path = online_retail_files()[3]
    proposal = propose(path, CONTRACTS)
    proposed = loaded(proposal, tmp_path)
    source = load_source(CHECKOUT / "examples" / "online_retail" / "sources" / "online_retail.yml", CONTRACTS)
    assert {feed.record.name for feed in proposed.feeds} == {feed.record.name for feed in source.feeds}
    found, wanted = reads(proposed), reads(source)
    for place in set(found) & set(wanted):
        assert found[place] == wanted[place], place
    policy = load_policy()
    landed = {line.record_type: line for line in rehearse(Workspace.at(tmp_path / "workspace"), proposed, path, policy).ledger}
    real = {line.record_type: line for line in rehearse(Workspace.at(tmp_path / "workspace"), source, path, policy).ledger}
    assert landed == real


def test_chinese_headers_in_gb18030(tmp_path: Path) -> None:
    rows = "".join(
        f"王国庆,C{number:04},1380000{number:04},2024/03/{number:02},{'个人' if number % 2 else '企业'},甲\n" for number in range(10, 29)
    )
    path = tmp_path / "客户_20240301.csv"
    path.write_bytes(("客户清单 2024年3月\n姓名,客户编号,手机号,注册日期,客户类型,星座\n" + rows).encode("gb18030"))
    proposal = propose(path, CONTRACTS)
    text = source_text(proposal, Workspace.at(tmp_path / "workspace"), load_policy())
    source = loaded(proposal, tmp_path)
    assert reads(source) == {
        ("customers", "customer_id"): ("客户编号",),
        ("customers", "customer_type"): ("客户类型",),
        ("customers", "name"): ("姓名",),
        ("customers", "phone"): ("手机号",),
        ("customers", "registered_at"): ("注册日期",),
    }
    assert (source.format.encoding, source.format.title_lines, source.known_at.format) == ("gb18030", 1, "%Y%m%d")
    assert source.location == "landing/customers/客户_*.csv"
    assert "# Not read: 星座" in text
    assert "gb18030 is a guess" in text
    assert "王国庆" not in text
    assert "138" not in text


def test_bills_in_chinese(tmp_path: Path) -> None:
    path = tmp_path / "账单明细导出.csv"
    path.write_text(
        '账单编号,客户编号,账单金额,出账日期,币种\nB1,C1,"1,234.50",2024年3月5日,CNY\nB2,C2,7.00,2024年3月15日,CNY\n', encoding="utf-8"
    )
    proposal = propose(path, CONTRACTS)
    assert proposal.best.record.name == "invoices"
    source = loaded(proposal, tmp_path)
    found = rehearse(Workspace.at(tmp_path / "workspace"), source, path, load_policy())
    assert found.objection is None
    assert next(item.examples for item in found.columns if item.name == "amount") == ("1234.5", "7")


def test_required_columns_that_found_none_are_said(tmp_path: Path) -> None:
    path = tmp_path / "bills.csv"
    path.write_text("bill no,customer\nB1,C1\nB2,C2\n", encoding="utf-8")
    proposal = propose(path, CONTRACTS, "invoices")
    assert proposal.lacking == ("invoices.issued_at", "invoices.amount")
    text = source_text(proposal, Workspace.at(tmp_path), load_policy())
    assert "# missing: issued_at  (" in text
    assert "# missing: amount  (" in text
    with pytest.raises(ClienteleError, match="required column 'issued_at'"):
        loaded(proposal, tmp_path)


def test_days_that_may_be_months_and_like_types_are_said(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("customer no,bill no,date,amount\nC1,X1,01/02/2024,5\nC2,X2,03/04/2024,6\n", encoding="utf-8")
    proposal = propose(path, CONTRACTS)
    assert any("day and month cannot be told apart" in doubt for doubt in proposal.doubts)
    assert proposal.best.record.name == "invoices"
    forced = propose(path, CONTRACTS, "payments")
    assert forced.best.record.name == "payments"
    with pytest.raises(ClienteleError, match="no record type 'payment'; did you mean"):
        propose(path, CONTRACTS, "payment")


def test_two_likely_types_are_both_named(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(
        "ticket no,customer no,opened,reason,date\nT1,C1,2024-01-05,x,2024-01-05\nT2,C2,2024-01-06,y,2024-01-06\n", encoding="utf-8"
    )
    proposal = propose(path, CONTRACTS)
    assert proposal.second is not None
    assert {proposal.best.record.name, proposal.second.record.name} == {"contacts", "complaints"}
    assert any("nearly as much like" in doubt for doubt in proposal.doubts)


def test_a_number_that_returns_is_that_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    rows = "".join(f"B{number // 3},C1,2024-01-05,{number},I{number}\n" for number in range(30))
    path.write_text(f"bill no,customer no,bill date,total,article\n{rows}", encoding="utf-8")
    assert {feed.record.name for feed in loaded(propose(path, CONTRACTS), tmp_path).feeds} == {"invoice_lines", "invoices", "customers"}


def test_names_and_values_write_nothing_into_the_source(tmp_path: Path) -> None:
    path = tmp_path / "bills #1: x.csv"
    head = 'bill no,bill date,total,"status\nfeeds: {}","# it\'s\nmode: full","state ""x"""'
    path.write_text(f"{head}\nA,2024-01-05,1,'odd\nB,2024-01-06,2,'odd\n".replace("'odd", "'; drop,y,z"), encoding="utf-8")
    source = loaded(propose(path, CONTRACTS, "invoices"), tmp_path)
    assert (source.mode, [feed.record.name for feed in source.feeds]) == ("append", ["invoices"])
    assert source.location == "landing/bills_x/bills #1: x.csv"
    assert rehearse(Workspace.at(tmp_path / "workspace"), source, path, load_policy()).ledger[0].rows_in == 2


def test_day_and_clock_in_two_columns(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("call no,call date,time of day,agent\nK1,25.01.2024,9:30,A1\nK2,26.01.2024,,A1\n", encoding="utf-8")
    source = loaded(propose(path, CONTRACTS, "contacts"), tmp_path)
    found = rehearse(Workspace.at(tmp_path / "workspace"), source, path, load_policy())
    assert found.objection is None
    assert next(item.examples for item in found.columns if item.name == "occurred_at") == ("2024-01-25 01:30:00", "2024-01-25 16:00:00")


def test_signs_of_currencies_and_mixed_days(tmp_path: Path) -> None:
    path = tmp_path / "payments.csv"
    path.write_text(
        'receipt no,paid date,amount,bounced\nR1,25.01.2024,"¥1,234.50",2024-02-01\nR2,26.01.2024,¥7.00,\nR3,27.01.2024,¥8.10,2024-02-03\n',
        encoding="utf-8",
    )
    source = loaded(propose(path, CONTRACTS), tmp_path)
    found = rehearse(Workspace.at(tmp_path / "workspace"), source, path, load_policy())
    assert found.objection is None
    assert next(item.examples for item in found.columns if item.name == "amount") == ("1234.5", "7", "8.1")


def test_a_first_line_that_is_a_record_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("1,Anna Li,13800001111\n2,Bob,13800002222\n", encoding="utf-8")
    with pytest.raises(ClienteleError, match="looks like a record") as refused:
        propose(path, CONTRACTS)
    assert "Anna" not in str(refused.value)


def test_every_synonym_belongs_to_a_column() -> None:
    said = yaml.safe_load(SYNONYMS_FILE.read_text(encoding="utf-8"))
    columns = {item.name for record in CONTRACTS.values() for item in record.properties}
    assert set(said["columns"]) <= columns
    for name, record in said["records"].items():
        assert set(record.get("columns", {})) <= {item.name for item in CONTRACTS[name].properties}, name
    for name, values in said["values"].items():
        valid = {value for record in CONTRACTS.values() for item in record.properties if item.name == name for value in item.valid_values}
        assert set(values) <= (valid or {"true", "false"}), name
