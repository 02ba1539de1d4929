"""The asset graph as text, so that a change of it is read in a review and not only seen on a screen."""

from collections.abc import Iterator

import dagster as dg

from pipelines.defs.loading import load
from pipelines.defs.run import JOB

_HEADER = """\
The asset graph: every asset by the step that makes it, with its group, what it is made from and what is checked of it.
Written by `make render`; a test holds it against the definitions.
"""


def render_graph(location: dg.Definitions | None = None) -> str:
    """Every step in the order of its job, and its assets by key.

    Args:
        location: The definitions to show; those of the warehouse when None.
    """
    shown = load() if location is None else location
    made = {asset.op.name: asset for asset in shown.assets or () if isinstance(asset, dg.AssetsDefinition)}
    order = [node.name for node in shown.resolve_job_def(JOB).nodes_in_topological_order]
    steps = ("\n".join(_step(name, made[name])) for name in order)
    return "\n\n".join([_HEADER + f"job {JOB}: {', '.join(order)}", *steps]) + "\n"


def _step(name: str, assets: dg.AssetsDefinition) -> Iterator[str]:
    yield f"step {name}"
    checks = sorted(assets.check_specs, key=lambda check: check.name)
    # A check may stand beside another step's asset: a test of a table that this step reads.
    keys = {spec.key for spec in assets.specs} | {check.asset_key for check in checks}
    specs = {spec.key: spec for spec in assets.specs}
    for key in sorted(keys):
        spec = specs.get(key)
        yield f"  {key.to_user_string()}  [{spec.group_name}]" if spec else f"  {key.to_user_string()}  (made elsewhere)"
        if spec and spec.deps:
            yield f"    from   {', '.join(sorted(dep.asset_key.to_user_string() for dep in spec.deps))}"
        for check in checks:
            if check.asset_key == key:
                yield f"    check  {check.name}{'' if check.blocking else ' (warns)'}"
