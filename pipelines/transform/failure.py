"""What a failed dbt run says to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.errors import ClienteleError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dbt.artifacts.schemas.results import NodeResult
    from dbt.cli.main import dbtRunnerResult

_FAULTS = frozenset({"error", "fail", "runtime error", "partial success"})
_NAMED = 3


class TransformError(ClienteleError):
    """A model or a data test failed, or dbt could not run.

    Attributes:
        detail: dbt's full words on every failed node, several lines.
    """

    def __init__(self, sentence: str, detail: str = "") -> None:
        """Say what failed in a sentence, and keep dbt's own words beside it."""
        super().__init__(sentence)
        self.detail = detail


def first_fault(outcome: dbtRunnerResult, artefacts: Path) -> TransformError:
    """The error of a run that did not succeed: its first failed model, else its first failed test, and how many more there are."""
    results: Sequence[NodeResult] = getattr(outcome.result, "results", None) or ()
    faults = sorted((result for result in results if str(result.status) in _FAULTS), key=_is_test)
    if not faults:
        return TransformError(f"dbt could not run: {_one_line(str(outcome.exception))}; see {artefacts / 'dbt.log'} and run again.")
    sentence = _about_test(faults[0]) if _is_test(faults[0]) else _about_model(faults[0])
    return TransformError(sentence + _others(faults, results), "\n\n".join(f"{_name(fault)}: {fault.message}" for fault in faults))


def _about_model(fault: NodeResult) -> str:
    return f"The model {_name(fault)} failed: {_cause(fault)}; mend {_where(fault)} and run again."


def _about_test(fault: NodeResult) -> str:
    subject = getattr(fault.node, "attached_node", None) or next(iter(fault.node.depends_on.nodes), None)
    about = f"The test {fault.node.name} on {subject.rpartition('.')[2]}" if subject else f"The test {fault.node.name}"
    if str(fault.status) != "fail":
        return f"{about} could not run: {_cause(fault)}; mend {_where(fault)} and run again."
    rows = "1 row breaks" if fault.failures == 1 else f"{fault.failures} rows break"
    seen = f"see them with the query in {compiled}" if (compiled := _compiled(fault)) else "look at them"
    return f"{about} failed: {rows} it; {seen}, mend the model or what was delivered, and run again."


def _where(fault: NodeResult) -> str:
    """The file as it was written and, where it came so far, as it was run."""
    path = str(fault.node.original_file_path)
    return f"{path} (as run: {compiled})" if (compiled := _compiled(fault)) else path


def _compiled(fault: NodeResult) -> str:
    return str(getattr(fault.node, "compiled_path", None) or "")


def _others(faults: Sequence[NodeResult], results: Sequence[NodeResult]) -> str:
    more = faults[1:]
    said = ""
    if more:
        names = ", ".join(_name(fault) for fault in more[:_NAMED])
        said += f" {len(more)} more failed: {names}{', …' if len(more) > _NAMED else ''}."
    skipped = sum(1 for result in results if str(result.status) == "skipped")
    return said + (f" What stands on it was left out ({skipped} models and tests)." if skipped else "")


def _is_test(result: NodeResult) -> bool:
    return str(result.node.resource_type) == "test"


def _name(result: NodeResult) -> str:
    node: Any = result.node
    return str(node.name) if _is_test(result) else f"{node.schema}.{node.name}"


def _cause(fault: NodeResult) -> str:
    """The database's message without dbt's frame around it: the first line names the node, the last one the compiled file."""
    lines = [line.strip() for line in (fault.message or "no message").splitlines()]
    inner = lines[1:] if len(lines) > 1 and " Error in " in lines[0] else lines
    told: list[str] = []
    for line in inner:
        if line.startswith(("LINE ", "compiled code at", "|")):
            break
        if line:
            told.append(line)
    return _one_line(" ".join(told) or lines[0]).rstrip(".;")


def _one_line(text: str) -> str:
    return " ".join(text.split())
