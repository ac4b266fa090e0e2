# What this repository can do. `make` alone prints this list.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test lint notebooks bench bench-ui tools lock clean

help:  ## print this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(STAMP)  ## run everything on this machine: database, daemon, a simulated car, dashboards
	$(BIN)/psa demo

test: $(STAMP) tools lint  ## run the whole test suite, notebooks included
	$(BIN)/python -m pytest
	$(MAKE) --no-print-directory notebooks

lint: $(STAMP)  ## check style, types and the doors between the rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

notebooks: $(STAMP)  ## run every notebook from its first cell to its last
	$(BIN)/python -m pytest --nbmake --override-ini=addopts= notebooks

bench: $(STAMP)  ## measure storage, decoders and analysis, as ratios of one run
	$(BIN)/python -m tests.bench

bench-ui: $(STAMP) tools  ## measure the review page beside a bare plot page
	$(BIN)/python -m tests.bench.bench_ui

tools:  ## install what the tests drive: Chromium and PostgreSQL (Debian packages)
	@./.ci/tools

lock: $(STAMP)  ## write requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --no-annotate --all-extras --group build --group dev --group test \
		pyproject.toml --output-file requirements.lock

clean:  ## remove the environment and everything that was built
	rm -rf $(VENV) node_modules artefacts dist ps_analytics/ui/components/dist
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# The environment: every package from the lock file by hash, then this checkout, editable.
$(STAMP): requirements.lock pyproject.toml hatch_build.py package.json package-lock.json
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)
