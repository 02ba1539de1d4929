"""What is said of every published table and column: the shape in which the models' own YAML reaches the published file."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

FIRST_PUBLISHED = "first_published_at"

# The facets of `meta.table_catalog` that a model states.
FACETS = ("grain", "owner", "subject", "organisation", "business_process", "form", "use", "knowledge_kind", "seven_p")


@dataclass(frozen=True)
class ColumnEntry:
    """One column: its meaning, unit and who may see it."""

    name: str
    description: str
    unit: str | None = None
    classification: str = "internal"


@dataclass(frozen=True)
class TableEntry:
    """One published table.

    Attributes:
        schema_name: core, mart, as_reported or meta.
        table_name: Its name, the same as its model's and asset's.
        description: What it holds and what a null means.
        key: The columns that tell its rows apart; rows are published in their order.
        facets: grain, owner and the five facets, knowledge_kind and seven_p.
        columns: In the table's order.
    """

    schema_name: str
    table_name: str
    description: str
    key: tuple[str, ...]
    facets: dict[str, str] = field(default_factory=dict)
    columns: tuple[ColumnEntry, ...] = ()

    @property
    def name(self) -> str:
        """`schema.table`."""
        return f"{self.schema_name}.{self.table_name}"

    @property
    def is_reported(self) -> bool:
        """Whether it is a mart that says something for a month's end, and does not keep its own first reports."""
        names = {column.name for column in self.columns}
        return self.schema_name == "mart" and "as_of" in names and FIRST_PUBLISHED not in names

    def as_reported(self, former: tuple[str, ...] = ()) -> TableEntry:
        """The table that holds this mart's rows as first published.

        Args:
            former: Columns that the mart had once and has no longer.
        """
        dropped = tuple(ColumnEntry(name, "Reported formerly; the mart no longer has it. Null since then.") for name in former)
        stamp = ColumnEntry(FIRST_PUBLISHED, "When the row's month was first published, UTC.", classification="public")
        return replace(
            self,
            schema_name="as_reported",
            description=f"As first published, never changed since. {self.description}",
            columns=(*self.columns, *dropped, stamp),
        )


_ABOUT_ITSELF = {
    "owner": "data engineering",
    "subject": "warehouse",
    "organisation": "group",
    "business_process": "publishing",
    "form": "reference",
    "use": "reading the warehouse",
    "knowledge_kind": "about",
    "seven_p": "none",
}


def _own(name: str, description: str, grain: str, key: tuple[str, ...], columns: dict[str, str]) -> TableEntry:
    entries = tuple(ColumnEntry(column, text, classification="public") for column, text in columns.items())
    return TableEntry("meta", name, description, key, {**_ABOUT_ITSELF, "grain": grain}, entries)


PUBLICATION = _own(
    "publication",
    "Every version published so far, this one included.",
    "one row a version",
    ("version",),
    {
        "version": "Name of the version: its time, UTC.",
        "published_at": "When it was published, UTC.",
        "known_by": "Latest time at which anything in it could have been known, UTC. Null before the first delivery.",
        "as_of": "Last day of the last closed month in it. Null when no month is closed.",
        "project_version": "Version of the project that built it; unknown when it ran without being installed.",
        "duckdb_version": "Version of DuckDB that wrote it.",
        "storage_version": "Oldest DuckDB whose storage format it keeps to.",
        "table_count": "Number of tables of core, mart, as_reported and meta.",
        "row_count": "Number of rows in core, mart and as_reported.",
    },
)

TABLE_CATALOG = _own(
    "table_catalog",
    "What every published table holds, who owns it and what it answers. A facet that the table does not state is null.",
    "one row a table",
    ("schema_name", "table_name"),
    {
        "schema_name": "Schema of the table.",
        "table_name": "Name of the table.",
        "description": "What it holds and what a null in it means.",
        "grain": "What one row is.",
        "owner": "Who answers for it.",
        "row_count": "Number of rows in this version.",
        "refreshed_at": "When this version was published, UTC.",
        "subject": "What it is about.",
        "organisation": "Whose it is.",
        "business_process": "The process that its rows come from.",
        "form": "How its rows come about: reference, history, detail, accumulating, snapshot, ledger or result.",
        "use": "What it is for.",
        "knowledge_kind": "Kind of customer knowledge: about, for, from or co-created.",
        "seven_p": (
            "Which of profiling, persistency, profitability, performance, prospecting, product, promotion it answers; "
            "none for tables that answer none of them."
        ),
    },
)

COLUMN_CATALOG = _own(
    "column_catalog",
    "What every published column means.",
    "one row a column",
    ("schema_name", "table_name", "column_name"),
    {
        "schema_name": "Schema of the table.",
        "table_name": "Name of the table.",
        "column_name": "Name of the column.",
        "type": "Type in DuckDB's words.",
        "description": "What it means and what a null in it means.",
        "unit": "Unit of measure. Null for keys, labels and texts.",
        "classification": "public or internal; personal data is never published.",
    },
)

POLICY = _own(
    "policy",
    "The thresholds, windows and weights that this version was built with.",
    "one row a policy",
    ("name",),
    {
        "name": "Name of the policy.",
        "value": "Value used, as text; a list or table as JSON.",
        "unit": "Unit of the value.",
        "why": "Why this value.",
        "source": "Where the value or the rule comes from.",
    },
)

# The tables that publishing writes itself, since no model can know them.
OWN_TABLES = (PUBLICATION, TABLE_CATALOG, COLUMN_CATALOG, POLICY)
