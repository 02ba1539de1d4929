"""Estimates: each closed month read from the build file, given to the pure functions of `analytics`, and written back as `estimates.*`.

One `as_of` is in memory at a time, and only the columns that a method asks for. No number is computed here and no Dagster word is known.
"""
