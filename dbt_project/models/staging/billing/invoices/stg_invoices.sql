-- Rendered from pipelines/contracts/records/invoices.yml by `make render`: change the contract, not this file.
-- Invoices as they stand: one row an invoice (TMF678 CustomerBill).
with
    kept as (select * from {{ ref("stg_invoices__rows") }} where not is_folded),
    folding as (select * from {{ ref("stg_invoices__rows") }} where is_folded),
    positions as (select max(_row_number) + 1 as longest from {{ source("raw", "invoices") }}),
    feed_folds as (select * from {{ source("raw", "feed_fold") }} where record_type = 'invoices'),
    incomplete as (select * from {{ source("raw", "incomplete_key") }} where record_type = 'invoices'),
    replayed as (select * from {{ source("raw", "replayed_row") }} where record_type = 'invoices'),
    deliveries as (select * from {{ ref("stg_deliveries") }} where record_type = 'invoices'),
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
            max(fold) filter (where column_name = 'issued_at') as issued_at_fold,
            max(fold) filter (where column_name = 'due_at') as due_at_fold,
            max(fold) filter (where column_name = 'period_start') as period_start_fold,
            max(fold) filter (where column_name = 'period_end') as period_end_fold,
            max(fold) filter (where column_name = 'currency') as currency_fold,
            max(fold) filter (where column_name = 'amount') as amount_fold,
            max(fold) filter (where column_name = 'tax_amount') as tax_amount_fold,
            max(fold) filter (where column_name = 'status') as status_fold
        from feed_folds
        group by source_name
    ),
    ordered as (
        select
            folding.*,
            folds.issued_at_fold,
            folds.due_at_fold,
            folds.period_start_fold,
            folds.period_end_fold,
            folds.currency_fold,
            folds.amount_fold,
            folds.tax_amount_fold,
            folds.status_fold,
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
            max_by(invoice_id, place) filter (where invoice_id is not null) as invoice_id_latest,
            max_by(invoice_key, place) filter (where invoice_key is not null) as invoice_key_latest,
            max_by(customer_key, place) filter (where customer_key is not null) as customer_key_latest,
            max_by(account_key, place) filter (where account_key is not null) as account_key_latest,
            max(issued_at_fold) as issued_at_fold,
            min(issued_at) as issued_at_min,
            max(issued_at) as issued_at_max,
            max_by(issued_at, place) filter (where issued_at is not null) as issued_at_latest,
            max(due_at_fold) as due_at_fold,
            min(due_at) as due_at_min,
            max(due_at) as due_at_max,
            max_by(due_at, place) filter (where due_at is not null) as due_at_latest,
            max(period_start_fold) as period_start_fold,
            min(period_start) as period_start_min,
            max(period_start) as period_start_max,
            max_by(period_start, place) filter (where period_start is not null) as period_start_latest,
            max(period_end_fold) as period_end_fold,
            min(period_end) as period_end_min,
            max(period_end) as period_end_max,
            max_by(period_end, place) filter (where period_end is not null) as period_end_latest,
            max(currency_fold) as currency_fold,
            min(currency) as currency_min,
            max(currency) as currency_max,
            max_by(currency, place) filter (where currency is not null) as currency_latest,
            max(amount_fold) as amount_fold,
            cast(sum(amount) as decimal(18, 4)) as amount_sum,
            min(amount) as amount_min,
            max(amount) as amount_max,
            max_by(amount, place) filter (where amount is not null) as amount_latest,
            max(tax_amount_fold) as tax_amount_fold,
            cast(sum(tax_amount) as decimal(18, 4)) as tax_amount_sum,
            min(tax_amount) as tax_amount_min,
            max(tax_amount) as tax_amount_max,
            max_by(tax_amount, place) filter (where tax_amount is not null) as tax_amount_latest,
            max(status_fold) as status_fold,
            min(status) as status_min,
            max(status) as status_max,
            max_by(status, place) filter (where status is not null) as status_latest,
            max_by(cancels_invoice_id, place) filter (where cancels_invoice_id is not null) as cancels_invoice_id_latest,
            max_by(cancels_invoice_key, place) filter (where cancels_invoice_key is not null) as cancels_invoice_key_latest,
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
            invoice_id,
            invoice_key,
            customer_key,
            account_key,
            issued_at,
            due_at,
            period_start,
            period_end,
            currency,
            amount,
            tax_amount,
            status,
            cancels_invoice_id,
            cancels_invoice_key,
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
            invoice_id_latest,
            invoice_key_latest,
            customer_key_latest,
            account_key_latest,
            case
                when issued_at_fold = 'min' then issued_at_min when issued_at_fold = 'max' then issued_at_max else issued_at_latest
            end as issued_at,
            case when due_at_fold = 'min' then due_at_min when due_at_fold = 'max' then due_at_max else due_at_latest end as due_at,
            case
                when period_start_fold = 'min'
                then period_start_min
                when period_start_fold = 'max'
                then period_start_max
                else period_start_latest
            end as period_start,
            case
                when period_end_fold = 'min' then period_end_min when period_end_fold = 'max' then period_end_max else period_end_latest
            end as period_end,
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
            case
                when tax_amount_fold = 'sum'
                then tax_amount_sum
                when tax_amount_fold = 'min'
                then tax_amount_min
                when tax_amount_fold = 'max'
                then tax_amount_max
                else tax_amount_latest
            end as tax_amount,
            case when status_fold = 'min' then status_min when status_fold = 'max' then status_max else status_latest end as status,
            cancels_invoice_id_latest,
            cancels_invoice_key_latest,
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
    cast(united.invoice_id as string) as invoice_id,
    cast(united.invoice_key as bigint) as invoice_key,
    cast(united.customer_key as bigint) as customer_key,
    cast(united.account_key as bigint) as account_key,
    cast(united.issued_at as timestamp) as issued_at,
    cast(united.due_at as date) as due_at,
    cast(united.period_start as date) as period_start,
    cast(united.period_end as date) as period_end,
    cast(united.currency as string) as currency,
    cast(united.amount as decimal(18, 4)) as amount,
    cast(united.tax_amount as decimal(18, 4)) as tax_amount,
    cast(united.status as string) as status,
    cast(united.cancels_invoice_id as string) as cancels_invoice_id,
    cast(united.cancels_invoice_key as bigint) as cancels_invoice_key,
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
