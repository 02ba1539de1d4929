"""Statistics of customers: pure functions from frames to frames, one method a file.

Every function takes the rows of `feature_customer_month` for one `as_of` (or a small frame said in its docstring) and gives one row a
customer, sorted by `customer_key`. Nothing here reads a file, a clock or a database, and nothing is random: equal rows in any order give
equal results. What may be argued about comes in a frozen parameters object made `from_policy`.
"""
