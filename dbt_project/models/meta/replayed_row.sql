with replayed as (select * from {{ source("raw", "replayed_row") }})
select mended_delivery_key, record_type, row_number, delivery_key, disposition, known_at
from replayed
order by mended_delivery_key, record_type, row_number
