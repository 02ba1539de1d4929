-- Rendered from pipelines/contracts/records/invoice_lines.yml by `make render`: change the contract, not this file.
-- Invoice lines as they stand: one row a line of an invoice (TMF678 AppliedCustomerBillingRate).
with
    kept as (select * from {{ ref("stg_invoice_lines__rows") }} where not is_folded and is_keyed),
    unnumbered as (select * from {{ ref("stg_invoice_lines__rows") }} where not is_keyed),
    folding as (select * from {{ ref("stg_invoice_lines__rows") }} where is_folded),
    positions as (select max(_row_number) + 1 as longest from {{ source("raw", "invoice_lines") }}),
    feed_folds as (select * from {{ source("raw", "feed_fold") }} where record_type = 'invoice_lines'),
    incomplete as (select * from {{ source("raw", "incomplete_key") }} where record_type = 'invoice_lines'),
    replayed as (select * from {{ source("raw", "replayed_row") }} where record_type = 'invoice_lines'),
    deliveries as (select * from {{ ref("stg_deliveries") }} where record_type = 'invoice_lines'),
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
            max(fold) filter (where column_name = 'charge_type') as charge_type_fold,
            max(fold) filter (where column_name = 'quantity') as quantity_fold,
            max(fold) filter (where column_name = 'unit_price') as unit_price_fold,
            max(fold) filter (where column_name = 'amount') as amount_fold,
            max(fold) filter (where column_name = 'tax_amount') as tax_amount_fold,
            max(fold) filter (where column_name = 'cost') as cost_fold,
            max(fold) filter (where column_name = 'period_start') as period_start_fold,
            max(fold) filter (where column_name = 'period_end') as period_end_fold
        from feed_folds
        group by source_name
    ),
    ordered as (
        select
            folding.*,
            folds.issued_at_fold,
            folds.charge_type_fold,
            folds.quantity_fold,
            folds.unit_price_fold,
            folds.amount_fold,
            folds.tax_amount_fold,
            folds.cost_fold,
            folds.period_start_fold,
            folds.period_end_fold,
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
            max_by(line_number, place) filter (where line_number is not null) as line_number_latest,
            max(issued_at_fold) as issued_at_fold,
            min(issued_at) as issued_at_min,
            max(issued_at) as issued_at_max,
            max_by(issued_at, place) filter (where issued_at is not null) as issued_at_latest,
            max_by(product_id, place) filter (where product_id is not null) as product_id_latest,
            max_by(product_key, place) filter (where product_key is not null) as product_key_latest,
            max_by(subscription_key, place) filter (where subscription_key is not null) as subscription_key_latest,
            max(charge_type_fold) as charge_type_fold,
            min(charge_type) as charge_type_min,
            max(charge_type) as charge_type_max,
            max_by(charge_type, place) filter (where charge_type is not null) as charge_type_latest,
            max(quantity_fold) as quantity_fold,
            cast(sum(quantity) as decimal(18, 4)) as quantity_sum,
            min(quantity) as quantity_min,
            max(quantity) as quantity_max,
            max_by(quantity, place) filter (where quantity is not null) as quantity_latest,
            max(unit_price_fold) as unit_price_fold,
            cast(sum(unit_price) as decimal(18, 4)) as unit_price_sum,
            min(unit_price) as unit_price_min,
            max(unit_price) as unit_price_max,
            max_by(unit_price, place) filter (where unit_price is not null) as unit_price_latest,
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
            max(cost_fold) as cost_fold,
            cast(sum(cost) as decimal(18, 4)) as cost_sum,
            min(cost) as cost_min,
            max(cost) as cost_max,
            max_by(cost, place) filter (where cost is not null) as cost_latest,
            max(period_start_fold) as period_start_fold,
            min(period_start) as period_start_min,
            max(period_start) as period_start_max,
            max_by(period_start, place) filter (where period_start is not null) as period_start_latest,
            max(period_end_fold) as period_end_fold,
            min(period_end) as period_end_min,
            max(period_end) as period_end_max,
            max_by(period_end, place) filter (where period_end is not null) as period_end_latest,
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
    -- Without a delivered number all rows of the newest delivery stay, numbered in the order in which they came.
    numbered as (
        select unnumbered.*, row_number() over (partition by unnumbered._record_key order by unnumbered._row_number) as position
        from unnumbered
    ),
    united as (
        select
            invoice_id,
            invoice_key,
            line_number,
            issued_at,
            product_id,
            product_key,
            subscription_key,
            charge_type,
            quantity,
            unit_price,
            amount,
            tax_amount,
            cost,
            period_start,
            period_end,
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
            invoice_id,
            invoice_key,
            position,
            issued_at,
            product_id,
            product_key,
            subscription_key,
            charge_type,
            quantity,
            unit_price,
            amount,
            tax_amount,
            cost,
            period_start,
            period_end,
            source_system,
            _source_name,
            _record_key,
            _delivery_key,
            _row_number,
            _known_at,
            1,
            order_rank,
            false,
            false
        from numbered
        union all
        select
            invoice_id_latest,
            invoice_key_latest,
            line_number_latest,
            case
                when issued_at_fold = 'min' then issued_at_min when issued_at_fold = 'max' then issued_at_max else issued_at_latest
            end as issued_at,
            product_id_latest,
            product_key_latest,
            subscription_key_latest,
            case
                when charge_type_fold = 'min'
                then charge_type_min
                when charge_type_fold = 'max'
                then charge_type_max
                else charge_type_latest
            end as charge_type,
            case
                when quantity_fold = 'sum'
                then quantity_sum
                when quantity_fold = 'min'
                then quantity_min
                when quantity_fold = 'max'
                then quantity_max
                else quantity_latest
            end as quantity,
            case
                when unit_price_fold = 'sum'
                then unit_price_sum
                when unit_price_fold = 'min'
                then unit_price_min
                when unit_price_fold = 'max'
                then unit_price_max
                else unit_price_latest
            end as unit_price,
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
            case
                when cost_fold = 'sum'
                then cost_sum
                when cost_fold = 'min'
                then cost_min
                when cost_fold = 'max'
                then cost_max
                else cost_latest
            end as cost,
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
    cast(united.line_number as bigint) as line_number,
    cast(united.issued_at as timestamp) as issued_at,
    cast(united.product_id as string) as product_id,
    cast(united.product_key as bigint) as product_key,
    cast(united.subscription_key as bigint) as subscription_key,
    cast(united.charge_type as string) as charge_type,
    cast(united.quantity as decimal(18, 4)) as quantity,
    cast(united.unit_price as decimal(18, 4)) as unit_price,
    cast(united.amount as decimal(18, 4)) as amount,
    cast(united.tax_amount as decimal(18, 4)) as tax_amount,
    cast(united.cost as decimal(18, 4)) as cost,
    cast(united.period_start as date) as period_start,
    cast(united.period_end as date) as period_end,
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
