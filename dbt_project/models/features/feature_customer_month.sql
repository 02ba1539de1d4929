{%- set window_months = policy_value("segmentation.window_months") %}
with
    months as (select * from {{ ref("int_customer_month__measured") }}),
    first_facts as (select * from {{ ref("int_customer__first_fact") }}),
    history as (select * from {{ ref("dim_customer_history") }}),
    -- A closing counts from its own day on; intervals do not overlap, so no more than one reaches a month's end.
    closings as (
        select customer_key, closed_date, {{ business_date("coalesce(valid_to, " ~ end_of_time() ~ ")") }} as reopened_date
        from history
        where is_closed
    ),
    summed as (
        select
            months.*,
            sum(invoice_count) over to_date as bill_count,
            sum(bill_date_count) over to_date as bill_date_count_to_date,
            sum(invoice_count) over one_year as bill_count_12m,
            count_if(invoice_count > 0) over one_year as active_months_12m,
            sum(net_amount) over one_year as net_amount_12m,
            sum(net_amount) over half_year as net_amount_6m,
            sum(net_amount) over half_year_before as net_amount_prior_6m,
            sum(cost_amount) over one_year as cost_amount_12m,
            sum(contact_count) over one_year as contact_count_12m,
            sum(complaint_count) over one_year as complaint_count_12m,
            sum(payment_count) over one_year as payment_count_12m,
            max(longest_gap_days) over won_back as previous_gap_days
        from months
        window
            to_date as (partition by customer_key order by month rows between unbounded preceding and current row),
            one_year as (partition by customer_key order by month rows between {{ window_months - 1 }} preceding and current row),
            half_year as (partition by customer_key order by month rows between {{ window_months // 2 - 1 }} preceding and current row),
            half_year_before as (
                partition by customer_key
                order by month rows between {{ window_months - 1 }} preceding and {{ window_months // 2 }} preceding
            ),
            won_back as (
                partition by customer_key
                order by month rows between {{ policy_value("life_cycle.won_back_months") - 1 }} preceding and current row
            )
    )
select
    summed.customer_key,
    summed.as_of,
    summed.month,
    summed.registered_date,
    case when summed.first_bill_date <= summed.as_of then summed.first_bill_date end as first_bill_date,
    summed.last_issued_date as last_bill_date,
    cast({{ dbt.datediff("least(summed.registered_date, summed.first_bill_date)", "summed.as_of", "day") }} as integer) as tenure_days,
    cast({{ dbt.datediff("summed.last_issued_date", "summed.as_of", "day") }} as integer) as days_since_last_bill,
    cast(summed.bill_count as integer) as bill_count,
    cast(summed.bill_count_12m as integer) as bill_count_12m,
    cast(summed.active_months_12m as integer) as active_months_12m,
    case
        when summed.first_bill_date <= summed.as_of
        then cast({{ dbt.datediff("summed.first_bill_month", "summed.month", "month") }} as integer)
    end as months_since_first_bill,
    summed.net_amount as net_amount_month,
    cast(summed.net_amount_12m as decimal(18, 4)) as net_amount_12m,
    cast(summed.net_amount_6m as decimal(18, 4)) as net_amount_6m,
    cast(coalesce(summed.net_amount_prior_6m, 0) as decimal(18, 4)) as net_amount_prior_6m,
    cast(summed.net_amount_12m - summed.cost_amount_12m as decimal(18, 4)) as margin_amount_12m,
    cast(summed.net_amount_12m - coalesce(summed.cost_amount_12m, 0) as decimal(18, 4)) as contribution_12m,
    summed.product_count_window as product_count_12m,
    summed.account_count,
    cast(summed.contact_count_12m as integer) as contact_count_12m,
    cast(summed.complaint_count_12m as integer) as complaint_count_12m,
    summed.open_complaint_count,
    cast({{ dbt.datediff("summed.oldest_open_complaint_date", "summed.as_of", "day") }} as integer) as oldest_open_complaint_days,
    cast(summed.payment_count_12m as integer) as payment_count_12m,
    summed.last_payment_date,
    summed.overdue_amount,
    cast({{ dbt.datediff("summed.first_issued_date", "summed.last_issued_date", "day") }} as double)
    / nullif(summed.bill_date_count_to_date - 1, 0) as mean_bill_interval_days,
    cast(greatest(summed.bill_date_count_to_date - 1, 0) as integer) as bill_interval_count,
    summed.previous_gap_days,
    closings.customer_key is not null as is_closed,
    closings.closed_date,
    coalesce(first_facts.first_payment_date <= summed.as_of, false) as has_payments,
    coalesce(first_facts.first_contact_date <= summed.as_of, false) as has_contacts,
    coalesce(first_facts.first_complaint_date <= summed.as_of, false) as has_complaints,
    false as has_usage,
    false as has_surveys,
    false as has_changes
from summed
left join
    closings
    on summed.customer_key = closings.customer_key
    and summed.as_of >= closings.closed_date
    and summed.as_of < closings.reopened_date
left join first_facts on summed.customer_key = first_facts.customer_key
where summed.is_listed
order by customer_key, as_of
