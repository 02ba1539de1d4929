with
    products as (select * from {{ ref("stg_products") }}),
    lines as (select * from {{ ref("stg_invoice_lines") }}),
    billed as (select distinct product_key, product_id from lines where product_key is not null),
    members as (
        select
            product_key,
            coalesce(products.product_id, billed.product_id) as product_id,
            products.name as product_name,
            products.product_line,
            coalesce(products.organisation_unit_key, -1) as organisation_unit_key,
            products.list_price,
            products.unit_cost,
            {{ business_date("products.launched_at") }} as launched_date,
            {{ business_date("least(products.withdrawn_at, products._ended_at)") }} as withdrawn_date
        from products
        full join billed using (product_key)
        union all
        select
            -1,
            cast(null as {{ dbt.type_string() }}),
            'unknown',
            cast(null as {{ dbt.type_string() }}),
            -1,
            cast(null as decimal(18, 4)),
            cast(null as decimal(18, 4)),
            cast(null as date),
            cast(null as date)
    )
select
    product_key,
    {{ natural_id("product", "product_id") }} as product_id,
    product_name,
    product_line,
    organisation_unit_key,
    list_price,
    unit_cost,
    launched_date,
    withdrawn_date
from members
order by product_key
