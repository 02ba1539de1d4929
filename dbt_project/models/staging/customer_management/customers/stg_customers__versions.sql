-- Rendered from pipelines/contracts/records/customers.yml by `make render`: change the contract, not this file.
-- Customers as they were: what each delivery changed, and of records that fold the one that stands.
with
    landed as (select * from {{ source("raw", "customers") }}),
    landed_keys as (select _record_key, _content_hash, _delivery_key from {{ source("raw", "customers") }}),
    repeated as (select * from {{ source("raw", "repeated_row") }} where record_type = 'customers'),
    deliveries as (select * from {{ ref("stg_deliveries") }} where record_type = 'customers' and not is_folded),
    current_records as (select * from {{ ref("stg_customers") }}),
    carried as (
        select landed_keys._record_key, landed_keys._content_hash, deliveries.order_rank, deliveries.known_at
        from landed_keys
        inner join deliveries on landed_keys._delivery_key = deliveries.delivery_key
        union all
        select repeated.record_key, repeated.content_hash, deliveries.order_rank, deliveries.known_at
        from repeated
        inner join deliveries on repeated.delivery_key = deliveries.delivery_key
    ),
    compared as (
        select carried.*, lag(_content_hash) over (partition by _record_key order by order_rank) as content_hash_before from carried
    ),
    -- In the order of the deliveries, not of their arrival: the same versions whichever came first.
    numbered as (
        select
            compared.*,
            count_if(_content_hash is distinct from content_hash_before) over (
                partition by _record_key order by order_rank rows between unbounded preceding and current row
            ) as version_number
        from compared
    ),
    versions as (
        select _record_key, _content_hash, min(order_rank) as order_rank, min(known_at) as known_at
        from numbered
        group by _record_key, _content_hash, version_number
    ),
    contents as (
        select * from landed qualify row_number() over (partition by _record_key, _content_hash order by _delivery_key, _row_number) = 1
    ),
    united as (
        select
            contents.customer_key,
            contents.customer_type,
            contents.birth_year,
            contents.region,
            contents.industry,
            contents.occupation,
            contents.organisation_unit,
            contents.organisation_unit_key,
            contents.manager_key,
            contents.parent_customer_key,
            contents.registered_at,
            contents.closed_at,
            contents.language,
            contents.updated_at,
            contents.source_system,
            contents._source_name,
            contents._record_key,
            contents._delivery_key,
            contents._row_number,
            versions.known_at as version_known_at,
            versions.order_rank,
            false as is_incomplete
        from versions
        inner join contents on versions._record_key = contents._record_key and versions._content_hash = contents._content_hash
        union all
        select
            customer_key,
            customer_type,
            birth_year,
            region,
            industry,
            occupation,
            organisation_unit,
            organisation_unit_key,
            manager_key,
            parent_customer_key,
            registered_at,
            closed_at,
            language,
            updated_at,
            source_system,
            _source_name,
            _record_key,
            _delivery_key,
            _row_number,
            _known_at,
            order_rank,
            is_incomplete
        from current_records
        where is_folded
    )

select
    cast(united.customer_key as bigint) as customer_key,
    cast(united.customer_type as string) as customer_type,
    cast(united.birth_year as smallint) as birth_year,
    cast(united.region as string) as region,
    cast(united.industry as string) as industry,
    cast(united.occupation as string) as occupation,
    cast(united.organisation_unit as string) as organisation_unit,
    cast(united.organisation_unit_key as bigint) as organisation_unit_key,
    cast(united.manager_key as bigint) as manager_key,
    cast(united.parent_customer_key as bigint) as parent_customer_key,
    cast(united.registered_at as timestamp) as registered_at,
    cast(united.closed_at as timestamp) as closed_at,
    cast(united.language as string) as language,
    cast(united.updated_at as timestamp) as updated_at,
    united.source_system,
    united._source_name,
    united._record_key,
    united._delivery_key,
    united._row_number,
    united.version_known_at,
    united.order_rank,
    united.is_incomplete,
    current_records._ended_at
from united
left join current_records on united._record_key = current_records._record_key
