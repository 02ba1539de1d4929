"""Clientele: customer records in, one analysed DuckDB file out."""
