with summary as (select * from {{ source("raw", "quarantine_summary") }})
select delivery_key, record_type, column_name, rule, row_count
from summary
order by delivery_key, record_type, column_name, rule
