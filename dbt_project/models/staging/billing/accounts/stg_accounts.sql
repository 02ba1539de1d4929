-- Rendered from pipelines/contracts/records/accounts.yml by `make render`: change the contract, not this file.
-- Accounts as they stand: one row a billing account (TMF666 BillingAccount).
with
    kept as (select * from {{ ref("stg_accounts__rows") }} where not is_folded),
    folding as (select * from {{ ref("stg_accounts__rows") }} where is_folded),
    positions as (select max(_row_number) + 1 as longest from {{ source("raw", "accounts") }}),
    feed_folds as (select * from {{ source("raw", "feed_fold") }} where record_type = 'accounts'),
    incomplete as (select * from {{ source("raw", "incomplete_key") }} where record_type = 'accounts'),
    replayed as (select * from {{ source("raw", "replayed_row") }} where record_type = 'accounts'),
    deliveries as (select * from {{ ref("stg_deliveries") }} where record_type = 'accounts'),
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
            max(fold) filter (where column_name = 'opened_at') as opened_at_fold,
            max(fold) filter (where column_name = 'closed_at') as closed_at_fold,
            max(fold) filter (where column_name = 'close_reason') as close_reason_fold,
            max(fold) filter (where column_name = 'billing_day') as billing_day_fold,
            max(fold) filter (where column_name = 'currency') as currency_fold,
            max(fold) filter (where column_name = 'credit_limit') as credit_limit_fold,
            max(fold) filter (where column_name = 'payment_terms_days') as payment_terms_days_fold,
            max(fold) filter (where column_name = 'discount_terms') as discount_terms_fold
        from feed_folds
        group by source_name
    ),
    ordered as (
        select
            folding.*,
            folds.opened_at_fold,
            folds.closed_at_fold,
            folds.close_reason_fold,
            folds.billing_day_fold,
            folds.currency_fold,
            folds.credit_limit_fold,
            folds.payment_terms_days_fold,
            folds.discount_terms_fold,
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
            max_by(account_key, place) filter (where account_key is not null) as account_key_latest,
            max_by(customer_key, place) filter (where customer_key is not null) as customer_key_latest,
            max_by(organisation_unit, place) filter (where organisation_unit is not null) as organisation_unit_latest,
            max_by(organisation_unit_key, place) filter (where organisation_unit_key is not null) as organisation_unit_key_latest,
            max(opened_at_fold) as opened_at_fold,
            min(opened_at) as opened_at_min,
            max(opened_at) as opened_at_max,
            max_by(opened_at, place) filter (where opened_at is not null) as opened_at_latest,
            max(closed_at_fold) as closed_at_fold,
            min(closed_at) as closed_at_min,
            max(closed_at) as closed_at_max,
            max_by(closed_at, place) filter (where closed_at is not null) as closed_at_latest,
            max(close_reason_fold) as close_reason_fold,
            min(close_reason) as close_reason_min,
            max(close_reason) as close_reason_max,
            max_by(close_reason, place) filter (where close_reason is not null) as close_reason_latest,
            max(billing_day_fold) as billing_day_fold,
            cast(sum(billing_day) as smallint) as billing_day_sum,
            min(billing_day) as billing_day_min,
            max(billing_day) as billing_day_max,
            max_by(billing_day, place) filter (where billing_day is not null) as billing_day_latest,
            max(currency_fold) as currency_fold,
            min(currency) as currency_min,
            max(currency) as currency_max,
            max_by(currency, place) filter (where currency is not null) as currency_latest,
            max(credit_limit_fold) as credit_limit_fold,
            cast(sum(credit_limit) as decimal(18, 4)) as credit_limit_sum,
            min(credit_limit) as credit_limit_min,
            max(credit_limit) as credit_limit_max,
            max_by(credit_limit, place) filter (where credit_limit is not null) as credit_limit_latest,
            max(payment_terms_days_fold) as payment_terms_days_fold,
            cast(sum(payment_terms_days) as integer) as payment_terms_days_sum,
            min(payment_terms_days) as payment_terms_days_min,
            max(payment_terms_days) as payment_terms_days_max,
            max_by(payment_terms_days, place) filter (where payment_terms_days is not null) as payment_terms_days_latest,
            max(discount_terms_fold) as discount_terms_fold,
            min(discount_terms) as discount_terms_min,
            max(discount_terms) as discount_terms_max,
            max_by(discount_terms, place) filter (where discount_terms is not null) as discount_terms_latest,
            max_by(is_prepaid, place) filter (where is_prepaid is not null) as is_prepaid_latest,
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
            account_key,
            customer_key,
            organisation_unit,
            organisation_unit_key,
            opened_at,
            closed_at,
            close_reason,
            billing_day,
            currency,
            credit_limit,
            payment_terms_days,
            discount_terms,
            is_prepaid,
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
            account_key_latest,
            customer_key_latest,
            organisation_unit_latest,
            organisation_unit_key_latest,
            case
                when opened_at_fold = 'min' then opened_at_min when opened_at_fold = 'max' then opened_at_max else opened_at_latest
            end as opened_at,
            case
                when closed_at_fold = 'min' then closed_at_min when closed_at_fold = 'max' then closed_at_max else closed_at_latest
            end as closed_at,
            case
                when close_reason_fold = 'min'
                then close_reason_min
                when close_reason_fold = 'max'
                then close_reason_max
                else close_reason_latest
            end as close_reason,
            case
                when billing_day_fold = 'sum'
                then billing_day_sum
                when billing_day_fold = 'min'
                then billing_day_min
                when billing_day_fold = 'max'
                then billing_day_max
                else billing_day_latest
            end as billing_day,
            case
                when currency_fold = 'min' then currency_min when currency_fold = 'max' then currency_max else currency_latest
            end as currency,
            case
                when credit_limit_fold = 'sum'
                then credit_limit_sum
                when credit_limit_fold = 'min'
                then credit_limit_min
                when credit_limit_fold = 'max'
                then credit_limit_max
                else credit_limit_latest
            end as credit_limit,
            case
                when payment_terms_days_fold = 'sum'
                then payment_terms_days_sum
                when payment_terms_days_fold = 'min'
                then payment_terms_days_min
                when payment_terms_days_fold = 'max'
                then payment_terms_days_max
                else payment_terms_days_latest
            end as payment_terms_days,
            case
                when discount_terms_fold = 'min'
                then discount_terms_min
                when discount_terms_fold = 'max'
                then discount_terms_max
                else discount_terms_latest
            end as discount_terms,
            is_prepaid_latest,
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
    cast(united.account_key as bigint) as account_key,
    cast(united.customer_key as bigint) as customer_key,
    cast(united.organisation_unit as string) as organisation_unit,
    cast(united.organisation_unit_key as bigint) as organisation_unit_key,
    cast(united.opened_at as timestamp) as opened_at,
    cast(united.closed_at as timestamp) as closed_at,
    cast(united.close_reason as string) as close_reason,
    cast(united.billing_day as smallint) as billing_day,
    cast(united.currency as string) as currency,
    cast(united.credit_limit as decimal(18, 4)) as credit_limit,
    cast(united.payment_terms_days as integer) as payment_terms_days,
    cast(united.discount_terms as string) as discount_terms,
    cast(united.is_prepaid as boolean) as is_prepaid,
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
