with
    features as (select * from {{ ref("feature_customer_month") }}),
    estimates as (select * from {{ source("estimates", "estimate_segmentation") }})
select
    features.customer_key,
    features.as_of,
    features.month,
    estimates.recency_score,
    estimates.frequency_score,
    estimates.monetary_score,
    estimates.rfm_segment,
    estimates.pareto_tier,
    cast(null as {{ dbt.type_string() }}) as sustained_tier,
    cast(null as {{ dbt.type_string() }}) as value_quadrant,
    estimates.life_cycle_stage,
    estimates.life_cycle_rule,
    cast(null as integer) as behaviour_cluster,
    cast(null as {{ dbt.type_string() }}) as behaviour_cluster_name,
    features.has_payments,
    features.has_contacts,
    features.has_complaints,
    features.has_usage,
    features.has_surveys,
    features.has_changes
from features
left join estimates on features.customer_key = estimates.customer_key and features.as_of = estimates.as_of
order by as_of, customer_key
