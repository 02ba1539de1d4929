"""The only room that opens DuckDB: workspaces, connections and their limits, frames in and out, the vault, versions and publishing.

No business rule stands here and no Dagster word.
"""
