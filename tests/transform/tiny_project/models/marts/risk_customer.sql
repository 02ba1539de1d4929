select risk.customer_key, risk.as_of, risk.probability
from {{ source("estimates", "estimate_risk") }} as risk
join {{ ref("dim_customer") }} as customer on customer.customer_key = risk.customer_key
