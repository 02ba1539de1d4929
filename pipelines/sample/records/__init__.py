"""What happened, as clean typed frames: one module a record type, or a few that belong together."""
