-- Rendered from pipelines/contracts/records/employees.yml by `make render`: change the contract, not this file.
-- Employees as they stand: one row an employee (TMF669 PartyRole of a TMF632 Individual).
with
    kept as (select * from {{ ref("stg_employees__rows") }} where not is_folded),
    folding as (select * from {{ ref("stg_employees__rows") }} where is_folded),
    positions as (select max(_row_number) + 1 as longest from {{ source("raw", "employees") }}),
    feed_folds as (select * from {{ source("raw", "feed_fold") }} where record_type = 'employees'),
    incomplete as (select * from {{ source("raw", "incomplete_key") }} where record_type = 'employees'),
    replayed as (select * from {{ source("raw", "replayed_row") }} where record_type = 'employees'),
    deliveries as (select * from {{ ref("stg_deliveries") }} where record_type = 'employees'),
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
            max(fold) filter (where column_name = 'role') as role_fold,
            max(fold) filter (where column_name = 'started_at') as started_at_fold,
            max(fold) filter (where column_name = 'ended_at') as ended_at_fold
        from feed_folds
        group by source_name
    ),
    ordered as (
        select
            folding.*,
            folds.role_fold,
            folds.started_at_fold,
            folds.ended_at_fold,
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
            max_by(employee_key, place) filter (where employee_key is not null) as employee_key_latest,
            max(role_fold) as role_fold,
            min(role) as role_min,
            max(role) as role_max,
            max_by(role, place) filter (where role is not null) as role_latest,
            max_by(organisation_unit, place) filter (where organisation_unit is not null) as organisation_unit_latest,
            max_by(organisation_unit_key, place) filter (where organisation_unit_key is not null) as organisation_unit_key_latest,
            max(started_at_fold) as started_at_fold,
            min(started_at) as started_at_min,
            max(started_at) as started_at_max,
            max_by(started_at, place) filter (where started_at is not null) as started_at_latest,
            max(ended_at_fold) as ended_at_fold,
            min(ended_at) as ended_at_min,
            max(ended_at) as ended_at_max,
            max_by(ended_at, place) filter (where ended_at is not null) as ended_at_latest,
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
            employee_key,
            role,
            organisation_unit,
            organisation_unit_key,
            started_at,
            ended_at,
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
            employee_key_latest,
            case when role_fold = 'min' then role_min when role_fold = 'max' then role_max else role_latest end as role,
            organisation_unit_latest,
            organisation_unit_key_latest,
            case
                when started_at_fold = 'min' then started_at_min when started_at_fold = 'max' then started_at_max else started_at_latest
            end as started_at,
            case
                when ended_at_fold = 'min' then ended_at_min when ended_at_fold = 'max' then ended_at_max else ended_at_latest
            end as ended_at,
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
    cast(united.employee_key as bigint) as employee_key,
    cast(united.role as string) as role,
    cast(united.organisation_unit as string) as organisation_unit,
    cast(united.organisation_unit_key as bigint) as organisation_unit_key,
    cast(united.started_at as timestamp) as started_at,
    cast(united.ended_at as timestamp) as ended_at,
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
