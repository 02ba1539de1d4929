-- Whatever a fact lacks or has beyond what was delivered must have a named cause: a single row without one keeps the version from being
-- published.
select fact, source_name, measure, month, currency, difference, explained, unexplained
from {{ ref("reconciliation") }}
where unexplained <> 0
