"""The contacts that the company begins: what campaigns treated, and reminders of unpaid bills."""

from typing import Final

import numpy as np
import polars as pl

from pipelines.sample.business import Chunk
from pipelines.sample.population.memberships import OPERATIONS_UNIT
from pipelines.sample.records.campaign_members import answers
from pipelines.sample.records.contact_causes import CARE, REMINDER, RETENTION, SALES, WIN_BACK, calls
from pipelines.sample.records.served import HOUR, bills, later, positions
from pipelines.sample.story.campaigns import KINDS
from pipelines.sample.texts import CONTACT_OUTCOMES
from pipelines.sample.timeline import SECONDS_A_DAY

_NO_ANSWER, _PROMISED, _REACHED = (CONTACT_OUTCOMES.index(outcome) for outcome in ("no_answer", "promised", "reached"))
_DUNNED: Final = ((5, 9, 0.42), (24, 33, 0.50))  # days after the due date, and how many of the unpaid bills are reminded of then
_REASONS: Final = {"retention": RETENTION, "cross_sell": SALES, "win_back": WIN_BACK, "collection": REMINDER, "care": CARE}
_REASON_OF_KIND: Final = np.array([_REASONS[kind] for kind in KINDS])


def made_by_company(rng: np.random.Generator, chunk: Chunk, invoices: pl.DataFrame, payments: pl.DataFrame) -> list[pl.DataFrame]:
    """All that the company begins: frames of `contact_causes.calls` with `outcome` (position in CONTACT_OUTCOMES) and `campaign`."""
    return [_campaigns(chunk), *_reminders(rng, chunk, invoices, payments)]


def _campaigns(chunk: Chunk) -> pl.DataFrame:
    """The contacts of the treated, at the moments that `campaign_members` tells. Who was closed before is not called."""
    found = answers(chunk)
    contacted = np.flatnonzero(~np.isnat(found.contacted))
    campaign = chunk.members.campaign[contacted]
    return calls(
        "campaign",
        chunk.members.customer[contacted],
        found.contacted[contacted],
        _REASON_OF_KIND[chunk.business.campaigns.kind[campaign]],
        campaign=campaign,
        outcome=found.response[contacted],
        is_outbound=np.ones(len(contacted), dtype=np.bool_),
    )


def _reminders(rng: np.random.Generator, chunk: Chunk, invoices: pl.DataFrame, payments: pl.DataFrame) -> list[pl.DataFrame]:
    """Collectors remind of bills that are still unpaid days, then weeks after they were due; payment and reminder may cross."""
    due = _due(chunk, invoices, payments)
    customer = positions(chunk, due["customer_id"])
    day, paid_at = due["due_at"].to_numpy().astype("datetime64[ms]"), due["paid_at"].to_numpy()
    parts = []
    for first, last, share in _DUNNED:
        after = rng.integers(first, last + 1, len(due)) * SECONDS_A_DAY + rng.integers(9 * HOUR, 19 * HOUR, len(due))
        occurred = later(day, after)
        reminded = (np.isnat(paid_at) | (occurred < paid_at)) & (rng.random(len(due)) < share)
        draw = rng.random(int(reminded.sum()))
        outcome = np.where(draw < 0.35, _NO_ANSWER, np.where(draw < 0.6, _PROMISED, _REACHED))
        is_outbound = np.ones(len(outcome), dtype=np.bool_)
        parts.append(calls("reminder", customer[reminded], occurred[reminded], REMINDER, outcome=outcome, is_outbound=is_outbound))
    return parts


def _due(chunk: Chunk, invoices: pl.DataFrame, payments: pl.DataFrame) -> pl.DataFrame:
    """The bills that are dunned when nobody pays them, with `paid_at`, the first payment for them.

    Nobody is dunned who pays in advance or disputes the bill. A payment without a reference is taken for the bill issued before it.
    """
    is_paid = (pl.col("unit") == OPERATIONS_UNIT) & (pl.col("kind") == "payment") & pl.col("returned_at").is_null()
    paid = payments.filter(is_paid).select("invoice_id", "customer_id", "paid_at")
    referred = paid.filter(pl.col("invoice_id").is_not_null()).group_by("invoice_id").agg(paid_at=pl.col("paid_at").min())
    loose = paid.filter(pl.col("invoice_id").is_null() & pl.col("customer_id").is_not_null()).select("customer_id", loose_at="paid_at")
    contested = invoices.filter(pl.col("status").is_in(["disputed", "cancelled"]))["invoice_id"].unique()
    issued = bills(invoices).filter(pl.col("due_at").is_not_null() & ~pl.col("invoice_id").is_in(contested.implode()))
    account = np.searchsorted(chunk.accounts.number, issued["account_id"].fill_null(-1).to_numpy())
    is_prepaid = chunk.accounts.is_prepaid[np.minimum(account, chunk.accounts.count - 1)]
    due = issued.filter(pl.Series(~is_prepaid, dtype=pl.Boolean)).sort("issued_at", "invoice_id", maintain_order=True)
    due = due.join(referred, on="invoice_id", how="left", maintain_order="left").join_asof(
        loose.sort("loose_at"), left_on="issued_at", right_on="loose_at", by="customer_id", strategy="forward", check_sortedness=False
    )
    return due.with_columns(paid_at=pl.min_horizontal("paid_at", "loose_at"))
