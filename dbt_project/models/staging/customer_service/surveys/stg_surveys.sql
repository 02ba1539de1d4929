-- Rendered from pipelines/contracts/records/surveys.yml by `make render`: change the contract, not this file.
-- Surveys as they stand: one row a survey that a customer was sent.
with
    kept as (select * from {{ ref("stg_surveys__rows") }} where not is_folded),
    folding as (select * from {{ ref("stg_surveys__rows") }} where is_folded),
    positions as (select max(_row_number) + 1 as longest from {{ source("raw", "surveys") }}),
    feed_folds as (select * from {{ source("raw", "feed_fold") }} where record_type = 'surveys'),
    incomplete as (select * from {{ source("raw", "incomplete_key") }} where record_type = 'surveys'),
    replayed as (select * from {{ source("raw", "replayed_row") }} where record_type = 'surveys'),
    deliveries as (select * from {{ ref("stg_deliveries") }} where record_type = 'surveys'),
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
            max(fold) filter (where column_name = 'sent_at') as sent_at_fold,
            max(fold) filter (where column_name = 'answered_at') as answered_at_fold,
            max(fold) filter (where column_name = 'instrument') as instrument_fold,
            max(fold) filter (where column_name = 'score') as score_fold,
            max(fold) filter (where column_name = 'scale_min') as scale_min_fold,
            max(fold) filter (where column_name = 'scale_max') as scale_max_fold
        from feed_folds
        group by source_name
    ),
    ordered as (
        select
            folding.*,
            folds.sent_at_fold,
            folds.answered_at_fold,
            folds.instrument_fold,
            folds.score_fold,
            folds.scale_min_fold,
            folds.scale_max_fold,
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
            max_by(response_id, place) filter (where response_id is not null) as response_id_latest,
            max_by(response_key, place) filter (where response_key is not null) as response_key_latest,
            max_by(customer_key, place) filter (where customer_key is not null) as customer_key_latest,
            max(sent_at_fold) as sent_at_fold,
            min(sent_at) as sent_at_min,
            max(sent_at) as sent_at_max,
            max_by(sent_at, place) filter (where sent_at is not null) as sent_at_latest,
            max(answered_at_fold) as answered_at_fold,
            min(answered_at) as answered_at_min,
            max(answered_at) as answered_at_max,
            max_by(answered_at, place) filter (where answered_at is not null) as answered_at_latest,
            max(instrument_fold) as instrument_fold,
            min(instrument) as instrument_min,
            max(instrument) as instrument_max,
            max_by(instrument, place) filter (where instrument is not null) as instrument_latest,
            max(score_fold) as score_fold,
            cast(sum(score) as decimal(18, 4)) as score_sum,
            min(score) as score_min,
            max(score) as score_max,
            max_by(score, place) filter (where score is not null) as score_latest,
            max(scale_min_fold) as scale_min_fold,
            cast(sum(scale_min) as decimal(18, 4)) as scale_min_sum,
            min(scale_min) as scale_min_min,
            max(scale_min) as scale_min_max,
            max_by(scale_min, place) filter (where scale_min is not null) as scale_min_latest,
            max(scale_max_fold) as scale_max_fold,
            cast(sum(scale_max) as decimal(18, 4)) as scale_max_sum,
            min(scale_max) as scale_max_min,
            max(scale_max) as scale_max_max,
            max_by(scale_max, place) filter (where scale_max is not null) as scale_max_latest,
            max_by(contact_id, place) filter (where contact_id is not null) as contact_id_latest,
            max_by(contact_key, place) filter (where contact_key is not null) as contact_key_latest,
            max_by(complaint_id, place) filter (where complaint_id is not null) as complaint_id_latest,
            max_by(complaint_key, place) filter (where complaint_key is not null) as complaint_key_latest,
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
            response_id,
            response_key,
            customer_key,
            sent_at,
            answered_at,
            instrument,
            score,
            scale_min,
            scale_max,
            contact_id,
            contact_key,
            complaint_id,
            complaint_key,
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
            response_id_latest,
            response_key_latest,
            customer_key_latest,
            case when sent_at_fold = 'min' then sent_at_min when sent_at_fold = 'max' then sent_at_max else sent_at_latest end as sent_at,
            case
                when answered_at_fold = 'min'
                then answered_at_min
                when answered_at_fold = 'max'
                then answered_at_max
                else answered_at_latest
            end as answered_at,
            case
                when instrument_fold = 'min' then instrument_min when instrument_fold = 'max' then instrument_max else instrument_latest
            end as instrument,
            case
                when score_fold = 'sum'
                then score_sum
                when score_fold = 'min'
                then score_min
                when score_fold = 'max'
                then score_max
                else score_latest
            end as score,
            case
                when scale_min_fold = 'sum'
                then scale_min_sum
                when scale_min_fold = 'min'
                then scale_min_min
                when scale_min_fold = 'max'
                then scale_min_max
                else scale_min_latest
            end as scale_min,
            case
                when scale_max_fold = 'sum'
                then scale_max_sum
                when scale_max_fold = 'min'
                then scale_max_min
                when scale_max_fold = 'max'
                then scale_max_max
                else scale_max_latest
            end as scale_max,
            contact_id_latest,
            contact_key_latest,
            complaint_id_latest,
            complaint_key_latest,
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
    cast(united.response_id as string) as response_id,
    cast(united.response_key as bigint) as response_key,
    cast(united.customer_key as bigint) as customer_key,
    cast(united.sent_at as timestamp) as sent_at,
    cast(united.answered_at as timestamp) as answered_at,
    cast(united.instrument as string) as instrument,
    cast(united.score as decimal(18, 4)) as score,
    cast(united.scale_min as decimal(18, 4)) as scale_min,
    cast(united.scale_max as decimal(18, 4)) as scale_max,
    cast(united.contact_id as string) as contact_id,
    cast(united.contact_key as bigint) as contact_key,
    cast(united.complaint_id as string) as complaint_id,
    cast(united.complaint_key as bigint) as complaint_key,
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
