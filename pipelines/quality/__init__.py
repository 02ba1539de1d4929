"""A delivery as a whole: measured over its landed rows, held against its source's history, kept out when its shape is wrong.

One SQL pass makes a small frame of figures for all new deliveries; Great Expectations judges the frame, never the rows.
"""
