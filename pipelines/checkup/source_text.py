"""A proposal as the text of a source file, complete: what is sure, what is a guess (`# confirm`), and what is missing."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import yaml

from pipelines.checkup.masks import seen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.checkup.feeds import FeedProposal
    from pipelines.checkup.proposing import Proposal
    from pipelines.policy import Policy
    from pipelines.warehouse.workspace import Workspace

_WIDE = 10_000
# Where the text of the record type has no Latin letters a source is named after the type.
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CLASSES = re.compile(r"[*?\[\]]")


def source_text(proposal: Proposal, workspace: Workspace, policy: Policy) -> str:
    """The text of the source.

    Args:
        proposal: What it says.
        workspace: For the place of the file in it.
        policy: For currency and time zone, which no file states.
    """
    name = _source_name(proposal)
    place = _location(proposal, workspace, name)
    system = PurePosixPath(place).parent.name
    system = system if _NAME.fullmatch(system) and system != "landing" else name
    lines = [
        "# Proposed by 'clientele check'. Look at each line with 'confirm', then put the file into the workspace's sources/.",
        *(f"# confirm: {seen(doubt)}." for doubt in proposal.doubts),
        f"source: {name}",
        f"system: {system}  # confirm: whose numbers these are; keys are unique within a system",
        f"description: {_scalar(proposal.best.record.title)}.",
        f"location: {_scalar(place)}",
        f"format: {_flow(proposal.form)}",
        f"time_zone: {policy.text('reporting.time_zone')}  # confirm: of times that state no offset",
        f"currency: {_currency(proposal, policy)}  # confirm: of amounts whose row states none",
        "mode: append  # confirm: 'full' where each file states every record anew and a missing one has ended",
        *_times(proposal),
        "feeds:",
    ]
    for feed in proposal.feeds:
        lines += _feed_lines(feed)
    if proposal.unmapped:
        lines.append("# Not read: " + ", ".join(seen(name) for name in proposal.unmapped))
    return "\n".join(lines) + "\n"


def _feed_lines(feed: FeedProposal) -> list[str]:
    lines = [f"  {feed.record.name}:" + (f"  # {feed.remark}" if feed.remark else "")]
    for key, value in feed.keys.items():
        lines.append(f"    {key}: {value if value.startswith('{') or value == 'true' else _scalar(value)}")
    lines.append("    columns:")
    order = {item.name: place for place, item in enumerate(feed.record.properties)}
    left_out = []
    for item in sorted(feed.columns, key=lambda one: order[one.column]):
        if item.sql is None:
            left_out.append(f"      # {item.column}: {seen(item.remark)}")
        else:
            lines.append(f"      {item.column}: {_scalar(item.sql)}" + (f"  # {seen(item.remark)}" if item.remark else ""))
    lines += [f"      # missing: {name}  ({_first(feed.record.property(name).description)})" for name in feed.lacking]
    return lines + left_out


def _first(description: str) -> str:
    return description.split(". ", maxsplit=1)[0].rstrip(".")


def _scalar(text: str) -> str:
    """A text as YAML, on one line, in quotes where it needs them."""
    written = yaml.safe_dump(text, allow_unicode=True, width=_WIDE, default_style=None).removesuffix("\n...\n").rstrip("\n")
    # `null`, `yes` and their like come back as they went; a line with a colon or a hash is quoted by the writer.
    return written if "\n" not in written else yaml.safe_dump(text, allow_unicode=True, width=_WIDE, default_style='"').strip()


def _flow(values: Mapping[str, object]) -> str:
    return yaml.safe_dump(dict(values), allow_unicode=True, width=_WIDE, default_flow_style=True, sort_keys=False).strip()


def _source_name(proposal: Proposal) -> str:
    stem = proposal.path.name.split(".", 1)[0]
    words = re.findall(r"[a-z]+[a-z0-9]*", re.sub(r"\d{4}[-_.]?\d{0,2}[-_.]?\d{0,2}", " ", stem).casefold())
    name = "_".join(words)
    return name if _NAME.fullmatch(name) else proposal.best.record.name


def _location(proposal: Proposal, workspace: Workspace, name: str) -> str:
    """Where files such as this one lie: its own folder if that is in the workspace, with its date left open."""
    path = proposal.path.resolve()
    stem = path.name
    if proposal.dated is not None:
        found = re.search(proposal.dated[0], stem)
        if found is not None:
            before, after = stem[: found.start(1)], stem[found.end(1) :]
            stem = f"{_CLASSES.sub('?', before)}*{_CLASSES.sub('?', after)}"
    else:
        stem = _CLASSES.sub("?", stem)
    folder = path.parent.relative_to(workspace.root) if path.is_relative_to(workspace.root) else Path("landing") / name
    return (folder / stem).as_posix()


def _currency(proposal: Proposal, policy: Policy) -> str:
    """The one that the rows state, else the workspace's."""
    column = proposal.best.columns.get("currency")
    if column is not None:
        place = proposal.sample.header.index(column)
        stated = {row[place].strip() for row in proposal.sample.rows} - {""}
        if len(stated) == 1 and re.fullmatch(r"[A-Z]{3}", found := stated.pop()):
            return found
    return policy.text("reporting.currency")


def _times(proposal: Proposal) -> list[str]:
    event = proposal.best.record.event_time
    from_rows = event is not None and event.name in proposal.best.columns
    lines = []
    if proposal.dated is not None:
        pattern, form = proposal.dated
        lines.append(f"delivery_order: {{from: file_name, pattern: {_single(pattern)}}}")
        if form is not None:
            return [*lines, f"known_at: {{from: file_name, pattern: {_single(pattern)}, format: {_single(form)}}}"]
    if from_rows:
        return [*lines, "known_at: {from: latest_event}  # confirm: 'received' where files arrive as they are written, not as a backfill"]
    return [*lines, "known_at: {from: received}  # confirm: a backfill needs the date of each file"]


def _single(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
