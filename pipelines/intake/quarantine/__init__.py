"""Rows that could not land: counted, shown with what is personal masked, and written out to be mended."""
