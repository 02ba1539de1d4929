"""The names of the rules that a delivered row may break; what they check stands in the contracts and in `checking`."""

from __future__ import annotations

# Rules of a column, from the contract.
TYPE, REQUIRED, VALID_VALUES, MINIMUM, MAXIMUM, MAX_LENGTH, PATTERN = (
    "type", "required", "valid_values", "minimum", "maximum", "max_length", "pattern",
)  # fmt: skip
# Rules of a row as a whole: its bytes, its fields, what the source says of it, and at least one of several columns.
ENCODING, BROKEN_QUOTES, FEWER_FIELDS, MORE_FIELDS, NOT_JSON, WHERE, ONE_OF = (
    "encoding", "broken_quotes", "missing_columns", "too_many_columns", "not_json", "where", "one_of",
)  # fmt: skip
# Rules of a row beside the others of its delivery.
KEY_CONFLICT, ANY_EQUAL = "key_conflict", "any_equal"
# Of which row a duplicate is one: of its own delivery, or of one that landed before.
SAME_DELIVERY, LANDED_BEFORE = "same_delivery", "landed_before"
