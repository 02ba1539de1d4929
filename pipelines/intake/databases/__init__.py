"""Databases as sources: what lies in one is read into a Parquet file for each feed, and the file is the delivery."""
