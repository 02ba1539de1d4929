"""The dbt project is parsed once for every state of its files and of the policy."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import ClienteleError
from pipelines.transform import project
from pipelines.transform.project import BUILD_FILE_VARIABLE, ensure_manifest, fingerprint
from tests.transform.tiny import tiny_project

if TYPE_CHECKING:
    from pathlib import Path

VARIABLES = {"policy": {"tiny.factor": 1}}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tiny_project(tmp_path)


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Where parsing wrote to, a line a parse; stands in for dbt, which takes seconds."""
    into: list[Path] = []

    def parse(variables: object, source: Path, folder: Path) -> None:
        for name in (project._MANIFEST, project._PARSED_STATE):
            (folder / name).write_text("{}")
        into.append(folder)

    monkeypatch.setattr(project, "_parse", parse)
    return into


def test_the_manifest_lists_models_and_sources(source: Path) -> None:
    manifest = ensure_manifest(VARIABLES, source).manifest()
    assert {name for name in manifest["nodes"] if name.startswith("model.")} == {
        "model.clientele.stg_invoices",
        "model.clientele.fct_invoice",
        "model.clientele.dim_customer",
        "model.clientele.risk_customer",
    }
    assert manifest["nodes"]["model.clientele.fct_invoice"]["relation_name"] == '"build"."core"."fct_invoice"'
    assert BUILD_FILE_VARIABLE not in os.environ


def test_nothing_is_parsed_twice(source: Path, parses: list[Path]) -> None:
    first = ensure_manifest(VARIABLES, source)
    assert ensure_manifest(VARIABLES, source) == first
    assert len(parses) == 1
    assert [path.name for path in (source / "target" / "parsed").iterdir()] == [first.folder.name]


def test_a_changed_model_is_parsed_again(source: Path, parses: list[Path]) -> None:
    first = ensure_manifest(VARIABLES, source)
    model = source / "models/core/dim_customer.sql"
    model.write_text(model.read_text() + "-- seen\n")
    assert ensure_manifest(VARIABLES, source).folder != first.folder
    assert len(parses) == 2


def test_a_changed_policy_is_parsed_again_and_the_old_one_is_still_there(source: Path, parses: list[Path]) -> None:
    first = ensure_manifest(VARIABLES, source)
    assert ensure_manifest({"policy": {"tiny.factor": 2}}, source).folder != first.folder
    assert ensure_manifest(VARIABLES, source) == first
    assert len(parses) == 2


def test_another_dbt_parses_again(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(VARIABLES, source)
    monkeypatch.setattr(project, "version", lambda name: "9.9")
    assert fingerprint(VARIABLES, source) != before


def test_what_dbt_writes_into_the_project_changes_nothing(source: Path) -> None:
    before = fingerprint(VARIABLES, source)
    (source / "target" / "compiled").mkdir(parents=True)
    (source / "target" / "compiled" / "model.sql").write_text("select 1")
    (source / ".user.yml").write_text("id: 1")
    assert fingerprint(VARIABLES, source) == before


def test_moving_a_line_from_one_file_to_the_next_is_a_change(source: Path) -> None:
    one, other = source / "models/a.sql", source / "models/b.sql"
    one.write_text("select 1\n")
    other.write_text("select 2\n")
    before = fingerprint(VARIABLES, source)
    one.write_text("select 1\nselect 2\n")
    other.write_text("")
    assert fingerprint(VARIABLES, source) != before


def test_only_the_latest_are_kept(source: Path, parses: list[Path]) -> None:
    for factor in range(project._KEPT + 3):
        latest = ensure_manifest({"policy": {"tiny.factor": factor}}, source)
        # File times may be too coarse to tell folders made in one moment apart.
        os.utime(latest.folder, (factor, factor))
    kept = {path.name for path in (source / "target" / "parsed").iterdir()}
    assert latest.folder.name in kept
    assert len(kept) == project._KEPT


def test_a_faster_process_wins(source: Path, parses: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = source / "target" / "parsed" / fingerprint(VARIABLES, source)
    stand_in = project._parse

    def parse_while_another_finishes(variables: dict[str, object], source: Path, into: Path) -> None:
        stand_in(variables, source, into)
        folder.mkdir()
        (folder / project._MANIFEST).write_text('{"by": "the other"}')

    monkeypatch.setattr(project, "_parse", parse_while_another_finishes)
    assert ensure_manifest(VARIABLES, source).manifest() == {"by": "the other"}


def test_a_model_that_cannot_be_parsed_is_named(source: Path) -> None:
    (source / "models/core/dim_customer.sql").write_text("select * from {{ ref('nobody') }}")
    with pytest.raises(ClienteleError, match=r"dbt cannot parse the project .*dim_customer.*nobody.*run again\.$"):
        ensure_manifest(VARIABLES, source)
    assert list((source / "target" / "parsed").iterdir()) == []
