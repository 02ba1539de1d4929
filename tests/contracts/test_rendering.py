"""What is rendered: equal to what stands in the repository, laid out as sqlfmt wants it, complete for every record type."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlfmt.api import format_string
from sqlfmt.mode import Mode

from pipelines.contracts.render import render_all, write_all

ROOT = Path(__file__).resolve().parents[2]
RENDERED = render_all()


@pytest.mark.parametrize("path", sorted(RENDERED), ids=str)
def test_rendered_files_equal_those_in_the_repository(path: Path) -> None:
    found = (ROOT / path).read_text(encoding="utf-8") if (ROOT / path).exists() else ""
    assert found == RENDERED[path], f"{path} differs from its contract: run `make render`"


def test_staging_holds_nothing_that_no_contract_asks_for() -> None:
    staging = ROOT / "dbt_project/models/staging"
    assert {path.relative_to(ROOT) for path in staging.glob("*/**/*") if path.is_file()} <= RENDERED.keys()


@pytest.mark.parametrize("path", [path for path in sorted(RENDERED) if path.suffix == ".sql"], ids=str)
def test_rendered_sql_is_laid_out(path: Path) -> None:
    assert format_string(RENDERED[path], Mode(line_length=140)) == RENDERED[path]


@pytest.mark.parametrize("path", sorted(RENDERED), ids=str)
def test_every_rendered_file_says_so_first(path: Path) -> None:
    first = RENDERED[path].splitlines()[0]
    assert "Rendered from pipelines/contracts" in first
    assert "`make render`" in first


def test_writing_again_changes_nothing(tmp_path: Path) -> None:
    stale = tmp_path / "dbt_project/models/staging/gone/stg_gone.sql"
    stale.parent.mkdir(parents=True)
    stale.write_text("select 1", encoding="utf-8")
    assert set(write_all(tmp_path)) == {tmp_path / path for path in RENDERED} | {stale}
    assert not stale.exists()
    assert write_all(tmp_path) == []
    one = tmp_path / "docs/dictionary/records.md"
    one.write_text("changed by hand", encoding="utf-8")
    assert write_all(tmp_path) == [one]
    assert one.read_text(encoding="utf-8") == RENDERED[Path("docs/dictionary/records.md")]
