with changes as (select * from {{ source("raw", "contract_change") }})
select change_number, record_type, change, column_name, value_before, value_after
from changes
order by change_number
