-- Rendered from pipelines/contracts/records/service_changes.yml by `make render`: change the contract, not this file.
-- Service changes as they stand: one row a change to a subscription or account (TMF622 ProductOrderItem).
with
    kept as (select * from {{ ref("stg_service_changes__rows") }} where not is_folded),
    folding as (select * from {{ ref("stg_service_changes__rows") }} where is_folded),
    positions as (select max(_row_number) + 1 as longest from {{ source("raw", "service_changes") }}),
    feed_folds as (select * from {{ source("raw", "feed_fold") }} where record_type = 'service_changes'),
    incomplete as (select * from {{ source("raw", "incomplete_key") }} where record_type = 'service_changes'),
    replayed as (select * from {{ source("raw", "replayed_row") }} where record_type = 'service_changes'),
    deliveries as (select * from {{ ref("stg_deliveries") }} where record_type = 'service_changes'),
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
            max(fold) filter (where column_name = 'changed_at') as changed_at_fold,
            max(fold) filter (where column_name = 'change') as change_fold,
            max(fold) filter (where column_name = 'reason') as reason_fold,
            max(fold) filter (where column_name = 'competitor') as competitor_fold
        from feed_folds
        group by source_name
    ),
    ordered as (
        select
            folding.*,
            folds.changed_at_fold,
            folds.change_fold,
            folds.reason_fold,
            folds.competitor_fold,
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
            max_by(change_id, place) filter (where change_id is not null) as change_id_latest,
            max_by(change_key, place) filter (where change_key is not null) as change_key_latest,
            max_by(customer_key, place) filter (where customer_key is not null) as customer_key_latest,
            max_by(account_key, place) filter (where account_key is not null) as account_key_latest,
            max_by(subscription_key, place) filter (where subscription_key is not null) as subscription_key_latest,
            max(changed_at_fold) as changed_at_fold,
            min(changed_at) as changed_at_min,
            max(changed_at) as changed_at_max,
            max_by(changed_at, place) filter (where changed_at is not null) as changed_at_latest,
            max(change_fold) as change_fold,
            min(change) as change_min,
            max(change) as change_max,
            max_by(change, place) filter (where change is not null) as change_latest,
            max_by(from_product_id, place) filter (where from_product_id is not null) as from_product_id_latest,
            max_by(from_product_key, place) filter (where from_product_key is not null) as from_product_key_latest,
            max_by(to_product_id, place) filter (where to_product_id is not null) as to_product_id_latest,
            max_by(to_product_key, place) filter (where to_product_key is not null) as to_product_key_latest,
            max(reason_fold) as reason_fold,
            min(reason) as reason_min,
            max(reason) as reason_max,
            max_by(reason, place) filter (where reason is not null) as reason_latest,
            max(competitor_fold) as competitor_fold,
            min(competitor) as competitor_min,
            max(competitor) as competitor_max,
            max_by(competitor, place) filter (where competitor is not null) as competitor_latest,
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
            change_id,
            change_key,
            customer_key,
            account_key,
            subscription_key,
            changed_at,
            change,
            from_product_id,
            from_product_key,
            to_product_id,
            to_product_key,
            reason,
            competitor,
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
            change_id_latest,
            change_key_latest,
            customer_key_latest,
            account_key_latest,
            subscription_key_latest,
            case
                when changed_at_fold = 'min' then changed_at_min when changed_at_fold = 'max' then changed_at_max else changed_at_latest
            end as changed_at,
            case when change_fold = 'min' then change_min when change_fold = 'max' then change_max else change_latest end as change,
            from_product_id_latest,
            from_product_key_latest,
            to_product_id_latest,
            to_product_key_latest,
            case when reason_fold = 'min' then reason_min when reason_fold = 'max' then reason_max else reason_latest end as reason,
            case
                when competitor_fold = 'min' then competitor_min when competitor_fold = 'max' then competitor_max else competitor_latest
            end as competitor,
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
    cast(united.change_id as string) as change_id,
    cast(united.change_key as bigint) as change_key,
    cast(united.customer_key as bigint) as customer_key,
    cast(united.account_key as bigint) as account_key,
    cast(united.subscription_key as bigint) as subscription_key,
    cast(united.changed_at as timestamp) as changed_at,
    cast(united.change as string) as change,
    cast(united.from_product_id as string) as from_product_id,
    cast(united.from_product_key as bigint) as from_product_key,
    cast(united.to_product_id as string) as to_product_id,
    cast(united.to_product_key as bigint) as to_product_key,
    cast(united.reason as string) as reason,
    cast(united.competitor as string) as competitor,
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
