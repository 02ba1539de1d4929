"""`python -m pipelines.cli`, the same as `clientele`."""

from pipelines.cli import main

main()
