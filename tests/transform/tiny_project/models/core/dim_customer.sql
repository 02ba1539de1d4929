select distinct customer_key from {{ ref("stg_invoices") }}
