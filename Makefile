# `make` lists the targets. Each target that needs the environment makes it first, if it is missing or out of date.
# Another interpreter: `make test PYTHON=python3.12`; it gets an environment of its own (.venv-3.12).

PYTHON ?= python3
MAKEFLAGS += --no-print-directory

PY_VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
VENV := .venv$(if $(filter-out python3,$(PYTHON)),-$(PY_VERSION))
BIN := $(VENV)/bin
# pyproject.toml or constraints.txt changed: install again. Folder moved or interpreter changed: start afresh.
STAMP := $(VENV)/installed
export MADE_FOR := Python $(PY_VERSION) in $(CURDIR)
FOUND := $(shell cat $(STAMP) 2>/dev/null)
ifneq ($(FOUND),$(MADE_FOR))
.PHONY: $(STAMP)
endif

.PHONY: help setup run hedge notebook test check verify bench clean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

setup: $(STAMP) ## make the environment and install the package in it
	@echo 'ready: $(VENV), Python $(PY_VERSION)'

run: $(STAMP) ## run the baseline: one year, with its report
	@$(BIN)/sitsim run baseline

hedge: $(STAMP) ## which hedge a company should take: a first answer
	@$(BIN)/sitsim hedge --spend 2e6 --cash 1.2e6

notebook: $(STAMP) ## open the first notebook in the browser
	@$(BIN)/jupyter lab notebooks/first_run.ipynb

test: check ## the static checks, then the fast tests
	@$(BIN)/python -m pytest -q -m 'not verify' -n 2 --dist loadfile

check: $(STAMP) ## lint, format, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

verify: $(STAMP) ## the long statistical tests
	@$(BIN)/python -m pytest -m verify

bench: $(STAMP) ## measure the speed of the engine and of the whole market
	@$(BIN)/python bench/run.py

clean: ## remove build output and tool caches (keeps the environments and runs/)
	@rm -rf build dist *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache
	@find . -name '.venv*' -prune -o -type d -name __pycache__ -exec rm -rf {} +

$(STAMP): pyproject.toml constraints.txt
	@test -n '$(PY_VERSION)' || { echo 'make: no interpreter $(PYTHON) runs here: name one with PYTHON=...' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'make: $(PYTHON) is Python $(PY_VERSION), 3.11 or later is needed: name one with PYTHON=...' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo 'make: $(PYTHON) cannot make environments: on Debian or Ubuntu, apt install python3-venv' >&2; exit 1; }
	@test "$$(cat $@ 2>/dev/null)" = "$$MADE_FOR" || $(PYTHON) -m venv --clear $(VENV)
	@echo 'installing into $(VENV) (a minute or two the first time)'
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev,notebook]'
	@echo "$$MADE_FOR" > $@
