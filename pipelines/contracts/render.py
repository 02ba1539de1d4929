"""What follows from the contracts, as text: tables of the build file and the vault, staging models and their YAML, sources, dictionary.

What is rendered is laid out as sqlfmt lays it out, so that the file written and the file checked are the same.
"""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.contracts.intake_tables import load_intake_tables
from pipelines.contracts.model import load_contracts
from pipelines.contracts.staging import data_columns, models_of, source_tables

if TYPE_CHECKING:
    from pipelines.contracts.intake_tables import IntakeTable
    from pipelines.contracts.record_type import Property, RawColumn, RecordType
    from pipelines.contracts.staging import Column

_LINE_LENGTH = 140
_STAGING = Path("dbt_project/models/staging")
_CONTRACTS = "pipelines/contracts"


def raw_table_ddl(record: RecordType, schema: str = "raw") -> str:
    """DuckDB statements that make the record's raw table where it is missing, with its comments."""
    return table_ddl(schema, record.name, record.description, record.raw_columns())


def vault_table_ddl(record: RecordType, schema: str = "main") -> str:
    """DuckDB statements that make the record's table in the vault where it is missing; empty for a record without personal values."""
    columns = record.vault_columns()
    return table_ddl(schema, record.name, f"Personal values. {record.description}", columns) if columns else ""


def intake_table_ddl(table: IntakeTable, schema: str = "raw") -> str:
    """DuckDB statements that make one of intake's own tables where it is missing, with its comments."""
    return table_ddl(schema, table.name, table.description, list(table.columns))


def table_ddl(schema: str, name: str, description: str, columns: list[RawColumn]) -> str:
    """DuckDB statements that make a table where it is missing, with a comment on it and on each column."""
    table = f'{schema}."{name}"'
    lines = ",\n".join(f'    "{column.name}" {column.duckdb_type}{" not null" if column.is_required else ""}' for column in columns)
    comments = [f"comment on table {table} is {_literal(description)};"]
    comments += [f'comment on column {table}."{column.name}" is {_literal(column.description)};' for column in columns]
    return "\n".join([f"create table if not exists {table} (\n{lines}\n);", *comments, ""])


def render_all() -> dict[Path, str]:
    """Every rendered file: its path from the root of the repository, and its content."""
    records = list(load_contracts().values())
    templates = _environment()
    files: dict[Path, str] = {}
    for record in records:
        folder = _STAGING / record.business_process.replace(" ", "_") / record.name
        contract, models = f"{_CONTRACTS}/records/{record.name}.yml", models_of(record)
        columns = data_columns(record)
        words = {"record": record, "contract": contract, "models": models, "columns": columns}
        words["choosable"] = [column for column in columns if column.has_choice]
        for model in models:
            files[folder / f"{model.name}.sql"] = templates.get_template(f"{model.suffix}.sql").render(words)
        files[folder / f"_{record.name}__models.yml"] = templates.get_template("models.yml").render(words)
    tables = source_tables(records, list(load_intake_tables().values()))
    files[_STAGING / "_raw__sources.yml"] = templates.get_template("sources.yml").render(contracts=_CONTRACTS, tables=tables)
    dictionary = templates.get_template("records.md").render(contracts=f"{_CONTRACTS}/records", records=records)
    files[Path("docs/dictionary/records.md")] = dictionary
    return files


def write_all(root: Path) -> list[Path]:
    """Write what is rendered below `root` and remove rendered staging files that no contract asks for any more.

    Returns:
        The files that were written or removed because they differed, in order.
    """
    files = {root / path: content for path, content in render_all().items()}
    # What stands in the folder itself is written by hand: it is of no record type.
    stale = [path for path in (root / _STAGING).glob("*/**/*") if path.is_file() and path not in files]
    changed = [path for path, content in files.items() if not path.exists() or path.read_text(encoding="utf-8") != content]
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path], encoding="utf-8", newline="\n")
    for path in stale:
        path.unlink()
    return sorted([*changed, *stale])


def _environment() -> Environment:
    """The templates, with delimiters that leave dbt's own Jinja alone."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=False,  # noqa: S701 - SQL, YAML and Markdown, not HTML
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {
        "quoted": _quoted,
        "cell": _cell,
        "landing": _landing,
        "need": _need,
        "values": _values,
        "choice": _choice,
        "step": _step,
    }
    return environment


def _choice(column: Column, margin: int) -> str:
    """SQL that takes the aggregate which the source declares for the column, on one line where it fits."""
    name = column.name
    branches = [f"when {name}_fold = '{fold}' then {name}_{fold}" for fold in ("sum", "min", "max") if fold in column.folds]
    branches.append(f"else {name}_latest")
    inside = " ".join(branches)
    line = f"case {inside} end as {name}"
    # sqlfmt counts the comma that follows.
    if margin + len(line) + 1 <= _LINE_LENGTH:
        return " " * margin + line
    if margin + 4 + len(inside) > _LINE_LENGTH:
        inside = "\n".join(branches).replace(" then ", "\nthen ")
    return indent(f"case\n{indent(inside, '    ')}\nend as {name}", " " * margin)


def _step(select: str, name: str) -> str:
    """A step of a query, on one line where it fits."""
    line = f"    {name} as ({select}),"
    return line if len(line) <= _LINE_LENGTH else f"    {name} as (\n        {select}\n    ),"


def _quoted(text: str) -> str:
    """A YAML scalar in double quotes: whatever it holds, it stays text."""
    return json.dumps(text, ensure_ascii=False)


def _cell(text: str) -> str:
    """Text inside a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")


def _landing(item: Property) -> str:
    """Under which names a property can be seen outside the vault."""
    return ", ".join(column.name for column in item.raw_columns()) or "vault"


def _need(item: Property, record: RecordType) -> str:
    """Whether each row has it, in words."""
    if item.required:
        return "yes"
    others = [name for name in record.one_of if name != item.name]
    if item.name in record.one_of:
        return f"this or {' or '.join(others)}"
    return "part of the key, may be empty" if item.is_optional_key else ""


def _values(item: Property) -> str:
    """Which values a property may have, in words."""
    rules = [", ".join(item.valid_values)] if item.valid_values else []
    if item.minimum is not None:
        rules.append(f"from {item.minimum}")
    if item.maximum is not None:
        rules.append(f"to {item.maximum}")
    if item.max_length is not None:
        rules.append(f"at most {item.max_length} characters")
    if item.pattern is not None:
        rules.append(f"matches `{item.pattern}`")
    return "; ".join(rules)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
