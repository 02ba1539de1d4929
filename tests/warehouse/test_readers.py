"""Readers while versions come and go."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from pipelines.policy import load_policy
from pipelines.warehouse import versions
from pipelines.warehouse.connection import open_published
from tests.warehouse.small import CATALOG, change, published, rows

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.policy import Policy
    from pipelines.warehouse.workspace import Workspace

# Opens the pointer as a BI tool does, again and again, until it is told to stop; then says how many versions it has seen.
READER = """
import sys, time, duckdb
seen = []
while True:
    with duckdb.connect(sys.argv[1], read_only=True) as reader:
        version, count = reader.execute("select (select max(version) from meta.publication), count(*) from core.dim_customer").fetchone()
    assert count == 4, count
    time.sleep(0.01)
    if not seen:
        print("reading", flush=True)
    if not seen or seen[-1] != version:
        seen.append(version)
    with open(sys.argv[2]) as file:
        if version == file.read():
            break
assert seen == sorted(seen)
print(len(seen))
"""
VERSIONS = 20


def keeping(folder: Path, number: int) -> Policy:
    path = folder / "policy.yml"
    path.write_text(f"publish.keep_versions: {number}", encoding="utf-8")
    return load_policy(path)


def test_another_process_reads_through_twenty_publications(built: Workspace, tmp_path: Path) -> None:
    policy, small = keeping(tmp_path, 1), CATALOG[:1]
    published(built, policy, small)
    last = tmp_path / "last"
    last.write_text("none yet")
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(built.current_link), str(last)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "reading\n"
        for _ in range(VERSIONS):
            newest = published(built, policy, small)
        last.write_text(newest.version)
        told, faults = reader.communicate(timeout=60)
    assert reader.returncode == 0, faults
    assert int(told) > 2


def test_a_reader_keeps_the_version_that_it_has_open(built: Workspace, tmp_path: Path) -> None:
    policy = keeping(tmp_path, 1)
    old = published(built, policy)
    with open_published(built.current_link) as reader:
        change(built, "insert into core.dim_customer values (40, 'person', '华北')")
        for _ in range(2):
            published(built, policy)
        assert not old.path.exists()
        assert reader.execute("select count(*) from core.dim_customer").fetchall() == [(4,)]
        # The same process asks again while it has the old one open.
        assert rows(built, "select count(*) from core.dim_customer") == [(5,)]


def test_as_many_versions_as_the_policy_says_stay(built: Workspace, tmp_path: Path) -> None:
    policy = keeping(tmp_path, 2)
    made = [published(built, policy).version for _ in range(4)]
    assert versions.names(built) == made[2:]
    assert [path.stem for path in sorted(built.state_backups.iterdir())] == made[2:]
    assert [version for (version,) in rows(built, "select version from meta.publication")] == made
