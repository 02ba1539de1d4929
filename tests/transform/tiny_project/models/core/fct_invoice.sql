select customer_key, invoice_key, amount * {{ var("policy")["tiny.factor"] }} as amount from {{ ref("stg_invoices") }}
