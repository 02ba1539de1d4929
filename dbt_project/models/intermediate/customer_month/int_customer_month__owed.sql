-- How what a customer owes changes in a month. Summed up to a month these changes give the balance and, because what is paid without
-- naming an invoice settles the oldest due first, also the part that is overdue. Nothing is said for systems of which no payments are
-- delivered.
with
    invoices as (select * from {{ ref("fct_invoice") }}),
    payments as (select * from {{ ref("fct_payment") }}),
    paid_systems as (select * from {{ ref("int_source_system__paid") }}),
    closed_months as (select * from {{ ref("int_month__closed") }}),
    first_closed as (select min(month) as month from closed_months),
    owed as (
        select
            invoices.*,
            -- A bill is overdue from the day after it was due.
            {{ month_of(dbt.dateadd("day", 1, "invoices.due_date")) }} as overdue_month
        from invoices
        inner join paid_systems using (source_system)
        where invoices.amount is not null
    ),
    -- Money that comes in counts for what is overdue only when the bill that it names is.
    settling as (
        select customer_key, invoice_key, paid_month as month, amount
        from payments
        where is_settling and amount is not null
        union all
        select customer_key, invoice_key, {{ month_of("returned_date") }} as month, - amount as amount
        from payments
        where is_settling and amount is not null and returned_date is not null
        union all
        select credits.customer_key, cancelled.invoice_key, credits.billing_month as month, - credits.amount as amount
        from owed as credits
        -- A credit for an invoice that is not here is a credit to the customer.
        left join owed as cancelled on credits.cancels_invoice_key = cancelled.invoice_key
        where credits.amount < 0
    ),
    changes as (
        select customer_key, billing_month as month, amount as open_change, cast(0 as decimal(18, 4)) as overdue_change
        from owed
        where amount >= 0
        union all
        select customer_key, overdue_month as month, cast(0 as decimal(18, 4)) as open_change, amount as overdue_change
        from owed
        where amount >= 0 and overdue_month is not null
        union all
        select customer_key, month, - amount as open_change, - amount as overdue_change
        from settling
        where invoice_key is null
        union all
        select owed.customer_key, settling.month, - settling.amount as open_change, cast(0 as decimal(18, 4)) as overdue_change
        from settling
        inner join owed using (invoice_key)
        union all
        select
            owed.customer_key,
            greatest(settling.month, owed.overdue_month) as month,
            cast(0 as decimal(18, 4)) as open_change,
            - settling.amount as overdue_change
        from settling
        inner join owed using (invoice_key)
        where owed.overdue_month is not null
    )
select
    changes.customer_key,
    -- What happened before the first month that is kept is carried into it.
    greatest(changes.month, first_closed.month) as month,
    cast(sum(changes.open_change) as decimal(18, 4)) as open_change,
    cast(sum(changes.overdue_change) as decimal(18, 4)) as overdue_change
from changes
cross join first_closed
group by 1, 2
