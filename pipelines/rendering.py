"""Everything in the repository that is rendered from something else: what follows from the contracts, and the asset graph as text."""

from __future__ import annotations

from pathlib import Path

from pipelines.contracts.render import render_all, write_all
from pipelines.warehouse.workspace import CHECKOUT

_GRAPH = Path("tests/definitions/asset_graph.txt")


def write(root: Path = CHECKOUT) -> list[Path]:
    """Write what differs below `root`. The graph comes last, since it is made of the staging models that are rendered first.

    Returns:
        The files that were written or removed, below `root`.
    """
    changed = [path if path.is_absolute() else root / path for path in write_all(root)]
    graph = _graph()
    if not (root / _GRAPH).exists() or (root / _GRAPH).read_text(encoding="utf-8") != graph:
        (root / _GRAPH).write_text(graph, encoding="utf-8", newline="\n")
        changed.append(root / _GRAPH)
    return [path.relative_to(root) for path in changed]


def stale(root: Path = CHECKOUT) -> list[Path]:
    """The rendered files that differ from what would be written."""
    files = {**render_all(), _GRAPH: _graph()}
    return [path for path, content in files.items() if not (root / path).exists() or (root / path).read_text(encoding="utf-8") != content]


def _graph() -> str:
    # Importing the definitions parses the models, which must be rendered first.
    from pipelines.defs.graph import render_graph  # noqa: PLC0415

    return render_graph()
