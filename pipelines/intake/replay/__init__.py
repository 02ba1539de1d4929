"""Mended rows on their way back: judged beside what their delivery has landed, and landed as part of it."""
