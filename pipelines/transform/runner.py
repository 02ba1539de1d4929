"""One dbt command inside this process, its results handed out while it works.

Everything that leans on the inner parts of dbt and of its DuckDB adapter stands here: the event callback, the thread, the interruption
of running statements and the release of the file. The versions are pinned in pyproject.toml, and tests/transform runs every path.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from pipelines.transform.failure import TransformError, first_fault
from pipelines.transform.project import ParsedProject, build_file_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from dbt.cli.main import dbtRunner, dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest
    from dbt_common.events.base_types import EventMsg

# One of these is fired when a node has ended; a model that was skipped fires none.
_RESULTS = frozenset({"LogModelResult", "LogSeedResult", "LogSnapshotResult", "LogTestResult"})

# Seconds between two attempts to interrupt.
_PATIENCE = 0.1
_running: list[_Run] = []


def build(
    project: ParsedProject,
    *,
    build_file: Path,
    artefacts: Path,
    variables: Mapping[str, object],
    selection: Sequence[str],
) -> Iterator[dict[str, Any]]:
    """Build the selected nodes, models and data tests alike; unit tests are left out, since they judge the code and not the data.

    dbt works in a thread of its own. A caller that stops listening interrupts it: running statements are cancelled and the thread is
    waited for.

    Args:
        project: The parsed project.
        build_file: The DuckDB file to build in. No other connection to it may be open in this process; none is left open.
        artefacts: Folder for compiled SQL and dbt's log.
        variables: dbt variables, JSON values only.
        selection: dbt's own arguments, such as `["--select", "source:estimates+"]`; empty for everything.

    Yields:
        One event a finished node, in the shape of dbt's JSON log (`info`, `data`), as soon as it has finished.

    Raises:
        TransformError: After the last event, when a node failed or dbt could not run at all.
    """
    run = _Run(project, build_file=build_file, artefacts=artefacts, variables=variables, selection=selection)
    try:
        yield from run.events()
    finally:
        run.close()
    if run.outcome is None:
        message = f"dbt ended without a result; see {artefacts / 'dbt.log'} and run again."
        raise TransformError(message)
    if not run.outcome.success:
        raise first_fault(run.outcome, artefacts)


def stop() -> None:
    """End every run that its listener has left without closing it, as an interrupted caller does."""
    for run in tuple(_running):
        run.close()


class _Run:
    """dbt at work in its thread."""

    def __init__(
        self, project: ParsedProject, *, build_file: Path, artefacts: Path, variables: Mapping[str, object], selection: Sequence[str]
    ) -> None:
        self.outcome: dbtRunnerResult | None = None
        self._project = project
        self._artefacts = artefacts
        self._variables = variables
        # The artefacts that dbt writes for other programs cost as long as twenty nodes, and nobody reads them here.
        self._command = ["build", *selection, "--exclude-resource-type", "unit_test", "--no-write-json"]
        self._events: queue.SimpleQueue[EventMsg | None] = queue.SimpleQueue()
        self._named = ExitStack()
        self._named.enter_context(build_file_named(build_file))
        self._is_at_work = True
        self._thread = threading.Thread(target=self._work, name="dbt", daemon=True)
        _running.append(self)
        self._thread.start()

    def events(self) -> Iterator[dict[str, Any]]:
        """What dbt says of each node that has ended, until it has ended itself."""
        from dbt_common.events.functions import msg_to_dict

        while (event := self._events.get()) is not None:
            yield msg_to_dict(event)

    def close(self) -> None:
        """Wait until dbt has ended, interrupting it when it works still, and let go of the build file; a second call does nothing."""
        if self not in _running:
            return
        _running.remove(self)
        if self._is_at_work:
            self._interrupt()
        self._thread.join()
        _release()
        self._named.close()

    def _work(self) -> None:
        try:
            self.outcome = invoke(
                self._command,
                source=self._project.source,
                artefacts=self._artefacts,
                variables=self._variables,
                manifest=self._project.loaded(),
                callbacks=[self._listen],
            )
        finally:
            self._is_at_work = False
            self._events.put(None)

    def _listen(self, event: EventMsg) -> None:
        # Must not raise: dbt would wait for ever for the node at hand.
        if event.info.name in _RESULTS:
            self._events.put(event)

    def _interrupt(self) -> None:
        """Cancel the running statements, and have the first node that so fails stop the rest."""
        from dbt.adapters.factory import FACTORY
        from dbt.flags import get_flags

        while self._thread.is_alive():
            # Read anew after each node. The object is frozen, as a run's flags should be; this run is over.
            object.__setattr__(get_flags(), "FAIL_FAST", True)
            for adapter in tuple(FACTORY.adapters.values()):
                adapter.cancel_open_connections()
            # Again until it has ended, since the next statement may have begun meanwhile.
            self._thread.join(_PATIENCE)


def invoke(
    command: Sequence[str],
    *,
    source: Path,
    artefacts: Path,
    variables: Mapping[str, object],
    manifest: Manifest | None = None,
    callbacks: Sequence[Callable[[EventMsg], None]] = (),
) -> dbtRunnerResult:
    """Run one dbt command to its end, writing nothing to the terminal and nothing to the network."""
    places = {"--project-dir": source, "--profiles-dir": source, "--target-path": artefacts, "--log-path": artefacts}
    arguments = [*command, *(str(part) for pair in places.items() for part in pair)]
    arguments += ["--vars", json.dumps(dict(variables)), "--log-level", "none", "--log-level-file", "info"]
    arguments += ["--no-use-colors", "--no-use-colors-file", "--no-send-anonymous-usage-stats", "--no-version-check"]
    return _dbt()(manifest=manifest, callbacks=list(callbacks)).invoke(arguments)


def _dbt() -> type[dbtRunner]:
    """dbt, imported without what one of its libraries does then: it gives the root logger a handler that prints everybody's log."""
    handlers = logging.root.handlers[:]
    from dbt.cli.main import dbtRunner

    logging.root.handlers[:] = handlers
    runner: type[dbtRunner] = dbtRunner
    return runner


def _release() -> None:
    """Close the build file: the adapter keeps it open after a run, and then nobody else could open it."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import reset_adapters

    reset_adapters()
    environment = DuckDBConnectionManager._ENV  # noqa: SLF001
    DuckDBConnectionManager.close_all_connections()
    if environment is not None:
        # The line above only forgets the environment; whether that closes the file would depend on the garbage collector.
        environment.close()
