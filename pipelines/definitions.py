"""The code location that Dagster loads: everything in `defs/`, nothing else."""

import dagster as dg

from pipelines.defs.loading import load


@dg.definitions
def definitions() -> dg.Definitions:
    """All assets, checks, jobs and resources of the warehouse."""
    return load()
