with checks as (select * from {{ source("raw", "delivery_check") }})
select delivery_key, record_type, expectation, column_name, severity, is_met, observed, expected_low, expected_high
from checks
order by delivery_key, record_type, expectation, column_name
