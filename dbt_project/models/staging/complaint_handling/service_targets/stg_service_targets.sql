-- Rendered from pipelines/contracts/records/service_targets.yml by `make render`: change the contract, not this file.
-- Service targets as they stand: one row a target for a stage of complaints (TMF623 ServiceLevelObjective).
with
    kept as (select * from {{ ref("stg_service_targets__rows") }} where not is_folded),
    folding as (select * from {{ ref("stg_service_targets__rows") }} where is_folded),
    positions as (select max(_row_number) + 1 as longest from {{ source("raw", "service_targets") }}),
    feed_folds as (select * from {{ source("raw", "feed_fold") }} where record_type = 'service_targets'),
    incomplete as (select * from {{ source("raw", "incomplete_key") }} where record_type = 'service_targets'),
    replayed as (select * from {{ source("raw", "replayed_row") }} where record_type = 'service_targets'),
    deliveries as (select * from {{ ref("stg_deliveries") }} where record_type = 'service_targets'),
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
            max(fold) filter (where column_name = 'valid_to') as valid_to_fold,
            max(fold) filter (where column_name = 'hours') as hours_fold,
            max(fold) filter (where column_name = 'clock') as clock_fold
        from feed_folds
        group by source_name
    ),
    ordered as (
        select
            folding.*,
            folds.valid_to_fold,
            folds.hours_fold,
            folds.clock_fold,
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
            max_by(measure, place) filter (where measure is not null) as measure_latest,
            max_by(severity, place) filter (where severity is not null) as severity_latest,
            max_by(valid_from, place) filter (where valid_from is not null) as valid_from_latest,
            max(valid_to_fold) as valid_to_fold,
            min(valid_to) as valid_to_min,
            max(valid_to) as valid_to_max,
            max_by(valid_to, place) filter (where valid_to is not null) as valid_to_latest,
            max(hours_fold) as hours_fold,
            cast(sum(hours) as decimal(18, 4)) as hours_sum,
            min(hours) as hours_min,
            max(hours) as hours_max,
            max_by(hours, place) filter (where hours is not null) as hours_latest,
            max(clock_fold) as clock_fold,
            min(clock) as clock_min,
            max(clock) as clock_max,
            max_by(clock, place) filter (where clock is not null) as clock_latest,
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
            measure,
            severity,
            valid_from,
            valid_to,
            hours,
            clock,
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
            measure_latest,
            severity_latest,
            valid_from_latest,
            case
                when valid_to_fold = 'min' then valid_to_min when valid_to_fold = 'max' then valid_to_max else valid_to_latest
            end as valid_to,
            case
                when hours_fold = 'sum'
                then hours_sum
                when hours_fold = 'min'
                then hours_min
                when hours_fold = 'max'
                then hours_max
                else hours_latest
            end as hours,
            case when clock_fold = 'min' then clock_min when clock_fold = 'max' then clock_max else clock_latest end as clock,
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
    cast(united.measure as string) as measure,
    cast(united.severity as string) as severity,
    cast(united.valid_from as date) as valid_from,
    cast(united.valid_to as date) as valid_to,
    cast(united.hours as decimal(18, 4)) as hours,
    cast(united.clock as string) as clock,
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
