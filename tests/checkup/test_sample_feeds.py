"""Every feed of the sample is understood from one of its files alone, as somebody would meet it who has no source for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import pipelines.sample
from pipelines.checkup.proposing import propose
from pipelines.checkup.rehearsal import rehearse
from pipelines.checkup.source_text import source_text
from pipelines.intake.sources import load_source
from pipelines.policy import load_policy
from pipelines.sample import Wanted, write_sample
from pipelines.warehouse.workspace import Workspace
from tests.checkup.proposals import CONTRACTS, loaded, reads

if TYPE_CHECKING:
    from pipelines.checkup.figures import Checkup
    from pipelines.intake.sources import Source

FEEDS: Final = sorted(path.stem for path in (Path(pipelines.sample.__file__).parent / "sources").glob("*.yml"))
# What one column tells and nobody could know from the file, by feed: column and why. A column that several expressions share, a constant
# and a computed one are not asked for at all.
UNFILLED: Final = {
    "harbour_customers": {"gender": "a form of address (Ms, Mr) is no gender until a person says so"},
    "hr_organisation_units": {"kind": "levels are coded (L0, L1); what they are stands in no file"},
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("sample")
    write_sample(root, Wanted(customers=300, months=6))
    return Workspace.at(root)


def example(sample: Workspace, name: str) -> tuple[Source, Path]:
    """A feed's true source, and the largest of its files."""
    source = load_source(sample.sources / f"{name}.yml", CONTRACTS)
    return source, max(sorted(sample.root.glob(source.location)), key=lambda path: path.stat().st_size)


def values(found: Checkup) -> dict[str, tuple[str, ...]]:
    """Examples of the columns whose values are of a type or of a list, and not as a system writes them."""
    return {
        item.name: item.examples
        for item in found.columns
        if (one := CONTRACTS[item.record_type].property(item.name)).valid_values or one.logical_type != "string"
    }


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_is_understood(sample: Workspace, tmp_path: Path, name: str) -> None:
    source, path = example(sample, name)
    proposal = propose(path, CONTRACTS)
    assert (proposal.best.record.name, proposal.second) == (source.feeds[0].record.name, None)
    assert not proposal.lacking
    proposed, workspace = loaded(proposal, tmp_path), Workspace.at(tmp_path / "workspace")
    wanted, found = reads(source), reads(proposed)
    assert set(found) <= set(wanted)
    plain = {place: columns for place, columns in wanted.items() if len(columns) == 1}
    wrong = {place: (columns, found[place]) for place, columns in plain.items() if place in found and found[place] != columns}
    assert not wrong
    unfilled = {column: columns[0] for (_, column), columns in plain.items() if (source.feeds[0].record.name, column) not in found}
    assert set(unfilled) <= set(UNFILLED.get(name, {}))
    # What is left out is said.
    said = [line.partition("#")[2] for line in source_text(proposal, workspace, load_policy()).splitlines()]
    assert all(any(column in line for line in said) for column in unfilled.values())
    landed, real = (rehearse(workspace, one, path, load_policy()) for one in (proposed, source))
    assert landed.ledger[0].rows_landed >= real.ledger[0].rows_landed * 0.9
    there = {item.name: 1 - (item.null_share or 0.0) for item in landed.columns}
    assert all(there[item.name] >= (1 - (item.null_share or 0.0)) * 0.9 for item in real.columns if item.name in there)
    told, true = values(landed), values(real)
    assert {column: told[column] for column in told} == {column: true[column] for column in told}


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_is_understood_without_the_name_of_its_file(sample: Workspace, tmp_path: Path, name: str) -> None:
    source, path = example(sample, name)
    nameless = tmp_path / f"export{''.join(path.suffixes)}"
    nameless.symlink_to(path)
    proposal = propose(nameless, CONTRACTS)
    assert (proposal.best.record.name, proposal.second, proposal.lacking) == (source.feeds[0].record.name, None, ())


def test_every_record_type_is_delivered(sample: Workspace) -> None:
    assert {example(sample, name)[0].feeds[0].record.name for name in FEEDS} == set(CONTRACTS)
