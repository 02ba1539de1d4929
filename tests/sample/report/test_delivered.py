"""What the report looks for is what the contacts say."""

from __future__ import annotations

from pipelines.sample.report.delivered import KEEPING
from pipelines.sample.texts import CONTACT_REASONS


def test_the_reasons_about_leaving_or_staying_are_reasons_of_contacts() -> None:
    """Else the features and the shape built on them are nothing, without a fault."""
    assert set(KEEPING) <= set(CONTACT_REASONS)
