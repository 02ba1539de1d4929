"""Everything in this folder as one Dagster code location."""

from pathlib import Path

import dagster as dg


def load() -> dg.Definitions:
    """All assets, checks, jobs and resources of the warehouse."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
