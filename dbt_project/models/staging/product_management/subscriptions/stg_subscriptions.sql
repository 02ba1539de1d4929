-- Rendered from pipelines/contracts/records/subscriptions.yml by `make render`: change the contract, not this file.
-- Subscriptions as they stand: one row a subscription, line or meter (TMF637 Product).
with
    kept as (select * from {{ ref("stg_subscriptions__rows") }} where not is_folded),
    folding as (select * from {{ ref("stg_subscriptions__rows") }} where is_folded),
    positions as (select max(_row_number) + 1 as longest from {{ source("raw", "subscriptions") }}),
    feed_folds as (select * from {{ source("raw", "feed_fold") }} where record_type = 'subscriptions'),
    incomplete as (select * from {{ source("raw", "incomplete_key") }} where record_type = 'subscriptions'),
    replayed as (select * from {{ source("raw", "replayed_row") }} where record_type = 'subscriptions'),
    deliveries as (select * from {{ ref("stg_deliveries") }} where record_type = 'subscriptions'),
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
            max(fold) filter (where column_name = 'started_at') as started_at_fold,
            max(fold) filter (where column_name = 'ended_at') as ended_at_fold,
            max(fold) filter (where column_name = 'end_reason') as end_reason_fold,
            max(fold) filter (where column_name = 'contract_end_at') as contract_end_at_fold,
            max(fold) filter (where column_name = 'list_price') as list_price_fold,
            max(fold) filter (where column_name = 'discount_rate') as discount_rate_fold
        from feed_folds
        group by source_name
    ),
    ordered as (
        select
            folding.*,
            folds.started_at_fold,
            folds.ended_at_fold,
            folds.end_reason_fold,
            folds.contract_end_at_fold,
            folds.list_price_fold,
            folds.discount_rate_fold,
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
            max_by(subscription_key, place) filter (where subscription_key is not null) as subscription_key_latest,
            max_by(account_key, place) filter (where account_key is not null) as account_key_latest,
            max_by(customer_key, place) filter (where customer_key is not null) as customer_key_latest,
            max_by(product_id, place) filter (where product_id is not null) as product_id_latest,
            max_by(product_key, place) filter (where product_key is not null) as product_key_latest,
            max(started_at_fold) as started_at_fold,
            min(started_at) as started_at_min,
            max(started_at) as started_at_max,
            max_by(started_at, place) filter (where started_at is not null) as started_at_latest,
            max(ended_at_fold) as ended_at_fold,
            min(ended_at) as ended_at_min,
            max(ended_at) as ended_at_max,
            max_by(ended_at, place) filter (where ended_at is not null) as ended_at_latest,
            max(end_reason_fold) as end_reason_fold,
            min(end_reason) as end_reason_min,
            max(end_reason) as end_reason_max,
            max_by(end_reason, place) filter (where end_reason is not null) as end_reason_latest,
            max(contract_end_at_fold) as contract_end_at_fold,
            min(contract_end_at) as contract_end_at_min,
            max(contract_end_at) as contract_end_at_max,
            max_by(contract_end_at, place) filter (where contract_end_at is not null) as contract_end_at_latest,
            max(list_price_fold) as list_price_fold,
            cast(sum(list_price) as decimal(18, 4)) as list_price_sum,
            min(list_price) as list_price_min,
            max(list_price) as list_price_max,
            max_by(list_price, place) filter (where list_price is not null) as list_price_latest,
            max(discount_rate_fold) as discount_rate_fold,
            cast(sum(discount_rate) as decimal(18, 4)) as discount_rate_sum,
            min(discount_rate) as discount_rate_min,
            max(discount_rate) as discount_rate_max,
            max_by(discount_rate, place) filter (where discount_rate is not null) as discount_rate_latest,
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
            subscription_key,
            account_key,
            customer_key,
            product_id,
            product_key,
            started_at,
            ended_at,
            end_reason,
            contract_end_at,
            list_price,
            discount_rate,
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
            subscription_key_latest,
            account_key_latest,
            customer_key_latest,
            product_id_latest,
            product_key_latest,
            case
                when started_at_fold = 'min' then started_at_min when started_at_fold = 'max' then started_at_max else started_at_latest
            end as started_at,
            case
                when ended_at_fold = 'min' then ended_at_min when ended_at_fold = 'max' then ended_at_max else ended_at_latest
            end as ended_at,
            case
                when end_reason_fold = 'min' then end_reason_min when end_reason_fold = 'max' then end_reason_max else end_reason_latest
            end as end_reason,
            case
                when contract_end_at_fold = 'min'
                then contract_end_at_min
                when contract_end_at_fold = 'max'
                then contract_end_at_max
                else contract_end_at_latest
            end as contract_end_at,
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
                when discount_rate_fold = 'sum'
                then discount_rate_sum
                when discount_rate_fold = 'min'
                then discount_rate_min
                when discount_rate_fold = 'max'
                then discount_rate_max
                else discount_rate_latest
            end as discount_rate,
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
    cast(united.subscription_key as bigint) as subscription_key,
    cast(united.account_key as bigint) as account_key,
    cast(united.customer_key as bigint) as customer_key,
    cast(united.product_id as string) as product_id,
    cast(united.product_key as bigint) as product_key,
    cast(united.started_at as timestamp) as started_at,
    cast(united.ended_at as timestamp) as ended_at,
    cast(united.end_reason as string) as end_reason,
    cast(united.contract_end_at as date) as contract_end_at,
    cast(united.list_price as decimal(18, 4)) as list_price,
    cast(united.discount_rate as decimal(18, 4)) as discount_rate,
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
