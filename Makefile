# What this repository can do. `make` alone prints this list.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BUNDLE := ps_analytics/ui/components/dist/ps_analytics.js
WORKERS := -n logical --maxprocesses 8 --dist worksteal    # each starts its own PostgreSQL and Chromium

# The tests start many programs: each would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test lint notebooks docs bench bench-analysis bench-ui fuzz-math mutate-math tools lock clean

help:  ## print this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(BUNDLE)  ## run everything on this machine: database, daemon, a simulated car, dashboards
	$(BIN)/psa demo

# The environment is made while Debian's packages come.
test:  ## run the whole test suite, notebooks included
	@$(MAKE) --no-print-directory -j 2 lint tools
	$(BIN)/python -m pytest $(WORKERS) --durations=15 --durations-min=5
	$(MAKE) --no-print-directory notebooks

lint: $(BUNDLE)  ## check style, types and the doors between the rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

notebooks: $(BUNDLE)  ## run every notebook from its first cell to its last
	$(BIN)/python -m pytest --nbmake --override-ini=addopts= $(WORKERS) notebooks

bench: $(BUNDLE)  ## measure storage, decoders and analysis, as ratios of one run
	$(BIN)/python -m tests.bench

bench-analysis: $(BUNDLE)  ## judge laps, deltas, corners and ideal laps by 1,000 simulated sessions with injected trouble
	$(BIN)/python -m tests.bench.bench_analysis

fuzz-math: $(BUNDLE)  ## throw 100,000 random and damaged formulas at the language
	$(BIN)/python -m tests.bench.fuzz_math

mutate-math: $(BUNDLE)  ## put small faults into the language and count those its tests notice
	$(BIN)/python -m tests.bench.mutate_math

bench-ui: $(BUNDLE) tools  ## measure the review page beside a bare plot page
	$(BIN)/python -m tests.bench.bench_ui

docs: $(BUNDLE)  ## write docs/functions.md and its plots anew from the table of functions
	$(BIN)/python -m docs.generate_functions

tools:  ## install what the tests drive: Chromium and PostgreSQL (Debian packages)
	@./.ci/tools

lock: $(BUNDLE)  ## write requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --no-annotate --all-extras --group build --group dev --group test \
		pyproject.toml --output-file requirements.lock

clean:  ## remove the environment and everything that was built
	rm -rf $(VENV) node_modules artefacts dist ps_analytics/ui/components/dist
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# The environment: every package from the lock file, by its hash.
$(STAMP): requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@touch $(STAMP)

# This checkout in it, editable. The build hook bundles the dashboards' JavaScript anew where a source of it changed.
$(BUNDLE): $(STAMP) pyproject.toml hatch_build.py package-lock.json $(shell find ps_analytics/ui/components/src -type f)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(BUNDLE)
