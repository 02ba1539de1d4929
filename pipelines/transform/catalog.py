"""What the models say of themselves in their YAML, as the catalogue of a publication."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.warehouse.catalog import FACETS, ColumnEntry, TableEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipelines.transform.project import ParsedProject

PUBLISHED_SCHEMAS = ("core", "mart", "meta")


def published_tables(project: ParsedProject) -> tuple[TableEntry, ...]:
    """Every model of a published schema, by schema and name."""
    nodes = project.manifest()["nodes"].values()
    tests = [node for node in nodes if node["resource_type"] == "test" and node.get("attached_node")]
    models = [node for node in nodes if node["resource_type"] == "model" and node["schema"] in PUBLISHED_SCHEMAS]
    return tuple(_entry(model, tests) for model in sorted(models, key=lambda model: (model["schema"], model["name"])))


def _entry(model: Mapping[str, Any], tests: Iterable[Mapping[str, Any]]) -> TableEntry:
    meta = model["config"].get("meta") or {}
    return TableEntry(
        schema_name=model["schema"],
        table_name=model["name"],
        description=_one_line(model["description"]),
        key=_key(test for test in tests if test["attached_node"] == model["unique_id"]),
        facets={name: _as_text(meta[name]) for name in FACETS if name in meta},
        columns=tuple(_column(column) for column in model["columns"].values()),
    )


def _column(column: Mapping[str, Any]) -> ColumnEntry:
    meta = column.get("config", {}).get("meta") or column.get("meta") or {}
    stated = {name: str(meta[name]) for name in ("unit", "classification") if meta.get(name) is not None}
    return ColumnEntry(column["name"], _one_line(column["description"]), **stated)


def _key(tests: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The columns that the model's own tests say are unique: one column where there is such a test, else a combination."""
    keys: dict[str, tuple[str, ...]] = {}
    for test in sorted(tests, key=lambda test: str(test["name"])):
        stated = test["test_metadata"]
        told = {**stated["kwargs"], **stated["kwargs"].get("arguments", {})}
        if stated["name"] == "unique":
            keys.setdefault("one column", (told["column_name"],))
        elif stated["name"] == "unique_combination_of_columns":
            keys.setdefault("several columns", tuple(told["combination_of_columns"]))
    return keys.get("one column") or keys.get("several columns") or ()


def _as_text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _one_line(text: str) -> str:
    return " ".join(text.split())
