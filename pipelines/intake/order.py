"""What a delivery's name and time say of it: its place among the deliveries of its source, and when its content could have been known."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pipelines.intake.faults import DeliveryError

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.intake.sources import Source

# A plain number in a file's name is put in order as a number: widened to this many digits, 9 stands before 10.
_DIGITS = 12


def time_of(nanoseconds: int) -> datetime:
    """A file's time as the tables have it: UTC, to the microsecond.

    Args:
        nanoseconds: Since 1970, as the file system says.
    """
    return _naive(datetime.fromtimestamp(nanoseconds // 1000 / 1e6, UTC))


def delivery_order(source: Source, path: Path, received: datetime) -> str:
    """Text that sorts as the source declares; of two deliveries the greater is the newer.

    Raises:
        DeliveryError: The file's name does not say.
    """
    if source.delivery_order.origin == "file_name":
        text = _part(source, path, "delivery_order", source.delivery_order.pattern or "")
        return text.zfill(_DIGITS) if text.isdecimal() else text
    return f"{received.isoformat(timespec='microseconds')} {path.name}"


def known_at(source: Source, path: Path, received: datetime) -> datetime | None:
    """When the content could have been known, UTC; None where that stands in its rows.

    Raises:
        DeliveryError: The file's name does not say.
    """
    rule = source.known_at
    if rule.origin == "received":
        return received
    if rule.origin == "latest_event":
        return None
    text = _part(source, path, "known_at", rule.pattern or "")
    try:
        moment = datetime.strptime(text, rule.format)
        return _naive(moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(source.time_zone)))
    except (ValueError, OverflowError) as fault:
        reason = f"'{text}' in its name is not a date by the format '{rule.format}' of known_at"
        raise DeliveryError(path, reason, f"rename the file, or correct the format in {source.path}") from fault


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _part(source: Source, path: Path, rule: str, pattern: str) -> str:
    found = re.search(pattern, path.name)
    part = found[1] if found is not None else None
    if part is None:
        reason = f"its name does not match the pattern '{pattern}' of {rule}"
        raise DeliveryError(path, reason, f"rename the file, or correct the pattern in {source.path}")
    return str(part)
