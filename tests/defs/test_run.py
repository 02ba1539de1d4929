"""A run in this process: what it tells while it works, and how it ends."""

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pipelines.defs.resources import plain_failure, progress_of
from pipelines.defs.run import RunResult, StepProgress, run_build, run_job
from pipelines.errors import ClienteleError
from pipelines.warehouse.workspace import Workspace

Made = dg.MaterializeResult[None] | dg.AssetCheckResult
BALANCED = dg.AssetCheckSpec("balanced", asset="landed", blocking=True)


class Fake(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What the first step does."""

    does: str = "lands"


@dg.multi_asset(name="take_in", specs=[dg.AssetSpec("landed", skippable=True)], check_specs=[BALANCED])
def take_in(context: dg.AssetExecutionContext, fake: Fake) -> Iterator[Made]:
    tell = progress_of(context)
    tell("one.csv", 1, 2)
    tell("two.csv", 2, 2)
    if fake.does == "refuses":
        with plain_failure():
            raise ClienteleError("two.csv: the column amount is missing; deliver it.")
    if fake.does == "breaks":
        raise ZeroDivisionError
    yield dg.AssetCheckResult(asset_key="landed", check_name="balanced", passed=fake.does != "loses")
    if fake.does == "lands":
        yield dg.MaterializeResult(asset_key="landed", metadata={"rows_landed": 3})


@dg.multi_asset(
    name="model",
    specs=[dg.AssetSpec("dim_customer", deps=["landed"]), dg.AssetSpec("fct_invoice", deps=["landed"])],
    check_specs=[dg.AssetCheckSpec("unique", asset="dim_customer", blocking=True)],
)
def model() -> Iterator[Made]:
    yield dg.MaterializeResult(asset_key="dim_customer")
    yield dg.MaterializeResult(asset_key="fct_invoice")
    yield dg.AssetCheckResult(asset_key="dim_customer", check_name="unique", passed=True)


@dg.multi_asset(name="publish", specs=[dg.AssetSpec("published", deps=["dim_customer", "fct_invoice"])])
def publish() -> Iterator[Made]:
    yield dg.MaterializeResult(asset_key="published")


def run(does: str) -> tuple[RunResult, list[StepProgress]]:
    told: list[StepProgress] = []
    job = dg.define_asset_job("build", selection=dg.AssetSelection.all())
    location = dg.Definitions(assets=[take_in, model, publish], jobs=[job], resources={"fake": Fake()}, executor=dg.in_process_executor)
    return run_job(location, {"fake": Fake(does=does)}, dg.DagsterInstance.ephemeral(), told.append), told


def test_every_change_is_told_as_it_happens() -> None:
    result, told = run("lands")
    assert [(step.step, step.state, step.finished, step.planned, step.detail) for step in told] == [
        ("take_in", "waiting", 0, 2, ""),
        ("model", "waiting", 0, 3, ""),
        ("publish", "waiting", 0, 1, ""),
        ("take_in", "running", 0, 2, ""),
        ("take_in", "running", 0, 2, "1 of 2: one.csv"),
        ("take_in", "running", 0, 2, "2 of 2: two.csv"),
        ("take_in", "running", 1, 2, "2 of 2: two.csv"),
        ("take_in", "running", 2, 2, "2 of 2: two.csv"),
        ("take_in", "done", 2, 2, "2 of 2: two.csv"),
        ("model", "running", 0, 3, ""),
        ("model", "running", 1, 3, ""),
        ("model", "running", 2, 3, ""),
        ("model", "running", 3, 3, ""),
        ("model", "done", 3, 3, ""),
        ("publish", "running", 0, 1, ""),
        ("publish", "running", 1, 1, ""),
        ("publish", "done", 1, 1, ""),
    ]
    seconds = [step.seconds for step in told if step.step == "take_in"]
    assert seconds == sorted(seconds)
    assert (result.success, result.is_new, result.failure, result.detail) == (True, True, "", "")
    assert result.steps == (told[8], told[13], told[-1])
    assert result.metadata["landed"] == {"rows_landed": 3}


@pytest.mark.parametrize("does", ["lands", "finds nothing", "refuses", "breaks"])
def test_nothing_is_written_to_the_terminal(does: str) -> None:
    """In a process of its own: here pytest listens to every logger."""
    code = f"from tests.defs.test_run import run; run({does!r})"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True, cwd=Path(__file__).parents[2])
    assert (said.stdout, said.stderr) == ("", "")


def test_when_nothing_is_new_all_that_follows_is_skipped() -> None:
    result, _ = run("finds nothing")
    assert (result.success, result.is_new) == (True, False)
    assert [(step.step, step.state) for step in result.steps] == [("take_in", "done"), ("model", "skipped"), ("publish", "skipped")]
    assert result.metadata == {}


def test_a_fault_that_was_foreseen_is_told_in_its_sentence() -> None:
    result, _ = run("refuses")
    assert (result.success, result.is_new) == (False, False)
    assert result.failure == "two.csv: the column amount is missing; deliver it."
    assert result.detail == ""
    assert [(step.step, step.state) for step in result.steps] == [("take_in", "failed"), ("model", "waiting"), ("publish", "waiting")]


def test_a_fault_that_nobody_foresaw_keeps_its_traceback() -> None:
    result, _ = run("breaks")
    assert result.failure.startswith("The step take_in failed unexpectedly: ZeroDivisionError")
    assert "test_run.py" in result.detail


def test_a_check_that_fails_is_named() -> None:
    result, _ = run("loses")
    assert not result.success
    assert result.failure == "The check balanced of landed failed; what follows was not made."


def test_a_workspace_that_another_run_holds_is_left_alone(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    with workspace.lock_file.open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(ClienteleError, match="held by another run"):
            run_build(workspace)


def test_a_policy_that_is_not_valid_is_told_before_the_run(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.policy_file.write_text("no.such: 1\n", encoding="utf-8")
    with pytest.raises(ClienteleError, match=r"policy\.yml, line 1: 'no\.such' is not a policy"):
        run_build(workspace)
