"""Files of systems that nobody here has seen: headers of public data sets and of what Chinese systems export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from pipelines.checkup.expressions import named
from pipelines.checkup.names import meant, meant_value, shortened_value, words
from pipelines.checkup.proposing import propose
from pipelines.checkup.rehearsal import rehearse
from pipelines.checkup.source_text import source_text
from pipelines.policy import load_policy
from pipelines.warehouse.workspace import Workspace
from tests.checkup.proposals import CONTRACTS, loaded

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.checkup.proposing import Proposal

# Header, a record ({i} is its number), record type, and delivered columns that it reads; those with ? are required and not found.
HEADERS: Final = {
    "northwind": (
        "CustomerID,CompanyName,ContactName,Address,City,Region,Phone",
        "A{i},F {i},Ann {i},St {i},Berlin,,030-00743{i}",
        "customers",
        "customer_id=CustomerID; name=CompanyName; address=Address; region=Region; phone=Phone",
    ),
    "chinook": (
        "InvoiceId,CustomerId,InvoiceDate,BillingAddress,BillingCountry,Total",
        "{i},1{i},2009-01-1{i} 00:00:00,St {i},Chile,1.9{i}",
        "invoices",
        "invoice_id=InvoiceId; customer_id=CustomerId; issued_at=InvoiceDate; amount=Total",
    ),
    "fixings": (
        "Date,Base,Target,Rate",
        "2024-01-1{i},EUR,USD,1.0{i}3",
        "exchange_rates",
        "rate_date=Date; from_currency=Base; to_currency=Target; rate=Rate",
    ),
    "consumers": (
        "Date received,Product,Issue,Company,State,Submitted via,Complaint ID",
        "03/2{i}/2014,Loan,Fee,BANK,FL,Web,75975{i}",
        "complaints",
        "complaint_id=Complaint ID; opened_at=Date received",
    ),
    "steps": (
        "case_number,event_timestamp,new_status,user",
        "S1,2024-01-1{i}T10:00:00,assigned,U{i}",
        "complaint_events",
        "complaint_id=case_number; occurred_at=event_timestamp; event=new_status; employee_id=user",
    ),
    "survey": (
        "Survey ID,Date Sent,Date Completed,NPS Score,Verbatim",
        "S{i},2024-01-1{i},2024-01-2{i},{i},ok",
        "surveys",
        "response_id=Survey ID; sent_at=Date Sent; answered_at=Date Completed; comment=Verbatim; instrument=?",
    ),
    "活动": (
        "营销活动编码,客户编码,入选日期,是否对照组,响应结果",
        "H1,K{i},2024-01-1{i},是,拒绝",
        "campaign_members",
        "campaign_id=营销活动编码; customer_id=客户编码; assigned_at=入选日期; response=响应结果; is_treated=?",
    ),
    "工单": (
        "工单流水号,客户编码,受理时间,受理渠道,工号,通话时长(秒),是否解决",
        "G{i},K{i},2024-01-1{i} 10:00,电话,8,{i}7,是",
        "contacts",
        "contact_id=工单流水号; customer_id=客户编码; occurred_at=受理时间; channel=受理渠道; employee_id=工号; is_resolved=是否解决",
    ),
    "缴费": (
        "缴费流水,户号,缴费日期,缴费金额,操作员",
        "J{i},K{i},2024-01-1{i},5{i}.10,A1",
        "payments",
        "payment_id=缴费流水; customer_id=户号; paid_at=缴费日期; amount=缴费金额",
    ),
    "抄表": (
        "表号,抄表日期,本次读数,用电量,峰谷标志",
        "M{i},2024-01-1{i},1{i}57,57.5,峰",
        "usage",
        "subscription_id=表号; started_at=抄表日期; quantity=用电量; measure=?",
    ),
    "部门": (
        "部门编号,部门名称,上级部门编号,负责人",
        "D{i},部{i},D0,王{i}",
        "organisation_units",
        "organisation_unit=部门编号; name=部门名称; parent_unit=上级部门编号",
    ),
}


def proposed(folder: Path, header: str, *rows: str, name: str = "export.csv", record: str | None = None) -> Proposal:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return propose(path, CONTRACTS, record)


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_is_understood(tmp_path: Path, name: str) -> None:
    header, row, record, said = HEADERS[name]
    proposal = proposed(tmp_path, header, *(row.replace("{i}", str(number)) for number in range(1, 9)))
    assert proposal.best.record.name == record
    wanted = dict(pair.split("=") for pair in said.split("; "))
    assert {column: proposal.best.columns.get(column, "?") for column in wanted} == wanted
    assert {column.partition(".")[2] for column in proposal.lacking} == {column for column, what in wanted.items() if what == "?"}


def test_what_is_left_over_is_taken_where_it_is_alone(tmp_path: Path) -> None:
    rows = [f"P{number},C1,2024-01-1{number} 10:00:00,2024-02-1{number},5.5" for number in range(1, 9)]
    alone = proposed(tmp_path, "promise,customer,xyz,due,amount", *rows)
    assert alone.best.columns["promised_at"] == "xyz"
    assert "confirm: no name says it" in source_text(alone, Workspace.at(tmp_path), load_policy())
    two = proposed(tmp_path, "promise,customer,xyz,due,amount,uvw", *(f"{row},2024-01-01" for row in rows))
    assert two.lacking == ("promises_to_pay.promised_at",)


def test_a_row_of_totals_is_no_record(tmp_path: Path) -> None:
    rows = [f"B{number},C1,2024-01-1{number},5.5,bill" for number in range(1, 9)]
    proposal = proposed(tmp_path, "bill no,customer no,bill date,amount,document", *rows, "8,,,44,Total")
    source = loaded(proposal, tmp_path)
    (line,) = rehearse(Workspace.at(tmp_path / "workspace"), source, proposal.path, load_policy()).ledger
    assert (line.rows_landed, line.rows_excluded, line.rows_quarantined) == (8, 1, 0)
    assert "'Total' in 'document' was taken for the file's totals" in " ".join(proposal.doubts)


def test_months_and_short_values(tmp_path: Path) -> None:
    proposal = proposed(tmp_path, "unit,month,kpi,target", *(f"U,2024-0{number},revenue,5" for number in range(1, 9)))
    source = loaded(proposal, tmp_path)
    found = rehearse(Workspace.at(tmp_path / "workspace"), source, proposal.path, load_policy())
    assert next(item.examples for item in found.columns if item.name == "month")[0] == "2024-01-01"
    valid = ("account_manager", "suspend", "resume", "deposit", "deposit_return")
    assert [shortened_value(text, valid) for text in ("SUSP", "AM", "RET", "DEP", "S", "X1")] == [
        "suspend", "account_manager", "deposit_return", None, None, None,
    ]  # fmt: skip
    assert meant_value("kind", "WRITE-OFF", ("write_off",)) == "write_off"


def test_few_columns_are_said_to_tell_little(tmp_path: Path) -> None:
    proposal = proposed(tmp_path, "customer no,aa,bb,cc,dd,ee", *(f"C{number},a,b,c,d,e" for number in range(9)))
    assert any("Only 1 of its 6 columns say" in doubt and "--record" in doubt for doubt in proposal.doubts)


def test_a_cell_is_a_telephone_only_with_digits(tmp_path: Path) -> None:
    rows = ["C1,Ann,T", "C2,Bob,C"]
    assert "phone" not in proposed(tmp_path, "customer no,name,cell", *rows, record="customers").best.columns
    assert proposed(tmp_path, "customer no,name,cell", "C1,Ann,13800001111", record="customers").best.columns["phone"] == "cell"


def test_names_in_one_form() -> None:
    assert words("Cust. No.") == words("custNo") == words("CUSTOMER_ID") == ("customer", "id")
    assert words("客户编码") == words("客户ID") == words("客户号") == ("客户号",)
    assert words("is_prepaid") == words("Prepaid")
    assert meant(CONTRACTS["invoices"], "account_id", "BillingCountry") == 0.0
    assert meant(CONTRACTS["customers"], "customer_id", "CRM客户号") > 0.0
    assert named("客户号") == '"客户号"'
