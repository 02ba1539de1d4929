-- Rendered from pipelines/contracts/records/payments.yml by `make render`: change the contract, not this file.
-- Payments as they stand: one row a payment (TMF676 Payment).
with
    kept as (select * from {{ ref("stg_payments__rows") }} where not is_folded),
    folding as (select * from {{ ref("stg_payments__rows") }} where is_folded),
    positions as (select max(_row_number) + 1 as longest from {{ source("raw", "payments") }}),
    feed_folds as (select * from {{ source("raw", "feed_fold") }} where record_type = 'payments'),
    incomplete as (select * from {{ source("raw", "incomplete_key") }} where record_type = 'payments'),
    replayed as (select * from {{ source("raw", "replayed_row") }} where record_type = 'payments'),
    deliveries as (select * from {{ ref("stg_deliveries") }} where record_type = 'payments'),
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
            max(fold) filter (where column_name = 'paid_at') as paid_at_fold,
            max(fold) filter (where column_name = 'currency') as currency_fold,
            max(fold) filter (where column_name = 'amount') as amount_fold,
            max(fold) filter (where column_name = 'kind') as kind_fold,
            max(fold) filter (where column_name = 'method') as method_fold,
            max(fold) filter (where column_name = 'returned_at') as returned_at_fold
        from feed_folds
        group by source_name
    ),
    ordered as (
        select
            folding.*,
            folds.paid_at_fold,
            folds.currency_fold,
            folds.amount_fold,
            folds.kind_fold,
            folds.method_fold,
            folds.returned_at_fold,
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
            max_by(payment_id, place) filter (where payment_id is not null) as payment_id_latest,
            max_by(payment_key, place) filter (where payment_key is not null) as payment_key_latest,
            max_by(customer_key, place) filter (where customer_key is not null) as customer_key_latest,
            max_by(account_key, place) filter (where account_key is not null) as account_key_latest,
            max_by(invoice_id, place) filter (where invoice_id is not null) as invoice_id_latest,
            max_by(invoice_key, place) filter (where invoice_key is not null) as invoice_key_latest,
            max(paid_at_fold) as paid_at_fold,
            min(paid_at) as paid_at_min,
            max(paid_at) as paid_at_max,
            max_by(paid_at, place) filter (where paid_at is not null) as paid_at_latest,
            max(currency_fold) as currency_fold,
            min(currency) as currency_min,
            max(currency) as currency_max,
            max_by(currency, place) filter (where currency is not null) as currency_latest,
            max(amount_fold) as amount_fold,
            cast(sum(amount) as decimal(18, 4)) as amount_sum,
            min(amount) as amount_min,
            max(amount) as amount_max,
            max_by(amount, place) filter (where amount is not null) as amount_latest,
            max(kind_fold) as kind_fold,
            min(kind) as kind_min,
            max(kind) as kind_max,
            max_by(kind, place) filter (where kind is not null) as kind_latest,
            max(method_fold) as method_fold,
            min(method) as method_min,
            max(method) as method_max,
            max_by(method, place) filter (where method is not null) as method_latest,
            max(returned_at_fold) as returned_at_fold,
            min(returned_at) as returned_at_min,
            max(returned_at) as returned_at_max,
            max_by(returned_at, place) filter (where returned_at is not null) as returned_at_latest,
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
            payment_id,
            payment_key,
            customer_key,
            account_key,
            invoice_id,
            invoice_key,
            paid_at,
            currency,
            amount,
            kind,
            method,
            returned_at,
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
            payment_id_latest,
            payment_key_latest,
            customer_key_latest,
            account_key_latest,
            invoice_id_latest,
            invoice_key_latest,
            case when paid_at_fold = 'min' then paid_at_min when paid_at_fold = 'max' then paid_at_max else paid_at_latest end as paid_at,
            case
                when currency_fold = 'min' then currency_min when currency_fold = 'max' then currency_max else currency_latest
            end as currency,
            case
                when amount_fold = 'sum'
                then amount_sum
                when amount_fold = 'min'
                then amount_min
                when amount_fold = 'max'
                then amount_max
                else amount_latest
            end as amount,
            case when kind_fold = 'min' then kind_min when kind_fold = 'max' then kind_max else kind_latest end as kind,
            case when method_fold = 'min' then method_min when method_fold = 'max' then method_max else method_latest end as method,
            case
                when returned_at_fold = 'min'
                then returned_at_min
                when returned_at_fold = 'max'
                then returned_at_max
                else returned_at_latest
            end as returned_at,
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
    cast(united.payment_id as string) as payment_id,
    cast(united.payment_key as bigint) as payment_key,
    cast(united.customer_key as bigint) as customer_key,
    cast(united.account_key as bigint) as account_key,
    cast(united.invoice_id as string) as invoice_id,
    cast(united.invoice_key as bigint) as invoice_key,
    cast(united.paid_at as timestamp) as paid_at,
    cast(united.currency as string) as currency,
    cast(united.amount as decimal(18, 4)) as amount,
    cast(united.kind as string) as kind,
    cast(united.method as string) as method,
    cast(united.returned_at as timestamp) as returned_at,
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
