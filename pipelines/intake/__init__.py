"""From a delivery to landed rows: find it, read it, map it, check it, split off what is personal, land it, and account for every row.

No Dagster word and no threshold of its own: what a column is stands in the contracts, what may be argued about stands in the policy.
"""
