# make demo    everything on this machine: needs Python 3.11 or newer, make and a package index
# make test    every test        make check    format, lint, types, contracts, deployment check, then the tests
# make bench   ours beside the bare limit, as ratios (SCALE=1000000 for the large one)
# make setup   the .venv alone   make lock     compile requirements/*.in anew    make messages    catalogues of messages

PYTHON ?= python3
PORT ?= 8000
SIM_PORT ?= 8090
WORKERS ?= 2
BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null)

# Bytecode is kept: without it each of the demo's processes compiles more than a thousand modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test check bench lock messages
.DEFAULT_GOAL := demo

setup: .venv/.runtime

demo: .venv/.runtime
	@EVENHAND_DEMO=1 PORT="$(PORT)" SIM_PORT="$(SIM_PORT)" PORTFOLIO="$(PORTFOLIO)" exec $(BIN)/python -m config.supervisor

test: .venv/.dev
	$(BIN)/python -m pytest -n $(WORKERS)

bench: .venv/.dev
	@SCALE="$(SCALE)" $(BIN)/python -m tests.bench

# Keys and addresses that look like a real deployment's; nothing is contacted.
PRODUCTION := EVENHAND_DEMO=0 PUBLIC_BASE_URL=https://evenhand.example DATABASE_URL=postgresql://evenhand@localhost/evenhand \
	SECRET_KEY=xK3-pQ9_vT7-hB2_mR8-jW4_nZ6-cF1_sL5-dY0_gA3-eU7_oI9-tE2 \
	FIELD_KEY=Y2hlY2stZmllbGQta2V5LWNoZWNrLWZpZWxkLWtleTA= HASH_PEPPER=Y2hlY2stcGVwcGVyLWNoZWNrLXBlcHBlci1jaGVjazA=

check: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python manage.py makemigrations --check --dry-run
	@$(MAKE) --no-print-directory test

# An environment that uv made has no pip; without uv it needs one.
ENSURE_PIP = $(if $(UV),true,$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null)

# uv is used where it is found, never required: the result is the same.
INSTALL = $(if $(UV),VIRTUAL_ENV=.venv $(UV) pip install --quiet,$(BIN)/python -m pip install --quiet --disable-pip-version-check) --require-hashes

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed. Name one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(if $(UV),$(UV) venv --quiet --python $(PYTHON) .venv,$(PYTHON) -m venv .venv)

.venv/.runtime: requirements/runtime.lock | .venv/bin/python
	@echo "Installing what the product needs (about half a minute the first time)"
	@$(ENSURE_PIP)
	@$(INSTALL) -r requirements/runtime.lock
	@touch $@

.venv/.dev: requirements/dev.lock | .venv/bin/python
	@echo "Installing what the tests need"
	@$(ENSURE_PIP)
	@$(INSTALL) -r requirements/dev.lock
	@touch .venv/.runtime $@

COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

lock:
	$(COMPILE) $(LOCKFLAGS) requirements/runtime.in -o requirements/runtime.lock
	$(COMPILE) $(LOCKFLAGS) requirements/dev.in -o requirements/dev.lock

# Needs the gettext programs; the catalogues that come out are compiled by Babel, so users need none.
messages: .venv/.runtime
	$(BIN)/python manage.py makemessages --all --keep-pot
	$(BIN)/pybabel compile --domain django --directory locale
