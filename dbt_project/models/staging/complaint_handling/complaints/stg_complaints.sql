-- Rendered from pipelines/contracts/records/complaints.yml by `make render`: change the contract, not this file.
-- Complaints as they stand: one row a complaint (TMF621 TroubleTicket), with a column for each stage.
with
    kept as (select * from {{ ref("stg_complaints__rows") }} where not is_folded),
    folding as (select * from {{ ref("stg_complaints__rows") }} where is_folded),
    positions as (select max(_row_number) + 1 as longest from {{ source("raw", "complaints") }}),
    feed_folds as (select * from {{ source("raw", "feed_fold") }} where record_type = 'complaints'),
    incomplete as (select * from {{ source("raw", "incomplete_key") }} where record_type = 'complaints'),
    replayed as (select * from {{ source("raw", "replayed_row") }} where record_type = 'complaints'),
    deliveries as (select * from {{ ref("stg_deliveries") }} where record_type = 'complaints'),
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
            max(fold) filter (where column_name = 'disputed_amount') as disputed_amount_fold,
            max(fold) filter (where column_name = 'opened_at') as opened_at_fold,
            max(fold) filter (where column_name = 'acknowledged_at') as acknowledged_at_fold,
            max(fold) filter (where column_name = 'responded_at') as responded_at_fold,
            max(fold) filter (where column_name = 'resolved_at') as resolved_at_fold,
            max(fold) filter (where column_name = 'closed_at') as closed_at_fold,
            max(fold) filter (where column_name = 'followed_up_at') as followed_up_at_fold,
            max(fold) filter (where column_name = 'reopened_count') as reopened_count_fold,
            max(fold) filter (where column_name = 'category') as category_fold,
            max(fold) filter (where column_name = 'severity') as severity_fold,
            max(fold) filter (where column_name = 'department') as department_fold,
            max(fold) filter (where column_name = 'decision') as decision_fold,
            max(fold) filter (where column_name = 'compensation') as compensation_fold
        from feed_folds
        group by source_name
    ),
    ordered as (
        select
            folding.*,
            folds.disputed_amount_fold,
            folds.opened_at_fold,
            folds.acknowledged_at_fold,
            folds.responded_at_fold,
            folds.resolved_at_fold,
            folds.closed_at_fold,
            folds.followed_up_at_fold,
            folds.reopened_count_fold,
            folds.category_fold,
            folds.severity_fold,
            folds.department_fold,
            folds.decision_fold,
            folds.compensation_fold,
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
            max_by(complaint_id, place) filter (where complaint_id is not null) as complaint_id_latest,
            max_by(complaint_key, place) filter (where complaint_key is not null) as complaint_key_latest,
            max_by(customer_key, place) filter (where customer_key is not null) as customer_key_latest,
            max_by(account_key, place) filter (where account_key is not null) as account_key_latest,
            max_by(contact_id, place) filter (where contact_id is not null) as contact_id_latest,
            max_by(contact_key, place) filter (where contact_key is not null) as contact_key_latest,
            max_by(invoice_id, place) filter (where invoice_id is not null) as invoice_id_latest,
            max_by(invoice_key, place) filter (where invoice_key is not null) as invoice_key_latest,
            max(disputed_amount_fold) as disputed_amount_fold,
            cast(sum(disputed_amount) as decimal(18, 4)) as disputed_amount_sum,
            min(disputed_amount) as disputed_amount_min,
            max(disputed_amount) as disputed_amount_max,
            max_by(disputed_amount, place) filter (where disputed_amount is not null) as disputed_amount_latest,
            max(opened_at_fold) as opened_at_fold,
            min(opened_at) as opened_at_min,
            max(opened_at) as opened_at_max,
            max_by(opened_at, place) filter (where opened_at is not null) as opened_at_latest,
            max(acknowledged_at_fold) as acknowledged_at_fold,
            min(acknowledged_at) as acknowledged_at_min,
            max(acknowledged_at) as acknowledged_at_max,
            max_by(acknowledged_at, place) filter (where acknowledged_at is not null) as acknowledged_at_latest,
            max(responded_at_fold) as responded_at_fold,
            min(responded_at) as responded_at_min,
            max(responded_at) as responded_at_max,
            max_by(responded_at, place) filter (where responded_at is not null) as responded_at_latest,
            max(resolved_at_fold) as resolved_at_fold,
            min(resolved_at) as resolved_at_min,
            max(resolved_at) as resolved_at_max,
            max_by(resolved_at, place) filter (where resolved_at is not null) as resolved_at_latest,
            max(closed_at_fold) as closed_at_fold,
            min(closed_at) as closed_at_min,
            max(closed_at) as closed_at_max,
            max_by(closed_at, place) filter (where closed_at is not null) as closed_at_latest,
            max(followed_up_at_fold) as followed_up_at_fold,
            min(followed_up_at) as followed_up_at_min,
            max(followed_up_at) as followed_up_at_max,
            max_by(followed_up_at, place) filter (where followed_up_at is not null) as followed_up_at_latest,
            max(reopened_count_fold) as reopened_count_fold,
            cast(sum(reopened_count) as integer) as reopened_count_sum,
            min(reopened_count) as reopened_count_min,
            max(reopened_count) as reopened_count_max,
            max_by(reopened_count, place) filter (where reopened_count is not null) as reopened_count_latest,
            max(category_fold) as category_fold,
            min(category) as category_min,
            max(category) as category_max,
            max_by(category, place) filter (where category is not null) as category_latest,
            max(severity_fold) as severity_fold,
            min(severity) as severity_min,
            max(severity) as severity_max,
            max_by(severity, place) filter (where severity is not null) as severity_latest,
            max(department_fold) as department_fold,
            min(department) as department_min,
            max(department) as department_max,
            max_by(department, place) filter (where department is not null) as department_latest,
            max(decision_fold) as decision_fold,
            min(decision) as decision_min,
            max(decision) as decision_max,
            max_by(decision, place) filter (where decision is not null) as decision_latest,
            max(compensation_fold) as compensation_fold,
            cast(sum(compensation) as decimal(18, 4)) as compensation_sum,
            min(compensation) as compensation_min,
            max(compensation) as compensation_max,
            max_by(compensation, place) filter (where compensation is not null) as compensation_latest,
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
            complaint_id,
            complaint_key,
            customer_key,
            account_key,
            contact_id,
            contact_key,
            invoice_id,
            invoice_key,
            disputed_amount,
            opened_at,
            acknowledged_at,
            responded_at,
            resolved_at,
            closed_at,
            followed_up_at,
            reopened_count,
            category,
            severity,
            department,
            decision,
            compensation,
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
            complaint_id_latest,
            complaint_key_latest,
            customer_key_latest,
            account_key_latest,
            contact_id_latest,
            contact_key_latest,
            invoice_id_latest,
            invoice_key_latest,
            case
                when disputed_amount_fold = 'sum'
                then disputed_amount_sum
                when disputed_amount_fold = 'min'
                then disputed_amount_min
                when disputed_amount_fold = 'max'
                then disputed_amount_max
                else disputed_amount_latest
            end as disputed_amount,
            case
                when opened_at_fold = 'min' then opened_at_min when opened_at_fold = 'max' then opened_at_max else opened_at_latest
            end as opened_at,
            case
                when acknowledged_at_fold = 'min'
                then acknowledged_at_min
                when acknowledged_at_fold = 'max'
                then acknowledged_at_max
                else acknowledged_at_latest
            end as acknowledged_at,
            case
                when responded_at_fold = 'min'
                then responded_at_min
                when responded_at_fold = 'max'
                then responded_at_max
                else responded_at_latest
            end as responded_at,
            case
                when resolved_at_fold = 'min'
                then resolved_at_min
                when resolved_at_fold = 'max'
                then resolved_at_max
                else resolved_at_latest
            end as resolved_at,
            case
                when closed_at_fold = 'min' then closed_at_min when closed_at_fold = 'max' then closed_at_max else closed_at_latest
            end as closed_at,
            case
                when followed_up_at_fold = 'min'
                then followed_up_at_min
                when followed_up_at_fold = 'max'
                then followed_up_at_max
                else followed_up_at_latest
            end as followed_up_at,
            case
                when reopened_count_fold = 'sum'
                then reopened_count_sum
                when reopened_count_fold = 'min'
                then reopened_count_min
                when reopened_count_fold = 'max'
                then reopened_count_max
                else reopened_count_latest
            end as reopened_count,
            case
                when category_fold = 'min' then category_min when category_fold = 'max' then category_max else category_latest
            end as category,
            case
                when severity_fold = 'min' then severity_min when severity_fold = 'max' then severity_max else severity_latest
            end as severity,
            case
                when department_fold = 'min' then department_min when department_fold = 'max' then department_max else department_latest
            end as department,
            case
                when decision_fold = 'min' then decision_min when decision_fold = 'max' then decision_max else decision_latest
            end as decision,
            case
                when compensation_fold = 'sum'
                then compensation_sum
                when compensation_fold = 'min'
                then compensation_min
                when compensation_fold = 'max'
                then compensation_max
                else compensation_latest
            end as compensation,
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
    cast(united.complaint_id as string) as complaint_id,
    cast(united.complaint_key as bigint) as complaint_key,
    cast(united.customer_key as bigint) as customer_key,
    cast(united.account_key as bigint) as account_key,
    cast(united.contact_id as string) as contact_id,
    cast(united.contact_key as bigint) as contact_key,
    cast(united.invoice_id as string) as invoice_id,
    cast(united.invoice_key as bigint) as invoice_key,
    cast(united.disputed_amount as decimal(18, 4)) as disputed_amount,
    cast(united.opened_at as timestamp) as opened_at,
    cast(united.acknowledged_at as timestamp) as acknowledged_at,
    cast(united.responded_at as timestamp) as responded_at,
    cast(united.resolved_at as timestamp) as resolved_at,
    cast(united.closed_at as timestamp) as closed_at,
    cast(united.followed_up_at as timestamp) as followed_up_at,
    cast(united.reopened_count as integer) as reopened_count,
    cast(united.category as string) as category,
    cast(united.severity as string) as severity,
    cast(united.department as string) as department,
    cast(united.decision as string) as decision,
    cast(united.compensation as decimal(18, 4)) as compensation,
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
