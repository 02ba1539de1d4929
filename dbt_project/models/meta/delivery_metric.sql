with metrics as (select * from {{ source("raw", "delivery_metric") }})
select delivery_key, record_type, column_name, metric, value
from metrics
order by delivery_key, record_type, column_name, metric
