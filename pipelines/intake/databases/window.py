"""What a database feed read before, compared with what it reads now: from where on to read, whether anything is new, and in which order.

All of it over the extracted files themselves, in a sandbox that sees nothing else.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq

from pipelines.intake.databases.reading import ExtractionError
from pipelines.intake.order import time_of
from pipelines.warehouse.connection import Connection, identifier, quoted

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.intake.databases.source import Watermark

# Under this name a file says what was read for it.
_READING = "reading"
_ROW_GROUP = 20_000


def reading_of(path: Path) -> str | None:
    """What a file says was read for it."""
    stated = (pq.read_metadata(path).metadata or {}).get(_READING.encode())
    return stated.decode() if stated is not None else None


def bound(sandbox: Connection, path: Path, watermark: Watermark, time_zone: str) -> datetime | int | str | None:
    """From where on to read: the greatest value that landed, less the overlap. None where no row had one."""
    column = next((name for name in pq.read_schema(path).names if name.casefold() == watermark.column.casefold()), None)
    if column is None:
        return None
    cell, moment = identifier(column), f"try_cast({identifier(column)} as timestamptz)"
    row = sandbox.execute(
        f"""
        select
            max(try_cast({cell} as hugeint)),
            max({moment}) filter (isfinite({moment})) at time zone 'UTC',
            count({cell}) filter (try_cast({cell} as hugeint) is null),
            count({cell}),
            bool_or(regexp_matches({cell}, '([+-]\\d\\d(:?\\d\\d)?|Z)$') and length({cell}) > 10),
            max(length({cell})) <= 10
        from read_parquet({quoted(str(path))})
        """
    ).fetchone()
    number, latest, no_numbers, filled, has_offset, is_day = row or (None, None, 0, 0, False, False)
    if not filled:
        return None
    distance = watermark.distance
    if isinstance(distance, int):
        if no_numbers or number is None:
            reason = f"the watermark column '{watermark.column}' holds no whole numbers, but its overlap is one"
            raise ExtractionError(reason, "write the overlap as a length of time, such as 2 days")
        return int(number) - distance
    if latest is None or not no_numbers:
        reason = f"the watermark column '{watermark.column}' holds no times, but its overlap is a length of time"
        raise ExtractionError(reason, "name a column of times, or write the overlap as a whole number")
    # One row dated far ahead must not hide all that comes after it: nothing has been read beyond the moment of reading.
    seen: datetime = min(latest, time_of(path.stat().st_mtime_ns)).replace(tzinfo=UTC) - distance
    if has_offset:
        return seen
    local: datetime = seen.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None)
    return local.date().isoformat() if is_day else local


def is_news(sandbox: Connection, raw: Path, last: Path, columns: tuple[str, ...], *, is_full: bool) -> bool:
    """Whether some row was not in the file before; in a full delivery, also whether one is gone.

    Rows are compared by two hashes, 128 bits, each as often as it occurs.
    """
    if set(pq.read_schema(last).names) != set(columns):
        return True
    cells = ", ".join(map(identifier, columns))
    hashed = f"select hash({cells}) as one, hash('again', {cells}) as other, {{0}} as step from read_parquet({{1}})"
    row = sandbox.execute(
        f"""
        with
            stepped as ({hashed.format(1, quoted(str(raw)))} union all {hashed.format(-1, quoted(str(last)))}),
            compared as (select one, other, sum(step) as difference from stepped group by one, other)
        select count(*) filter (difference > 0), count(*) filter (difference < 0) from compared
        """
    ).fetchone()
    came, went = row or (0, 0)
    return bool(came or (is_full and went))


def put_in_order(sandbox: Connection, raw: Path, made: Path, columns: tuple[str, ...], watermark: str | None, reading: str) -> None:
    """Order rows by the watermark and then by all that they hold, here and not at the server: equal rows make an equal file."""
    typed = [f"try_cast({identifier(watermark)} as hugeint)", f"try_cast({identifier(watermark)} as timestamptz)"] if watermark else []
    order = ", ".join(f"{term} nulls first" for term in [*typed, *map(identifier, columns)])
    made.unlink(missing_ok=True)
    sandbox.execute(
        f"""
        copy (select * from read_parquet({quoted(str(raw))}) order by {order}) to {quoted(str(made))}
        (format parquet, compression zstd, row_group_size {_ROW_GROUP}, use_tmp_file false,
         kv_metadata {{{_READING}: {quoted(reading)}}})
        """
    )
    made.chmod(0o600)
