select customer_key, invoice_key, amount from {{ source("raw", "invoices") }}
