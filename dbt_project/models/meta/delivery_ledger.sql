with deliveries as (select * from {{ source("raw", "delivery") }})
select
    delivery_key,
    source_name,
    source_system,
    received_at,
    known_at,
    landed_at,
    record_type,
    mode,
    rows_in,
    rows_landed,
    rows_duplicate,
    rows_excluded,
    rows_quarantined,
    records,
    is_folded,
    status,
    reason,
    decision,
    decided_at,
    mends_delivery_key
from deliveries
order by source_name, delivery_order, delivery_key, record_type
