"""What every op is given: the workspace, held for the whole run, and the policy in force there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg

from pipelines.errors import ClienteleError
from pipelines.policy import Policy, load_policy
from pipelines.transform.runner import stop
from pipelines.warehouse.lock import hold
from pipelines.warehouse.workspace import Workspace

# The attribute of a log record that carries (number, total).
PROGRESS = "clientele_progress"
# The attribute of a log record whose sentence the person should read when the run has ended.
SAID = "clientele_said"


class WorkspaceResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """One workspace and the moment up to which a build of it may know.

    The executor runs all steps in one process and sets a resource up once, so that one hold spans the run, wherever it was started.
    """

    root: str = ""
    known_by: str = ""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[WorkspaceResource]:  # noqa: ARG002
        """Hold the workspace until the run has ended."""
        with plain_failure(), hold(self.workspace):
            try:
                yield self
            finally:
                # An interrupted run does not close its steps: what still works must end before the workspace is let go.
                stop()

    @property
    def workspace(self) -> Workspace:
        """The workspace configured, else the current one."""
        return Workspace.at(self.root) if self.root else Workspace.current()

    @property
    def policy(self) -> Policy:
        """The policy in force in the workspace."""
        return load_policy(self.workspace.policy_file)


@contextmanager
def plain_failure() -> Iterator[None]:
    """Turn an error that is written for people into a failure that shows their sentence first, without a traceback and without a retry."""
    try:
        yield
    except ClienteleError as error:
        detail = getattr(error, "detail", "")
        raise dg.Failure(str(error), metadata={"detail": dg.MetadataValue.text(detail)} if detail else None, allow_retries=False) from error


def progress_of(context: dg.AssetExecutionContext) -> Callable[[str, int, int], None]:
    """Where a step says how far it is: a line in Dagster's log that carries the figures for whoever listens (`pipelines.defs.run`)."""

    def tell(what: str, number: int, total: int) -> None:
        context.log.info(f"{number} of {total}: {what}", extra={PROGRESS: (number, total)})

    return tell


@dg.definitions
def resources() -> dg.Definitions:
    """The workspace, and the executor: DuckDB has one writer, and a process for every step would cost seconds each."""
    return dg.Definitions(resources={"clientele": WorkspaceResource()}, executor=dg.in_process_executor)
