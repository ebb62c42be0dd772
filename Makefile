# Everything works from here with Python 3.11 or newer; `make help` lists the targets.
# PYTHON=python3.12 chooses another interpreter.

PYTHON ?= python3
export PYTHON
RUN := .venv/bin

DATA ?=
SERVE ?= 1
PORT ?= 8866
WORKSPACE ?= demo-workspace
TESTS ?=
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup dev demo test check audit format strip figures accept leaks fuzz lock offline clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | \
	while IFS='|' read -r name text; do printf '%-14s %s\n' "$$name" "$$text"; done

setup: ## make .venv from requirements.lock, as a user needs it
	@sh checks/setup.sh user

dev: setup ## add what tests and checks need, from requirements-dev.lock
	@sh checks/setup.sh dev

# `exec`, so that Ctrl-C reaches the program itself, which then stops what it has started.
demo: setup ## the whole line on a small hospital; DATA=folder adds your files, SERVE=0 stops after the report
	@exec $(RUN)/workbench demo -w "$(WORKSPACE)" --port "$(PORT)" \
		$(if $(DATA),--data "$(DATA)") $(if $(filter 0 no,$(SERVE)),--no-serve)

test: dev ## run the tests; installs Orthanc, DCMTK, Chromium, PostgreSQL, Pango where it may (not with WORKBENCH_NO_APT=1)
	@sh checks/programs.sh
	@exec $(RUN)/python -m pytest -n $(WORKERS) --dist loadfile $(TESTS)

check: dev ## style, types, layers, shape, notebooks, the widgets' JavaScript
	@sh checks/programs.sh nodejs npm
	$(RUN)/ruff check
	$(RUN)/ruff format --check
	$(RUN)/mypy
	$(RUN)/lint-imports
	$(RUN)/python -m checks.shape
	$(RUN)/python -m checks.names
	$(RUN)/python -m checks.notebooks
	$(RUN)/python -m checks.catalogues
	sh checks/javascript.sh

# Asks the internet, and its answer changes without us: neither a part of `check` nor of CI.
audit: setup ## ask OSV for known vulnerabilities of what the locks hold; OSV=https://... names a mirror
	@exec $(RUN)/python -m checks.audit $(if $(OSV),--osv "$(OSV)")

format: dev ## let ruff lay the code out
	$(RUN)/ruff check --fix
	$(RUN)/ruff format

strip: dev ## empty the notebooks of outputs
	$(RUN)/python -m checks.notebooks --strip

figures: dev ## measure every figure of the docs, write docs/figures.md, say what is below its floor
	@sh checks/programs.sh
	@exec $(RUN)/python -m benchmarks.figures --out docs/figures.md

accept: dev ## hold the same floors in a shorter way: pass or fail
	@sh checks/programs.sh
	@exec $(RUN)/python -m benchmarks.figures --accept

leaks: dev ## plant fifty people, make every output, count whom it names
	@sh checks/programs.sh
	@exec $(RUN)/python -m benchmarks.leaks --where

fuzz: dev ## change files until a check fails; SECONDS=600 for longer; with Atheris where it is installed
	$(RUN)/python -m tests.fuzz.headers fuzz-corpus -max_total_time=$(or $(SECONDS),60)
	$(RUN)/python -m tests.fuzz.images $(or $(IMAGES),500)

COMPILE := uv --no-config pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-strip-extras --no-emit-index-url --no-annotate --no-header --quiet

# The developers' lock comes first and binds the users': no package has two versions.
lock: ## resolve pyproject.toml anew into the two locks; UPGRADE=--upgrade for newer versions
	@command -v uv >/dev/null || { echo "make lock needs uv (pip install uv)." >&2; exit 2; }
	$(COMPILE) $(UPGRADE) --extra dev -o requirements-dev.lock
	$(COMPILE) $(UPGRADE) --extra build --extra dask --extra objects --extra postgres --extra quaac \
		--constraint requirements-dev.lock -o requirements.lock
	@sh checks/setup.sh dev
	$(RUN)/python -m checks.locks

offline: setup ## fill FOLDER (dist/offline) with all that a machine without a network needs to install
	@sh checks/offline.sh "$(or $(FOLDER),dist/offline)"

clean: ## remove the environment, caches and the demo's workspace
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache checks/javascript/node_modules demo-workspace fuzz-corpus build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
