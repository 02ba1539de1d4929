"""Samples that nobody changes, written once a session."""
