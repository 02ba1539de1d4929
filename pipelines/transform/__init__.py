"""dbt inside this process: the project parsed once, its models built with progress as they finish, failures said plainly.

The only room that imports dbt. It knows no Dagster word and no business rule; what the models say stands in `dbt_project/`.
"""
