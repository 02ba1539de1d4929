-- Rendered from pipelines/contracts/records/customers.yml by `make render`: change the contract, not this file.
-- Customers as they stand: one row a customer as the delivering system knows it (TMF629 Customer, TMF632 Party).
with
    kept as (select * from {{ ref("stg_customers__rows") }} where not is_folded),
    folding as (select * from {{ ref("stg_customers__rows") }} where is_folded),
    positions as (select max(_row_number) + 1 as longest from {{ source("raw", "customers") }}),
    feed_folds as (select * from {{ source("raw", "feed_fold") }} where record_type = 'customers'),
    incomplete as (select * from {{ source("raw", "incomplete_key") }} where record_type = 'customers'),
    replayed as (select * from {{ source("raw", "replayed_row") }} where record_type = 'customers'),
    deliveries as (select * from {{ ref("stg_deliveries") }} where record_type = 'customers'),
    -- Where a record lost a row that no replay known by now has brought back mended: by record and place of the delivery.
    quarantined as (
        select incomplete.record_key, deliveries.order_rank
        from incomplete
        inner join deliveries on incomplete.delivery_key = deliveries.delivery_key
        left join replayed on incomplete.delivery_key = replayed.mended_delivery_key and incomplete.row_number = replayed.row_number
        left join deliveries as replays on replayed.delivery_key = replays.delivery_key
        where replays.delivery_key is null
        group by incomplete.record_key, deliveries.order_rank
    ),
    folds as (
        select
            source_name,
            max(fold) filter (where column_name = 'customer_type') as customer_type_fold,
            max(fold) filter (where column_name = 'birth_year') as birth_year_fold,
            max(fold) filter (where column_name = 'region') as region_fold,
            max(fold) filter (where column_name = 'industry') as industry_fold,
            max(fold) filter (where column_name = 'occupation') as occupation_fold,
            max(fold) filter (where column_name = 'registered_at') as registered_at_fold,
            max(fold) filter (where column_name = 'closed_at') as closed_at_fold,
            max(fold) filter (where column_name = 'language') as language_fold,
            max(fold) filter (where column_name = 'updated_at') as updated_at_fold
        from feed_folds
        group by source_name
    ),
    ordered as (
        select
            folding.*,
            folds.customer_type_fold,
            folds.birth_year_fold,
            folds.region_fold,
            folds.industry_fold,
            folds.occupation_fold,
            folds.registered_at_fold,
            folds.closed_at_fold,
            folds.language_fold,
            folds.updated_at_fold,
            quarantined.record_key is not null as is_incomplete,
            -- Rank and place as one number, greater for the later row: no place in a delivery reaches `longest`.
            folding.order_rank * positions.longest + folding._row_number as place
        from folding
        cross join positions
        left join folds on folding._source_name = folds.source_name
        left join quarantined on folding.order_rank = quarantined.order_rank and folding._record_key = quarantined.record_key
    ),
    -- Every fold that a column allows, since each source declares its own; rows that do not fold never come here. The latest value is the
    -- latest that is there, and not every engine passes over nulls by itself.
    aggregated as (
        select
            _record_key,
            max_by(customer_key, place) filter (where customer_key is not null) as customer_key_latest,
            max(customer_type_fold) as customer_type_fold,
            min(customer_type) as customer_type_min,
            max(customer_type) as customer_type_max,
            max_by(customer_type, place) filter (where customer_type is not null) as customer_type_latest,
            max(birth_year_fold) as birth_year_fold,
            min(birth_year) as birth_year_min,
            max(birth_year) as birth_year_max,
            max_by(birth_year, place) filter (where birth_year is not null) as birth_year_latest,
            max(region_fold) as region_fold,
            min(region) as region_min,
            max(region) as region_max,
            max_by(region, place) filter (where region is not null) as region_latest,
            max(industry_fold) as industry_fold,
            min(industry) as industry_min,
            max(industry) as industry_max,
            max_by(industry, place) filter (where industry is not null) as industry_latest,
            max(occupation_fold) as occupation_fold,
            min(occupation) as occupation_min,
            max(occupation) as occupation_max,
            max_by(occupation, place) filter (where occupation is not null) as occupation_latest,
            max_by(organisation_unit, place) filter (where organisation_unit is not null) as organisation_unit_latest,
            max_by(organisation_unit_key, place) filter (where organisation_unit_key is not null) as organisation_unit_key_latest,
            max_by(manager_key, place) filter (where manager_key is not null) as manager_key_latest,
            max_by(parent_customer_key, place) filter (where parent_customer_key is not null) as parent_customer_key_latest,
            max(registered_at_fold) as registered_at_fold,
            min(registered_at) as registered_at_min,
            max(registered_at) as registered_at_max,
            max_by(registered_at, place) filter (where registered_at is not null) as registered_at_latest,
            max(closed_at_fold) as closed_at_fold,
            min(closed_at) as closed_at_min,
            max(closed_at) as closed_at_max,
            max_by(closed_at, place) filter (where closed_at is not null) as closed_at_latest,
            max(language_fold) as language_fold,
            min(language) as language_min,
            max(language) as language_max,
            max_by(language, place) filter (where language is not null) as language_latest,
            max(updated_at_fold) as updated_at_fold,
            min(updated_at) as updated_at_min,
            max(updated_at) as updated_at_max,
            max_by(updated_at, place) filter (where updated_at is not null) as updated_at_latest,
            max(source_system) as source_system,
            max_by(_source_name, place) as _source_name,
            max_by(_delivery_key, place) as _delivery_key,
            max_by(_row_number, place) as _row_number,
            max(_known_at) as _known_at,
            count(*) as row_count,
            max(order_rank) as order_rank,
            bool_or(is_incomplete) as is_incomplete
        from ordered
        group by _record_key
    ),
    united as (
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
            1 as row_count,
            order_rank,
            false as is_folded,
            false as is_incomplete
        from kept
        union all
        select
            customer_key_latest,
            case
                when customer_type_fold = 'min'
                then customer_type_min
                when customer_type_fold = 'max'
                then customer_type_max
                else customer_type_latest
            end as customer_type,
            case
                when birth_year_fold = 'min' then birth_year_min when birth_year_fold = 'max' then birth_year_max else birth_year_latest
            end as birth_year,
            case when region_fold = 'min' then region_min when region_fold = 'max' then region_max else region_latest end as region,
            case
                when industry_fold = 'min' then industry_min when industry_fold = 'max' then industry_max else industry_latest
            end as industry,
            case
                when occupation_fold = 'min' then occupation_min when occupation_fold = 'max' then occupation_max else occupation_latest
            end as occupation,
            organisation_unit_latest,
            organisation_unit_key_latest,
            manager_key_latest,
            parent_customer_key_latest,
            case
                when registered_at_fold = 'min'
                then registered_at_min
                when registered_at_fold = 'max'
                then registered_at_max
                else registered_at_latest
            end as registered_at,
            case
                when closed_at_fold = 'min' then closed_at_min when closed_at_fold = 'max' then closed_at_max else closed_at_latest
            end as closed_at,
            case
                when language_fold = 'min' then language_min when language_fold = 'max' then language_max else language_latest
            end as language,
            case
                when updated_at_fold = 'min' then updated_at_min when updated_at_fold = 'max' then updated_at_max else updated_at_latest
            end as updated_at,
            source_system,
            _source_name,
            _record_key,
            _delivery_key,
            _row_number,
            _known_at,
            row_count,
            order_rank,
            true,
            is_incomplete
        from aggregated
    ),
    -- A key whose row was quarantined was there all the same: it has not ended.
    last_quarantined as (select record_key, max(order_rank) as order_rank from quarantined group by record_key)

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
    united._known_at,
    cast(united.row_count as bigint) as _row_count,
    united.order_rank,
    united.is_folded,
    united.is_incomplete,
    -- Missing from the next full delivery of the source that last carried it.
    deliveries.next_full_known_at as _ended_at
from united
left join last_quarantined on united._record_key = last_quarantined.record_key
left join
    deliveries on deliveries.order_rank = greatest(united.order_rank, coalesce(last_quarantined.order_rank, 0)) and not deliveries.is_replay
