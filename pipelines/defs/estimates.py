"""Estimates: what Python computes from the features, a table each."""

from collections.abc import Iterator

import dagster as dg

from pipelines.defs.resources import WorkspaceResource, plain_failure, progress_of

_FEATURES = dg.AssetKey(["features", "feature_customer_month"])
_OUTCOMES = dg.AssetKey(["features", "feature_churn_outcome"])
_CUSTOMER_MONTHS = dg.AssetKey(["core", "fct_customer_month"])

Made = dg.MaterializeResult[None]


def _spec(name: str, deps: list[dg.AssetKey], description: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        ["estimates", name],
        deps=deps,
        description=description,
        group_name="estimates",
        owners=["team:analytics"],
        kinds={"python", "polars"},
    )


def _made(name: str, rows: int) -> Made:
    return dg.MaterializeResult(asset_key=["estimates", name], metadata={"dagster/row_count": rows})


@dg.multi_asset(
    name="estimate_segmentation",
    specs=[
        _spec(
            "estimate_segmentation", [_FEATURES], "RFM scores and segment, Pareto tier and life-cycle stage, one row a customer and as_of."
        )
    ],
)
def segmentation(context: dg.AssetExecutionContext, clientele: WorkspaceResource) -> Iterator[Made]:
    """Segment every customer in every closed month."""
    from pipelines.estimates.segmentation import estimate_segmentation
    from pipelines.warehouse.build import open_build

    with plain_failure(), open_build(clientele.workspace) as build:
        rows = estimate_segmentation(build, clientele.policy, progress_of(context))
    yield _made("estimate_segmentation", rows)


@dg.multi_asset(
    name="estimate_loyalty",
    specs=[_spec("estimate_loyalty", [_FEATURES], "Behavioural loyalty score and its parts, one row a customer and as_of.")],
)
def loyalty(context: dg.AssetExecutionContext, clientele: WorkspaceResource) -> Iterator[Made]:
    """Score the behaviour of every customer in every closed month."""
    from pipelines.estimates.loyalty import estimate_loyalty
    from pipelines.warehouse.build import open_build

    with plain_failure(), open_build(clientele.workspace) as build:
        rows = estimate_loyalty(build, clientele.policy, progress_of(context))
    yield _made("estimate_loyalty", rows)


@dg.multi_asset(
    name="estimate_churn",
    specs=[
        _spec(
            "estimate_churn_risk",
            [_FEATURES, _OUTCOMES, _CUSTOMER_MONTHS],
            "Probability of leaving from the customer's own rhythm of bills, its band and reasons, one row a customer and as_of.",
        ),
        _spec(
            "estimate_churn_trigger",
            [_FEATURES, _CUSTOMER_MONTHS],
            "Triggers that fired, with date and size, one row a customer, as_of and trigger.",
        ),
    ],
)
def churn(context: dg.AssetExecutionContext, clientele: WorkspaceResource) -> Iterator[Made]:
    """Estimate the risk of leaving and find what fired, in one walk through the months."""
    from pipelines.estimates.churn import estimate_churn
    from pipelines.warehouse.build import open_build

    with plain_failure(), open_build(clientele.workspace) as build:
        risks, triggers = estimate_churn(build, clientele.policy, progress_of(context))
    yield _made("estimate_churn_risk", risks)
    yield _made("estimate_churn_trigger", triggers)
