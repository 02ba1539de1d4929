"""The contracts are what the public standard says: its own schema and its own model read each of them."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft201909Validator
from open_data_contract_standard.model import OpenDataContractStandard

from pipelines.contracts.model import FOLDER, load_contracts

if TYPE_CHECKING:
    from pathlib import Path

PATHS = sorted((FOLDER / "records").glob("*.yml"))
SCHEMA = json.loads(files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8"))


def faults(contract: Any) -> list[str]:
    """What the standard's schema has against a contract."""
    return [f"{fault.json_path}: {fault.message}" for fault in Draft201909Validator(SCHEMA).iter_errors(contract)]


@pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
def test_the_standard_reads_every_contract(path: Path) -> None:
    assert faults(yaml.safe_load(path.read_text(encoding="utf-8"))) == []
    read = OpenDataContractStandard.from_file(str(path))
    assert read.apiVersion == "v3.1.0"
    assert read.schema_ is not None
    names = [item.name for item in read.schema_[0].properties or []]
    assert names == [item.name for item in load_contracts()[path.stem].properties]


def test_what_is_shared_stands_in_the_standards_words() -> None:
    """A property of `fields.yml` is one of a contract: put into one, the standard has nothing against it."""
    contract = yaml.safe_load(PATHS[0].read_text(encoding="utf-8"))
    shared = yaml.safe_load((FOLDER / "fields.yml").read_text(encoding="utf-8"))["properties"]
    contract["schema"][0]["properties"] = shared
    assert faults(contract) == []


def test_the_schema_would_object() -> None:
    contract = yaml.safe_load(PATHS[0].read_text(encoding="utf-8"))
    contract["schema"][0]["properties"][0]["logicalType"] = "money"
    assert any("'money' is not one of" in fault for fault in faults(contract))
