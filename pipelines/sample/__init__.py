"""A believable business from a seed: what its systems would deliver to the warehouse, and the truth that they do not tell.

`industries` says what is sold; `population` who there is; `story` what happens to them, month by month, from hidden causes; `records`
what that leaves behind, clean; `systems` how each system tells it; `deliveries` what goes wrong on the way, and the files. `truth` is
written apart: nothing of the warehouse reads it. `report` holds the shapes against real ones. `sources/` describes the deliveries.
"""

from pipelines.sample.wanted import Wanted
from pipelines.sample.writing import SampleSummary, make_sample, write_sample

__all__ = ["SampleSummary", "Wanted", "make_sample", "write_sample"]
