-- Rendered from pipelines/contracts/records/identity_decisions.yml by `make render`: change the contract, not this file.
-- Identity decisions as they stand: one row a decision about a pair of customer numbers.
with
    kept as (select * from {{ ref("stg_identity_decisions__rows") }} where not is_folded),
    folding as (select * from {{ ref("stg_identity_decisions__rows") }} where is_folded),
    positions as (select max(_row_number) + 1 as longest from {{ source("raw", "identity_decisions") }}),
    feed_folds as (select * from {{ source("raw", "feed_fold") }} where record_type = 'identity_decisions'),
    incomplete as (select * from {{ source("raw", "incomplete_key") }} where record_type = 'identity_decisions'),
    replayed as (select * from {{ source("raw", "replayed_row") }} where record_type = 'identity_decisions'),
    deliveries as (select * from {{ ref("stg_deliveries") }} where record_type = 'identity_decisions'),
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
    folds as (select source_name, max(fold) filter (where column_name = 'decision') as decision_fold from feed_folds group by source_name),
    ordered as (
        select
            folding.*,
            folds.decision_fold,
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
            max_by(left_system, place) filter (where left_system is not null) as left_system_latest,
            max_by(left_customer_key, place) filter (where left_customer_key is not null) as left_customer_key_latest,
            max_by(right_system, place) filter (where right_system is not null) as right_system_latest,
            max_by(right_customer_key, place) filter (where right_customer_key is not null) as right_customer_key_latest,
            max_by(decided_at, place) filter (where decided_at is not null) as decided_at_latest,
            max(decision_fold) as decision_fold,
            min(decision) as decision_min,
            max(decision) as decision_max,
            max_by(decision, place) filter (where decision is not null) as decision_latest,
            max_by(decided_by_key, place) filter (where decided_by_key is not null) as decided_by_key_latest,
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
            left_system,
            left_customer_key,
            right_system,
            right_customer_key,
            decided_at,
            decision,
            decided_by_key,
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
            left_system_latest,
            left_customer_key_latest,
            right_system_latest,
            right_customer_key_latest,
            decided_at_latest,
            case
                when decision_fold = 'min' then decision_min when decision_fold = 'max' then decision_max else decision_latest
            end as decision,
            decided_by_key_latest,
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
    cast(united.left_system as string) as left_system,
    cast(united.left_customer_key as bigint) as left_customer_key,
    cast(united.right_system as string) as right_system,
    cast(united.right_customer_key as bigint) as right_customer_key,
    cast(united.decided_at as timestamp) as decided_at,
    cast(united.decision as string) as decision,
    cast(united.decided_by_key as bigint) as decided_by_key,
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
