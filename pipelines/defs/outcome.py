"""How a run ended, from its events: what failed first in one sentence, and what the steps reported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dagster as dg

_INTERRUPTED = {dg.DagsterExecutionInterruptedError.__name__, KeyboardInterrupt.__name__}


def explain(events: Sequence[dg.DagsterEvent]) -> tuple[str, str]:
    """What failed first, as a sentence, and all that is known about it; two empty texts when nothing did."""
    for event in events:
        if event.is_step_failure:
            return _step_failure(event, events)
        if event.is_job_failure and event.job_failure_data.error is not None:
            error = event.job_failure_data.error
            return f"The run could not start: {_reason(error)}", error.to_string()
    return "", ""


def reported(events: Sequence[dg.DagsterEvent]) -> dict[str, dict[str, object]]:
    """What was reported about each asset that was made, by its key (`core/dim_customer`)."""
    made = (event.step_materialization_data.materialization for event in events if event.is_step_materialization)
    return {asset.asset_key.to_user_string(): {name: value.value for name, value in asset.metadata.items()} for asset in made}


def _step_failure(event: dg.DagsterEvent, events: Sequence[dg.DagsterEvent]) -> tuple[str, str]:
    fault = event.step_failure_data
    told = fault.user_failure_data
    if told is not None and told.description:
        detail = told.metadata.get("detail")
        return told.description, str(detail.value) if detail is not None else ""
    cause = _innermost(fault.error)
    if cause is not None and cause.cls_name in _INTERRUPTED:
        return f"The run was interrupted in the step {event.step_key}; nothing was published. Run again to go on.", ""
    trace = fault.error.to_string() if fault.error is not None else ""
    broken = [check.asset_check_evaluation_data for check in events if check.step_key == event.step_key and _is_failed_check(check)]
    if broken:
        first = broken[0]
        return f"The check {first.check_name} of {first.asset_key.to_user_string()} failed; what follows was not made.", trace
    return f"The step {event.step_key} failed unexpectedly: {_reason(fault.error)}", trace


def _is_failed_check(event: dg.DagsterEvent) -> bool:
    return event.event_type_value == dg.DagsterEventType.ASSET_CHECK_EVALUATION.value and not event.asset_check_evaluation_data.passed


def _reason(error: Any) -> str:
    cause = _innermost(error)
    return str(cause.message).strip() if cause is not None else "no reason was given"


def _innermost(error: Any) -> Any:
    """The error that began the chain, as Dagster serialises one; None when there is none."""
    while error is not None and error.cause is not None:
        error = error.cause
    return error
