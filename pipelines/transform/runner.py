"""One dbt command inside this process, its results handed out while it works.

Everything that leans on the inner parts of dbt and of its DuckDB adapter stands here: the event callback, the thread, the interruption
of running statements and the release of the file. The versions are pinned in pyproject.toml, and tests/transform runs every path.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
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
    events: queue.SimpleQueue[EventMsg | None] = queue.SimpleQueue()
    outcomes: list[dbtRunnerResult] = []

    def listen(event: EventMsg) -> None:
        # Must not raise: dbt would wait for ever for the node at hand.
        if event.info.name in _RESULTS:
            events.put(event)

    def work() -> None:
        # The artefacts that dbt writes for other programs cost as long as twenty nodes, and nobody reads them here.
        command = ["build", *selection, "--exclude-resource-type", "unit_test", "--no-write-json"]
        try:
            manifest = project.loaded()
            outcomes.append(
                invoke(command, source=project.source, artefacts=artefacts, variables=variables, manifest=manifest, callbacks=[listen])
            )
        finally:
            events.put(None)

    with build_file_named(build_file):
        thread = threading.Thread(target=work, name="dbt", daemon=True)
        thread.start()
        try:
            while (event := events.get()) is not None:
                yield _as_logged(event)
        except BaseException:
            _interrupt(thread)
            raise
        finally:
            thread.join()
            _release()
    if not outcomes:
        message = f"dbt ended without a result; see {artefacts / 'dbt.log'} and run again."
        raise TransformError(message)
    if not outcomes[0].success:
        raise first_fault(outcomes[0], artefacts)


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


def _as_logged(event: EventMsg) -> dict[str, Any]:
    from dbt_common.events.functions import msg_to_dict

    logged: dict[str, Any] = msg_to_dict(event)
    return logged


def _interrupt(thread: threading.Thread) -> None:
    """End dbt's run: its running statements are cancelled, and the first node that so fails stops the rest."""
    from dbt.adapters.factory import FACTORY
    from dbt.flags import get_flags

    # Read anew after each node. The object is frozen, as a run's flags should be; this run is over.
    object.__setattr__(get_flags(), "FAIL_FAST", True)
    while thread.is_alive():
        for adapter in tuple(FACTORY.adapters.values()):
            adapter.cancel_open_connections()
        # Again until it has ended, since the next statement may have begun meanwhile.
        thread.join(_PATIENCE)


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
