with
    invoices as (select * from {{ ref("fct_invoice") }}),
    lines as (select * from {{ ref("fct_invoice_line") }}),
    payments as (select * from {{ ref("fct_payment") }}),
    contacts as (select * from {{ ref("fct_contact") }}),
    complaints as (select * from {{ ref("fct_complaint") }}),
    rows_of_facts as (
        select 'fct_invoice' as fact, source_name, billing_month as month, currency, amount
        from invoices
        union all
        select 'fct_invoice_line', source_name, billing_month, currency, amount
        from lines
        union all
        select 'fct_payment', source_name, paid_month, currency, amount
        from payments
        union all
        select 'fct_contact', source_name, contact_month, cast(null as {{ dbt.type_string() }}), cast(null as decimal(18, 4))
        from contacts
        union all
        select 'fct_complaint', source_name, received_month, cast(null as {{ dbt.type_string() }}), cast(null as decimal(18, 4))
        from complaints
    )
select fact, source_name, month, currency, count(*) as row_count, cast(coalesce(sum(amount), 0) as decimal(18, 4)) as amount
from rows_of_facts
group by fact, source_name, month, currency
