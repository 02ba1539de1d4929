"""A small believable telecommunication business, from a seed: what its systems would deliver to the warehouse.

What happened is made first: `people`, `accounts`, `behaviour`, then `bills` with their `lines`, `payments`, `complaints`, `contacts`.
Then each system tells it in its own way: `crm`, `billing` (with `versions`), `call_centre`, `complaints_desk`. `dirt` spoils a little
of it on the way, and `writing` puts it into files. `sources/` holds the source files that go with them.
"""

from pipelines.sample.writing import SampleSummary, write_sample

__all__ = ["SampleSummary", "write_sample"]
