from __future__ import annotations

from datetime import date, datetime

import polars as pl

from pipelines.sample.systems.harbour import tell_invoices
from tests.sample.systems.frames import frame_of


def test_a_sale_is_paid_when_it_was_due_at_once_and_open_when_it_was_on_account() -> None:
    sale, due = datetime(2026, 7, 3, 15, 0), (date(2026, 7, 3), date(2026, 7, 10), date(2026, 7, 3), None)
    status = pl.Series(["issued", "issued", "cancelled", "issued"])
    frame = frame_of("invoices").filter(pl.col("unit") == 1).head(4)
    frame = frame.with_columns(status=status, issued_at=pl.lit(sale).cast(pl.Datetime("ms")), due_at=pl.Series(due))
    assert tell_invoices(frame)["Status"].to_list() == ["PAID", "OPEN", "VOID", "OPEN"]
