"""Publishing: the public schemas become a new immutable file, which is checked before the pointer moves to it.

Whatever happens before the pointer moves leaves everything as it was; what is due after that (the state, its copy, old versions) is
made up for by the next publication.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from pipelines.errors import ClienteleError
from pipelines.warehouse import copying, describing, state, versions
from pipelines.warehouse.connection import Connection, attach, identifier, open_file, quoted
from pipelines.warehouse.lock import hold
from pipelines.warehouse.publication import Publication

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.policy import Policy
    from pipelines.warehouse.catalog import TableEntry
    from pipelines.warehouse.workspace import Workspace


def published_fingerprint(workspace: Workspace) -> str | None:
    """The fingerprint of the current version; None when nothing is published, or nothing that can be read."""
    manifest = versions.current_manifest(workspace)
    return None if manifest is None else manifest.get("fingerprint")


def publish(
    workspace: Workspace,
    policy: Policy,
    catalog: Sequence[TableEntry],
    fingerprint: str,
    progress: copying.Progress | None = None,
    *,
    known_by: str = "",
) -> Publication:
    """Write, check and point to a new version.

    Args:
        workspace: Whose build is published.
        policy: For the storage format, the number of versions kept and `meta.policy`.
        catalog: Every model to publish.
        fingerprint: Of what the build was made from, so that a later run can tell whether anything is new.
        progress: Called with a table's name, its number and how many there are.
        known_by: The moment up to which the build could know (UTC timestamp as text); empty for no limit. A limited build is a replay:
            it is published like any other, with the marts as reported so far, and the state file does not learn of it.

    Raises:
        ClienteleError: The build does not reconcile, lacks a table or a description, or the copy is not equal to it; the current
            version stays.
    """
    keep = policy.integer("publish.keep_versions")
    with hold(workspace):
        versions.clear(workspace)
        _catch_up(workspace)
        published_at = versions.next_moment(workspace, _now())
        version = versions.name_of(published_at)
        with versions.unfinished(workspace, version) as folder, open_file(workspace.build_file, workspace) as build:
            draft = Publication(
                version=version,
                path=workspace.published / version / versions.DATABASE,
                published_at=published_at,
                known_by=_known_by(build, known_by),
                as_of=_as_of(build, catalog),
                storage_version=policy.text("publish.storage_version"),
                tables={},
                fingerprint=fingerprint,
                is_replay=bool(known_by),
            )
            _refuse_unreconciled(build)
            state.attach_state(build, workspace)
            publication = _write(build, folder, policy, catalog, draft, progress)
            versions.write_manifest(folder, publication.manifest())
        versions.point(workspace, version)
        if not publication.is_replay:
            state.remember(workspace, version)
            state.back_up(workspace, version, keep)
        versions.prune(workspace, keep)
    return publication


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _catch_up(workspace: Workspace) -> None:
    """Have the state remember the current version, if a crash kept it from doing so."""
    manifest = versions.current_manifest(workspace)
    if manifest is not None and not manifest.get("is_replay"):
        state.remember(workspace, str(manifest["version"]))


def _refuse_unreconciled(build: Connection) -> None:
    found = build.execute(
        """
        select fact, source_name, measure, month, unexplained from meta.reconciliation
        where unexplained is distinct from 0 order by abs(unexplained) desc nulls first limit 1
        """
    ).fetchone()
    if found:
        fact, source, measure, month, amount = found
        when = f"{month:%B %Y}" if month else "no readable month"
        message = (
            f"meta.reconciliation: {measure} of {fact} from {source} in {when} differ from what was delivered by {amount} without a cause; "
            "nothing was published. Compare raw and core for that month, then run again."
        )
        raise ClienteleError(message)


def _known_by(build: Connection, limit: str) -> datetime | None:
    known = f" and known_at <= cast({quoted(limit)} as timestamp)" if limit else ""
    row = build.execute(f"select max(known_at) from meta.delivery_ledger where status = 'landed'{known}").fetchone()
    return row[0] if row else None


def _as_of(build: Connection, catalog: Sequence[TableEntry]) -> date | None:
    ends = " union all ".join(
        f"select max(as_of) as as_of from mart.{identifier(entry.table_name)}" for entry in catalog if entry.is_reported
    )
    row = build.execute(f"select max(as_of) from ({ends})").fetchone() if ends else None
    return row[0] if row else None


def _write(
    build: Connection,
    folder: Path,
    policy: Policy,
    catalog: Sequence[TableEntry],
    draft: Publication,
    progress: copying.Progress | None,
) -> Publication:
    """Write the new file and hold it against the build."""
    attach(build, folder / versions.DATABASE, copying.TARGET, storage_version=draft.storage_version)
    copies = copying.plan(build, catalog, str(draft.published_at), is_replay=draft.is_replay)
    publication = replace(draft, tables=copying.write(build, copies, progress))
    publication = describing.describe(build, policy, [copy.entry for copy in copies], publication)
    build.execute(f"checkpoint {copying.TARGET}")
    build.execute(f"detach {copying.TARGET}")
    copying.compare(build, folder / versions.DATABASE, copies, publication.tables)
    return publication
