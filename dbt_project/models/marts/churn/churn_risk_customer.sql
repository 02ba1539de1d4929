with
    features as (select * from {{ ref("feature_customer_month") }}),
    estimates as (select * from {{ source("estimates", "estimate_churn_risk") }})
select
    features.customer_key,
    features.as_of,
    features.month,
    estimates.probability,
    estimates.risk_band,
    estimates.is_abstained,
    estimates.abstain_reason,
    estimates.rhythm_ratio,
    estimates.evidence_count,
    estimates.reason_1,
    estimates.reason_2,
    estimates.reason_3,
    estimates.trigger_count,
    cast(null as decimal(18, 4)) as clv_12m,
    cast(null as decimal(18, 4)) as expected_loss,
    cast(null as decimal(18, 4)) as expected_profit_of_action,
    cast(null as {{ dbt.type_string() }}) as recommendation,
    estimates.model_version,
    features.has_payments,
    features.has_contacts,
    features.has_complaints,
    features.has_usage,
    features.has_surveys,
    features.has_changes
from features
left join estimates on features.customer_key = estimates.customer_key and features.as_of = estimates.as_of
order by as_of, customer_key
