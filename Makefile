# The verbs of this project; `make` alone lists them. Every verb that needs the environment makes it first (.ci/set-up), once:
# a stamp named by a hash of what it stands on says that it is there, so that the next call starts at once.

.DEFAULT_GOAL := help
.PHONY: help run test check bench dev render lock clean always
MAKEFLAGS += --no-print-directory --no-builtin-rules

BIN := .venv/bin
LOCK := .ci/requirements.lock
BENCH_SIZE ?= 100MB
READY := .venv/.ready-$(shell { cat $(LOCK) pyproject.toml; pwd; echo '$(PYTHON)'; } | git hash-object --stdin)

# Not for the tests: they bring an instance of their own.
dev check: export DAGSTER_HOME := $(CURDIR)

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# A dangling interpreter (its base was upgraded or removed) counts as no environment.
$(READY): $(if $(wildcard $(BIN)/python),,always)
	@PYTHON='$(PYTHON)' .ci/set-up $@

run: $(READY) ## take in what was delivered, compute and publish; a small sample when nothing was delivered yet
	@$(BIN)/clientele run --sample-when-empty

test: $(READY) ## run the tests
	@$(BIN)/pytest

check: $(READY) ## ask the linters, the type checker and the parsers
	@.ci/check

bench: $(READY) ## measure speed and memory beside plain DuckDB, some minutes (BENCH_SIZE=2GB, BENCH_OPTIONS='--repeat 5')
	@$(BIN)/python -m benchmarks --size $(BENCH_SIZE) $(BENCH_OPTIONS)

dev: $(READY) ## open Dagster's pages on this machine, to look at runs and assets
	@$(BIN)/dg dev --host 127.0.0.1

render: $(READY) ## write again what follows from the contracts
	@$(BIN)/clientele render

lock: $(READY) ## resolve pyproject.toml into the lock file (LOCK_OPTIONS=--upgrade takes newer versions)
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-strip-extras \
		--custom-compile-command 'make lock' --group dev --group pictures --group install $(LOCK_OPTIONS) \
		--output-file $(LOCK) pyproject.toml

clean: ## remove the environment and every cache; deliveries and published files stay
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist logs dbt_project/target dbt_project/logs
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

always:
