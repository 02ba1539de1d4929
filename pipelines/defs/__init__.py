"""What Dagster is told: which assets there are, what each stands on, and in which order they are made.

Only names, order and evidence stand here. An op calls functions of the rooms and reports what they return; there is no SQL, no frame
and no arithmetic.
"""
