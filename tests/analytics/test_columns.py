"""Each method lists the features that it reads, so that no more than those are loaded: the lists are complete and hold nothing idle."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

from pipelines.analytics import churn_risk, life_cycle, loyalty, pareto, rfm, rhythm, triggers
from pipelines.policy import load_policy
from tests.analytics.customers import AS_OF, MONEY, customers

if TYPE_CHECKING:
    from collections.abc import Callable

POLICY = load_policy()
RHYTHM = rhythm.RhythmParameters.from_policy(POLICY)
PLACED = rhythm.cells(customers({}), RHYTHM)
BILLS = pl.DataFrame(schema={"customer_key": pl.Int64, "month": pl.Date, "net_amount": MONEY, "invoice_count": pl.Int32})
FIRED = triggers.TRIGGER_SCHEMA.to_frame()

METHODS: dict[str, tuple[tuple[str, ...], Callable[[pl.DataFrame], pl.DataFrame]]] = {
    "rfm": (rfm.FEATURES, lambda frame: rfm.rfm(frame, rfm.RfmParameters.from_policy(POLICY))),
    "pareto": (pareto.FEATURES, lambda frame: pareto.pareto(frame, pareto.ParetoParameters.from_policy(POLICY))),
    "life_cycle": (life_cycle.FEATURES, lambda frame: life_cycle.life_cycle(frame, life_cycle.LifeCycleParameters.from_policy(POLICY))),
    "loyalty": (loyalty.FEATURES, lambda frame: loyalty.loyalty(frame, loyalty.LoyaltyParameters.from_policy(POLICY))),
    "cells": (rhythm.FEATURES, lambda frame: rhythm.cells(frame, RHYTHM)),
    "triggers": (triggers.FEATURES, lambda frame: triggers.triggers(frame, PLACED, BILLS, triggers.TriggerParameters.from_policy(POLICY))),
    "churn_risk": (
        churn_risk.FEATURES,
        lambda frame: churn_risk.churn_risk(
            frame,
            rhythm.probability(PLACED, rhythm.no_counts(), RHYTHM),
            FIRED,
            RHYTHM.model_version,
            churn_risk.ChurnRiskParameters.from_policy(POLICY),
        ),
    ),
}


@pytest.mark.parametrize("method", METHODS)
def test_a_method_reads_the_features_it_lists(method: str) -> None:
    listed, run = METHODS[method]
    run(customers({}).select(listed))
    for column in listed:
        with pytest.raises(pl.exceptions.ColumnNotFoundError):
            run(customers({}).select(listed).drop(column))


@pytest.mark.parametrize("method", sorted(METHODS.keys() - {"life_cycle", "churn_risk"}))
def test_two_months_at_once_are_refused(method: str) -> None:
    both = customers({"as_of": AS_OF}, {"as_of": date(2025, 5, 31)})
    with pytest.raises(ValueError, match="one as_of, found 2"):
        METHODS[method][1](both)


@pytest.mark.parametrize("method", ["pareto", "triggers", "churn_risk"])
def test_a_customer_twice_is_refused_where_it_would_multiply(method: str) -> None:
    with pytest.raises(pl.exceptions.ComputeError):
        METHODS[method][1](customers({"customer_key": 1}, {"customer_key": 1}))
