with
    lines as (select * from {{ ref("stg_invoice_lines") }}),
    invoices as (select * from {{ ref("fct_invoice") }}),
    products as (select * from {{ ref("dim_product") }}),
    valued as (
        select
            lines.invoice_key,
            lines.line_number,
            lines.source_system,
            lines._source_name as source_name,
            coalesce(invoices.customer_key, -1) as customer_key,
            -- Lines without their invoice belong to the unknown customer, who has one version.
            coalesce(invoices.customer_version_key, {{ surrogate_key(["-1", beginning_of_time()]) }}) as customer_version_key,
            invoices.issued_at,
            invoices.issued_date,
            invoices.billing_month,
            coalesce(lines.product_key, -1) as product_key,
            coalesce(lines.subscription_key, -1) as subscription_key,
            lines.charge_type,
            lines.quantity,
            lines.amount as amount_original,
            lines.tax_amount as tax_amount_original,
            coalesce(lines.cost, cast(lines.quantity * products.unit_cost as decimal(18, 4))) as cost_amount_original,
            invoices.currency,
            coalesce(invoices.currency = {{ policy("reporting.currency") }}, false) as is_in_reporting_currency
        from lines
        left join invoices on lines.invoice_key = invoices.invoice_key
        left join products on lines.product_key = products.product_key
    )
select
    invoice_key,
    line_number,
    source_system,
    source_name,
    customer_key,
    customer_version_key,
    issued_at,
    issued_date,
    billing_month,
    product_key,
    subscription_key,
    charge_type,
    quantity,
    case when is_in_reporting_currency then amount_original end as amount,
    case when is_in_reporting_currency then cast(amount_original - coalesce(tax_amount_original, 0) as decimal(18, 4)) end as net_amount,
    case when is_in_reporting_currency then tax_amount_original end as tax_amount,
    case when is_in_reporting_currency then cost_amount_original end as cost_amount,
    amount_original,
    currency
from valued
order by invoice_key, line_number
