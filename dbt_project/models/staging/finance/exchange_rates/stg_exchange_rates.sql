-- Rendered from pipelines/contracts/records/exchange_rates.yml by `make render`: change the contract, not this file.
-- Exchange rates as they stand: one row the rate of a pair of currencies on a day.
with
    kept as (select * from {{ ref("stg_exchange_rates__rows") }} where not is_folded),
    folding as (select * from {{ ref("stg_exchange_rates__rows") }} where is_folded),
    positions as (select max(_row_number) + 1 as longest from {{ source("raw", "exchange_rates") }}),
    feed_folds as (select * from {{ source("raw", "feed_fold") }} where record_type = 'exchange_rates'),
    incomplete as (select * from {{ source("raw", "incomplete_key") }} where record_type = 'exchange_rates'),
    replayed as (select * from {{ source("raw", "replayed_row") }} where record_type = 'exchange_rates'),
    deliveries as (select * from {{ ref("stg_deliveries") }} where record_type = 'exchange_rates'),
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
    folds as (select source_name, max(fold) filter (where column_name = 'rate') as rate_fold from feed_folds group by source_name),
    ordered as (
        select
            folding.*,
            folds.rate_fold,
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
            max_by(rate_date, place) filter (where rate_date is not null) as rate_date_latest,
            max_by(from_currency, place) filter (where from_currency is not null) as from_currency_latest,
            max_by(to_currency, place) filter (where to_currency is not null) as to_currency_latest,
            max(rate_fold) as rate_fold,
            cast(sum(rate) as decimal(28, 12)) as rate_sum,
            min(rate) as rate_min,
            max(rate) as rate_max,
            max_by(rate, place) filter (where rate is not null) as rate_latest,
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
            rate_date,
            from_currency,
            to_currency,
            rate,
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
            rate_date_latest,
            from_currency_latest,
            to_currency_latest,
            case
                when rate_fold = 'sum'
                then rate_sum
                when rate_fold = 'min'
                then rate_min
                when rate_fold = 'max'
                then rate_max
                else rate_latest
            end as rate,
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
    cast(united.rate_date as date) as rate_date,
    cast(united.from_currency as string) as from_currency,
    cast(united.to_currency as string) as to_currency,
    cast(united.rate as decimal(28, 12)) as rate,
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
