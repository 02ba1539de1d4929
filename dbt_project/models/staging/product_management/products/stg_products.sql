-- Rendered from pipelines/contracts/records/products.yml by `make render`: change the contract, not this file.
-- Products as they stand: one row a product or tariff (TMF620 ProductOffering).
with
    kept as (select * from {{ ref("stg_products__rows") }} where not is_folded),
    folding as (select * from {{ ref("stg_products__rows") }} where is_folded),
    positions as (select max(_row_number) + 1 as longest from {{ source("raw", "products") }}),
    feed_folds as (select * from {{ source("raw", "feed_fold") }} where record_type = 'products'),
    incomplete as (select * from {{ source("raw", "incomplete_key") }} where record_type = 'products'),
    replayed as (select * from {{ source("raw", "replayed_row") }} where record_type = 'products'),
    deliveries as (select * from {{ ref("stg_deliveries") }} where record_type = 'products'),
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
            max(fold) filter (where column_name = 'name') as name_fold,
            max(fold) filter (where column_name = 'product_line') as product_line_fold,
            max(fold) filter (where column_name = 'list_price') as list_price_fold,
            max(fold) filter (where column_name = 'unit_cost') as unit_cost_fold,
            max(fold) filter (where column_name = 'launched_at') as launched_at_fold,
            max(fold) filter (where column_name = 'withdrawn_at') as withdrawn_at_fold
        from feed_folds
        group by source_name
    ),
    ordered as (
        select
            folding.*,
            folds.name_fold,
            folds.product_line_fold,
            folds.list_price_fold,
            folds.unit_cost_fold,
            folds.launched_at_fold,
            folds.withdrawn_at_fold,
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
            max_by(product_id, place) filter (where product_id is not null) as product_id_latest,
            max_by(product_key, place) filter (where product_key is not null) as product_key_latest,
            max(name_fold) as name_fold,
            min(name) as name_min,
            max(name) as name_max,
            max_by(name, place) filter (where name is not null) as name_latest,
            max(product_line_fold) as product_line_fold,
            min(product_line) as product_line_min,
            max(product_line) as product_line_max,
            max_by(product_line, place) filter (where product_line is not null) as product_line_latest,
            max_by(organisation_unit, place) filter (where organisation_unit is not null) as organisation_unit_latest,
            max_by(organisation_unit_key, place) filter (where organisation_unit_key is not null) as organisation_unit_key_latest,
            max(list_price_fold) as list_price_fold,
            cast(sum(list_price) as decimal(18, 4)) as list_price_sum,
            min(list_price) as list_price_min,
            max(list_price) as list_price_max,
            max_by(list_price, place) filter (where list_price is not null) as list_price_latest,
            max(unit_cost_fold) as unit_cost_fold,
            cast(sum(unit_cost) as decimal(18, 4)) as unit_cost_sum,
            min(unit_cost) as unit_cost_min,
            max(unit_cost) as unit_cost_max,
            max_by(unit_cost, place) filter (where unit_cost is not null) as unit_cost_latest,
            max(launched_at_fold) as launched_at_fold,
            min(launched_at) as launched_at_min,
            max(launched_at) as launched_at_max,
            max_by(launched_at, place) filter (where launched_at is not null) as launched_at_latest,
            max(withdrawn_at_fold) as withdrawn_at_fold,
            min(withdrawn_at) as withdrawn_at_min,
            max(withdrawn_at) as withdrawn_at_max,
            max_by(withdrawn_at, place) filter (where withdrawn_at is not null) as withdrawn_at_latest,
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
            product_id,
            product_key,
            name,
            product_line,
            organisation_unit,
            organisation_unit_key,
            list_price,
            unit_cost,
            launched_at,
            withdrawn_at,
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
            product_id_latest,
            product_key_latest,
            case when name_fold = 'min' then name_min when name_fold = 'max' then name_max else name_latest end as name,
            case
                when product_line_fold = 'min'
                then product_line_min
                when product_line_fold = 'max'
                then product_line_max
                else product_line_latest
            end as product_line,
            organisation_unit_latest,
            organisation_unit_key_latest,
            case
                when list_price_fold = 'sum'
                then list_price_sum
                when list_price_fold = 'min'
                then list_price_min
                when list_price_fold = 'max'
                then list_price_max
                else list_price_latest
            end as list_price,
            case
                when unit_cost_fold = 'sum'
                then unit_cost_sum
                when unit_cost_fold = 'min'
                then unit_cost_min
                when unit_cost_fold = 'max'
                then unit_cost_max
                else unit_cost_latest
            end as unit_cost,
            case
                when launched_at_fold = 'min'
                then launched_at_min
                when launched_at_fold = 'max'
                then launched_at_max
                else launched_at_latest
            end as launched_at,
            case
                when withdrawn_at_fold = 'min'
                then withdrawn_at_min
                when withdrawn_at_fold = 'max'
                then withdrawn_at_max
                else withdrawn_at_latest
            end as withdrawn_at,
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
    cast(united.product_id as string) as product_id,
    cast(united.product_key as bigint) as product_key,
    cast(united.name as string) as name,
    cast(united.product_line as string) as product_line,
    cast(united.organisation_unit as string) as organisation_unit,
    cast(united.organisation_unit_key as bigint) as organisation_unit_key,
    cast(united.list_price as decimal(18, 4)) as list_price,
    cast(united.unit_cost as decimal(18, 4)) as unit_cost,
    cast(united.launched_at as timestamp) as launched_at,
    cast(united.withdrawn_at as timestamp) as withdrawn_at,
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
