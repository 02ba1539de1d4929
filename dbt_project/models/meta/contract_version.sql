with versions as (select * from {{ source("raw", "contract_version") }})
select record_type, version, key_columns
from versions
order by record_type
