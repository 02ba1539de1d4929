{%- set gap_months = policy_value("churn.gap_months") %}
{%- set last_month = gap_months + policy_value("churn.horizon_months") %}
with
    features as (select * from {{ ref("feature_customer_month") }}),
    months as (select * from {{ ref("fct_customer_month") }}),
    closed_months as (select * from {{ ref("int_month__closed") }}),
    -- The customer-month has no gaps and ends with the last closed month, so rows ahead are months ahead.
    ahead as (
        select
            customer_key,
            as_of,
            sum(invoice_count) over (
                partition by customer_key order by month rows between {{ gap_months + 1 }} following and {{ last_month }} following
            ) as bill_count
        from months
    ),
    known as (
        select observed.as_of, outcomes.as_of as outcome_known_date
        from closed_months as observed
        inner join closed_months as outcomes on outcomes.month = cast({{ dbt.dateadd("month", last_month, "observed.month") }} as date)
    )
select features.customer_key, features.as_of, known.outcome_known_date, ahead.bill_count = 0 as is_churned
from features
inner join known on features.as_of = known.as_of
inner join ahead on features.customer_key = ahead.customer_key and features.as_of = ahead.as_of
-- Who has no bill to lose, or has left in so many words, cannot be lost any more.
where features.bill_count_12m > 0 and not features.is_closed
order by customer_key, as_of
