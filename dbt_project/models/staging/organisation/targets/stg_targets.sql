-- Rendered from pipelines/contracts/records/targets.yml by `make render`: change the contract, not this file.
-- Targets as they stand: one row a target of a unit for a month.
with
    kept as (select * from {{ ref("stg_targets__rows") }} where not is_folded),
    folding as (select * from {{ ref("stg_targets__rows") }} where is_folded),
    positions as (select max(_row_number) + 1 as longest from {{ source("raw", "targets") }}),
    feed_folds as (select * from {{ source("raw", "feed_fold") }} where record_type = 'targets'),
    incomplete as (select * from {{ source("raw", "incomplete_key") }} where record_type = 'targets'),
    replayed as (select * from {{ source("raw", "replayed_row") }} where record_type = 'targets'),
    deliveries as (select * from {{ ref("stg_deliveries") }} where record_type = 'targets'),
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
    folds as (select source_name, max(fold) filter (where column_name = 'value') as value_fold from feed_folds group by source_name),
    ordered as (
        select
            folding.*,
            folds.value_fold,
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
            max_by(organisation_unit, place) filter (where organisation_unit is not null) as organisation_unit_latest,
            max_by(organisation_unit_key, place) filter (where organisation_unit_key is not null) as organisation_unit_key_latest,
            max_by(month, place) filter (where month is not null) as month_latest,
            max_by(measure, place) filter (where measure is not null) as measure_latest,
            max(value_fold) as value_fold,
            cast(sum(value) as decimal(18, 4)) as value_sum,
            min(value) as value_min,
            max(value) as value_max,
            max_by(value, place) filter (where value is not null) as value_latest,
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
            organisation_unit,
            organisation_unit_key,
            month,
            measure,
            value,
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
            organisation_unit_latest,
            organisation_unit_key_latest,
            month_latest,
            measure_latest,
            case
                when value_fold = 'sum'
                then value_sum
                when value_fold = 'min'
                then value_min
                when value_fold = 'max'
                then value_max
                else value_latest
            end as value,
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
    cast(united.organisation_unit as string) as organisation_unit,
    cast(united.organisation_unit_key as bigint) as organisation_unit_key,
    cast(united.month as date) as month,
    cast(united.measure as string) as measure,
    cast(united.value as decimal(18, 4)) as value,
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
