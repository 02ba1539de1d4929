-- Rendered from pipelines/contracts/records/promises_to_pay.yml by `make render`: change the contract, not this file.
-- Promises to pay as they stand: one row a promise of a customer to pay by a day.
with
    kept as (select * from {{ ref("stg_promises_to_pay__rows") }} where not is_folded),
    folding as (select * from {{ ref("stg_promises_to_pay__rows") }} where is_folded),
    positions as (select max(_row_number) + 1 as longest from {{ source("raw", "promises_to_pay") }}),
    feed_folds as (select * from {{ source("raw", "feed_fold") }} where record_type = 'promises_to_pay'),
    incomplete as (select * from {{ source("raw", "incomplete_key") }} where record_type = 'promises_to_pay'),
    replayed as (select * from {{ source("raw", "replayed_row") }} where record_type = 'promises_to_pay'),
    deliveries as (select * from {{ ref("stg_deliveries") }} where record_type = 'promises_to_pay'),
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
            max(fold) filter (where column_name = 'promised_at') as promised_at_fold,
            max(fold) filter (where column_name = 'due_at') as due_at_fold,
            max(fold) filter (where column_name = 'amount') as amount_fold
        from feed_folds
        group by source_name
    ),
    ordered as (
        select
            folding.*,
            folds.promised_at_fold,
            folds.due_at_fold,
            folds.amount_fold,
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
            max_by(promise_id, place) filter (where promise_id is not null) as promise_id_latest,
            max_by(promise_key, place) filter (where promise_key is not null) as promise_key_latest,
            max_by(customer_key, place) filter (where customer_key is not null) as customer_key_latest,
            max_by(invoice_id, place) filter (where invoice_id is not null) as invoice_id_latest,
            max_by(invoice_key, place) filter (where invoice_key is not null) as invoice_key_latest,
            max(promised_at_fold) as promised_at_fold,
            min(promised_at) as promised_at_min,
            max(promised_at) as promised_at_max,
            max_by(promised_at, place) filter (where promised_at is not null) as promised_at_latest,
            max(due_at_fold) as due_at_fold,
            min(due_at) as due_at_min,
            max(due_at) as due_at_max,
            max_by(due_at, place) filter (where due_at is not null) as due_at_latest,
            max(amount_fold) as amount_fold,
            cast(sum(amount) as decimal(18, 4)) as amount_sum,
            min(amount) as amount_min,
            max(amount) as amount_max,
            max_by(amount, place) filter (where amount is not null) as amount_latest,
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
            promise_id,
            promise_key,
            customer_key,
            invoice_id,
            invoice_key,
            promised_at,
            due_at,
            amount,
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
            promise_id_latest,
            promise_key_latest,
            customer_key_latest,
            invoice_id_latest,
            invoice_key_latest,
            case
                when promised_at_fold = 'min'
                then promised_at_min
                when promised_at_fold = 'max'
                then promised_at_max
                else promised_at_latest
            end as promised_at,
            case when due_at_fold = 'min' then due_at_min when due_at_fold = 'max' then due_at_max else due_at_latest end as due_at,
            case
                when amount_fold = 'sum'
                then amount_sum
                when amount_fold = 'min'
                then amount_min
                when amount_fold = 'max'
                then amount_max
                else amount_latest
            end as amount,
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
    cast(united.promise_id as string) as promise_id,
    cast(united.promise_key as bigint) as promise_key,
    cast(united.customer_key as bigint) as customer_key,
    cast(united.invoice_id as string) as invoice_id,
    cast(united.invoice_key as bigint) as invoice_key,
    cast(united.promised_at as timestamp) as promised_at,
    cast(united.due_at as date) as due_at,
    cast(united.amount as decimal(18, 4)) as amount,
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
