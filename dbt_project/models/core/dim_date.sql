with
    invoices as (select * from {{ ref("fct_invoice") }}),
    payments as (select * from {{ ref("fct_payment") }}),
    contacts as (select * from {{ ref("fct_contact") }}),
    complaints as (select * from {{ ref("fct_complaint") }}),
    customers as (select * from {{ ref("dim_customer") }}),
    accounts as (select * from {{ ref("dim_account") }}),
    closed_months as (select * from {{ ref("int_month__closed") }}),
    numbers as (select * from {{ ref("int_number__series") }}),
    ranges as (
        select min(issued_date) as first_date, greatest(max(issued_date), max(due_date)) as last_date
        from invoices
        union all
        select min(paid_date), max(paid_date)
        from payments
        union all
        select min(contact_date), max(contact_date)
        from contacts
        union all
        select min(received_date), max(received_date)
        from complaints
        union all
        select min(registered_date), max(registered_date)
        from customers
        union all
        select min(opened_date), max(opened_date)
        from accounts
    ),
    years as (
        select
            cast(date_trunc('year', min(first_date)) as date) as first_date,
            cast({{ dbt.dateadd("year", 1, "date_trunc('year', max(last_date))") }} as date) as end_date
        from ranges
    ),
    days as (
        select cast({{ dbt.dateadd("day", "numbers.number", "years.first_date") }} as date) as calendar_date
        from years
        inner join numbers on numbers.number < {{ dbt.datediff("years.first_date", "years.end_date", "day") }}
    ),
    parts as (
        select
            calendar_date,
            {{ month_of("calendar_date") }} as month,
            {{ dbt.datediff("date_trunc('week', calendar_date)", "calendar_date", "day") }} as days_since_monday
        from days
    )
select
    calendar_date as date_key,
    parts.month,
    last_day(calendar_date) as as_of,
    cast(date_trunc('quarter', calendar_date) as date) as quarter,
    cast(year(calendar_date) as integer) as year_number,
    cast(quarter(calendar_date) as integer) as quarter_number,
    cast(month(calendar_date) as integer) as month_number,
    cast(day(calendar_date) as integer) as day_number,
    cast(days_since_monday + 1 as integer) as day_of_week,
    closed_months.month is not null as is_closed_month
from parts
left join closed_months on parts.month = closed_months.month
order by date_key
