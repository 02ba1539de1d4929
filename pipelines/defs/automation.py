"""What is run."""

import dagster as dg

build = dg.define_asset_job(
    "build",
    selection=dg.AssetSelection.all(),
    description="From the deliveries that wait to a published file; nothing when there is nothing new.",
)
