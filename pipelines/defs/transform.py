"""The models: one run of dbt up to what the estimates read, one for what stands on the estimates."""

from pipelines.defs.dbt_models import models
from pipelines.policy import load_policy
from pipelines.transform.catalog import PUBLISHED_SCHEMAS
from pipelines.transform.project import ensure_manifest

# dbt's graph operator: the tables that Python writes, and all models and tests that stand on them.
_STANDS_ON_ESTIMATES = "source:estimates+"

# The shape of the graph does not depend on the policy. A run in a workspace that sets values of its own parses once more, with those.
_parsed = ensure_manifest({"policy": load_policy().as_variables()})

core = models("core", _parsed, exclude=_STANDS_ON_ESTIMATES)
marts = models("marts", _parsed, select=_STANDS_ON_ESTIMATES)

PUBLISHED = sorted(key for made in (core, marts) for key in made.keys if key.path[0] in PUBLISHED_SCHEMAS)
