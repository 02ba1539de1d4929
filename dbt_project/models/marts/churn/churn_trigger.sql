{#- `trigger` is a word of SQL in some engines, hence the alias in every step but the last. -#}
with
    features as (select * from {{ ref("feature_customer_month") }}),
    outcomes as (select * from {{ ref("feature_churn_outcome") }}),
    estimates as (select * from {{ source("estimates", "estimate_churn_trigger") }}),
    fired as (
        select
            estimates.customer_key,
            estimates.as_of,
            estimates.trigger as trigger_name,
            estimates.fired_date,
            estimates.size,
            features.month,
            features.has_payments,
            features.has_contacts,
            features.has_complaints,
            features.has_usage,
            features.has_surveys,
            features.has_changes
        from estimates
        inner join features on estimates.customer_key = features.customer_key and estimates.as_of = features.as_of
    ),
    judged as (
        select fired.trigger_name, outcomes.outcome_known_date, count(*) as fired_count, count_if(outcomes.is_churned) as churned_count
        from fired
        inner join outcomes on fired.customer_key = outcomes.customer_key and fired.as_of = outcomes.as_of
        group by fired.trigger_name, outcomes.outcome_known_date
    ),
    months as (select distinct trigger_name, as_of from fired),
    records as (
        select
            months.trigger_name,
            months.as_of,
            cast(sum(judged.churned_count) as double) / nullif(sum(judged.fired_count), 0) as precision_to_date,
            sum(judged.fired_count) as judged_count
        from months
        left join judged on months.trigger_name = judged.trigger_name and judged.outcome_known_date <= months.as_of
        group by months.trigger_name, months.as_of
    )
select
    fired.customer_key,
    fired.as_of,
    fired.month,
    fired.trigger_name as trigger,
    fired.fired_date,
    fired.size,
    records.precision_to_date,
    cast(coalesce(records.judged_count, 0) as bigint) as judged_count,
    fired.has_payments,
    fired.has_contacts,
    fired.has_complaints,
    fired.has_usage,
    fired.has_surveys,
    fired.has_changes
from fired
inner join records on fired.trigger_name = records.trigger_name and fired.as_of = records.as_of
order by as_of, customer_key, trigger
