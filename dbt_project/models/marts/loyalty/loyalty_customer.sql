with
    features as (select * from {{ ref("feature_customer_month") }}),
    estimates as (select * from {{ source("estimates", "estimate_loyalty") }})
select
    features.customer_key,
    features.as_of,
    features.month,
    estimates.behavioural_score,
    estimates.tenure_score,
    estimates.regularity_score,
    estimates.depth_score,
    estimates.trend_score,
    cast(null as double) as attitudinal_score,
    cast(null as double) as loyalty_score,
    cast(null as {{ dbt.type_string() }}) as loyalty_type,
    cast(null as {{ dbt.type_string() }}) as held_by,
    features.has_payments,
    features.has_contacts,
    features.has_complaints,
    features.has_usage,
    features.has_surveys,
    features.has_changes
from features
left join estimates on features.customer_key = estimates.customer_key and features.as_of = estimates.as_of
order by as_of, customer_key
