"""Run the job `build` inside this process and say how far it is.

Progress comes from Dagster's own events through a logger of the run: every finished table and check is an event, and steps add a line
in their own words.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import dagster as dg

from pipelines.defs.loading import load
from pipelines.defs.outcome import explain, reported
from pipelines.defs.resources import PROGRESS, SAID, WorkspaceResource
from pipelines.policy import load_policy
from pipelines.transform.project import ensure_manifest
from pipelines.warehouse.lock import hold
from pipelines.warehouse.workspace import Workspace

JOB = "build"
_LOGGER = "progress"
_SILENCE = logging.NullHandler()
_FINISHED = {dg.DagsterEventType.ASSET_MATERIALIZATION.value, dg.DagsterEventType.ASSET_CHECK_EVALUATION.value}

State = Literal["waiting", "running", "done", "skipped", "failed"]
_STATES: dict[str, State] = {
    dg.DagsterEventType.STEP_START.value: "running",
    dg.DagsterEventType.STEP_SUCCESS.value: "done",
    dg.DagsterEventType.STEP_SKIPPED.value: "skipped",
    dg.DagsterEventType.STEP_FAILURE.value: "failed",
}


@dataclass(frozen=True)
class StepProgress:
    """How far one step is.

    Attributes:
        step: Its name.
        state: Where it stands; a step that could not start because an earlier one failed stays `waiting`.
        finished: Tables made and checks judged so far.
        planned: Tables and checks in all.
        seconds: How long it has run.
        detail: What it said last about itself, such as the file at hand.
    """

    step: str
    state: State = "waiting"
    finished: int = 0
    planned: int = 0
    seconds: float = 0.0
    detail: str = ""


@dataclass(frozen=True)
class RunResult:
    """How a run ended.

    Attributes:
        success: No step failed.
        is_new: Something was made; False when there was nothing new and every step after intake was skipped.
        steps: Every step in the order of the job.
        failure: One plain sentence on what failed first; empty on success.
        detail: The full words behind it: dbt's, or a traceback where nobody foresaw the fault.
        metadata: For each asset that was made (`core/dim_customer`), what its op reported about it.
        said: Sentences for the person, from the steps.
        seconds: How long it took.
        run_id: Dagster's name of the run.
    """

    success: bool
    is_new: bool
    steps: tuple[StepProgress, ...]
    failure: str
    detail: str
    metadata: Mapping[str, Mapping[str, object]]
    said: tuple[str, ...]
    seconds: float
    run_id: str


def run_build(
    workspace: Workspace,
    progress: Callable[[StepProgress], None] | None = None,
    *,
    instance: dg.DagsterInstance | None = None,
) -> RunResult:
    """Materialise everything in a workspace.

    Args:
        workspace: Where; it is held by this process until the run has ended.
        progress: Called in this thread at every change of a step.
        instance: Where Dagster keeps the run; the one of DAGSTER_HOME when None.

    Returns:
        How it ended.

    Raises:
        ClienteleError: The run could not begin: another process holds the workspace, the policy is not valid, or the models cannot be
            parsed.
    """
    with hold(workspace):
        # Before Dagster loads them, so that a fault is told in its own sentence and not inside the loader's.
        ensure_manifest({"policy": load_policy(workspace.policy_file).as_variables()})
        resources = {"clientele": WorkspaceResource(root=str(workspace.root))}
        if instance is not None:
            return run_job(load(), resources, instance, progress)
        with dg.DagsterInstance.get() as kept:
            return run_job(load(), resources, kept, progress)


def run_job(
    location: dg.Definitions,
    resources: Mapping[str, object],
    instance: dg.DagsterInstance,
    progress: Callable[[StepProgress], None] | None = None,
    *,
    name: str = JOB,
) -> RunResult:
    """Run a job of some definitions inside this process.

    Args:
        location: The definitions.
        resources: What takes the place of their resources.
        instance: Where Dagster keeps the run.
        progress: Called in this thread at every change of a step.
        name: The job.
    """
    began = time.monotonic()
    # Dagster's modules write to the terminal when nobody listens to them, among others a line for every check of a step that is skipped.
    logging.getLogger("dagster").addHandler(_SILENCE)
    listener = _Listener(progress)
    logged = dg.Definitions(loggers={_LOGGER: dg.LoggerDefinition(lambda _: listener.logger)})
    job = dg.Definitions.merge(location, logged).resolve_job_def(name)
    listener.plan([node.name for node in job.nodes_in_topological_order], _planned(location))
    outcome = job.execute_in_process(
        run_config={"loggers": {_LOGGER: {}}}, resources=dict(resources), instance=instance, raise_on_error=False
    )
    failure, detail = explain(outcome.all_events)
    return RunResult(
        success=outcome.success,
        is_new=outcome.success and all(step.state == "done" for step in listener.steps),
        steps=listener.steps,
        failure=failure,
        detail=detail,
        metadata=reported(outcome.all_events),
        said=tuple(listener.said),
        seconds=time.monotonic() - began,
        run_id=outcome.run_id,
    )


class _Listener(logging.Handler):
    """Keeps the state of every step from the records of Dagster's log, and tells of each change."""

    def __init__(self, progress: Callable[[StepProgress], None] | None) -> None:
        super().__init__()
        self._tell = progress
        self._steps: dict[str, StepProgress] = {}
        self._began: dict[str, float] = {}
        self._finished: dict[str, list[dg.DagsterEvent]] = {}
        self.said: list[str] = []
        # A logger of this run alone, not one that the process would keep by name. Dagster logs its events at DEBUG.
        self.logger = logging.Logger(_LOGGER, logging.DEBUG)  # noqa: LOG001
        self.logger.addHandler(self)

    def plan(self, order: Iterable[str], planned: Mapping[str, int]) -> None:
        """List the steps before the run begins."""
        self._steps = {step: StepProgress(step, planned=planned.get(step, 0)) for step in order}
        for step in self._steps.values():
            self._say(step)

    @property
    def steps(self) -> tuple[StepProgress, ...]:
        """Every step as it stands."""
        return tuple(self._steps.values())

    def emit(self, record: logging.LogRecord) -> None:
        """Take in one record."""
        said = record.dagster_meta  # type: ignore[attr-defined]
        step = self._steps.get(said["step_key"] or "")
        if step is None:
            return
        event: dg.DagsterEvent | None = said["dagster_event"]
        if event is not None:
            changed = self._after(step, event)
        elif hasattr(record, PROGRESS):
            changed = replace(step, detail=said["orig_message"])
        else:
            self.said += [said["orig_message"]] if hasattr(record, SAID) else []
            return
        if changed != step:
            began = self._began.setdefault(step.step, time.monotonic())
            self._say(replace(changed, seconds=time.monotonic() - began))

    def _after(self, step: StepProgress, event: dg.DagsterEvent) -> StepProgress:
        if event.event_type_value in _FINISHED:
            finished = self._finished.setdefault(step.step, [])
            finished.append(event)
            return replace(step, finished=len(finished))
        state = _STATES.get(event.event_type_value)
        return replace(step, state=state) if state else step

    def _say(self, step: StepProgress) -> None:
        self._steps[step.step] = step
        if self._tell is not None:
            self._tell(step)


def _planned(location: dg.Definitions) -> dict[str, int]:
    """Tables and checks that each step makes."""
    made = [asset for asset in location.assets or () if isinstance(asset, dg.AssetsDefinition)]
    return {asset.op.name: len(asset.keys) + len(list(asset.check_keys)) for asset in made}
