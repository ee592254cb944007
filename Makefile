# One command each: run (the demo console), test, check (the whole gate), wheel (proof that an install works).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
ARGS ?=
CONFORMANCE_DIR ?= ../shared/conformance
LINKS := hotspare/app hotspare/widgets hotspare/probes hotspare/store

.PHONY: run test check format wheel conformance bench bench-console kill screenshots docs clean links

run: $(VENV)/.runtime
	@$(BIN)/hotspare demo $(ARGS)

test: $(VENV)/.development
	$(BIN)/python -m pytest -n 2 $(ARGS)

check: $(VENV)/.development
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2
	$(MAKE) --no-print-directory wheel
	$(MAKE) --no-print-directory conformance ARGS='--level core --level strict --level local'

format: $(VENV)/.development
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Installs the wheel in a clean environment beside a user's own app.py, store.py and router.py, and uses it.
wheel: $(VENV)/.development
	$(BIN)/python tests/wheel.py

# A conformance suite for gateways, where there is one in CONFORMANCE_DIR. ARGS="--only 'C-*' -v" runs some of it.
conformance: $(VENV)/.development
	@$(BIN)/python tests/conformance/run.py $(CONFORMANCE_DIR) $(ARGS)

# The gateway beside a bare pass-through: CPU, memory, delays. ARGS=--check fails where it has become dearer.
bench: $(VENV)/.development
	@$(BIN)/python bench/run.py $(ARGS)

# The console's own: its start, CPU, keys, bytes, memory, beside their goals. ARGS=--check fails where one is missed.
bench-console: $(VENV)/.development
	@$(BIN)/python bench/console.py $(ARGS)

# kill -9 at random moments, twenty times each: under load with roll-ups, in a migration, while tidying.
kill: $(VENV)/.development
	HOTSPARE_KILLS=20 $(BIN)/python -m pytest tests/store/test_store_kill.py tests/store/test_store_migrations.py $(ARGS)

screenshots: $(VENV)/.development
	$(BIN)/python screenshots/make.py

# The pages that are made from tables of the code; a test holds them to it.
docs: $(VENV)/.development
	$(BIN)/python docs/make.py

links:
	@for link in $(LINKS); do test -d $$link || { \
	  echo "$$link is no link to its folder: this copy was unpacked without links; clone it with git, or: ln -s ../$${link#hotspare/} $$link" >&2; exit 1; }; done

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Hotspare needs Python 3.11 or newer; say which: make PYTHON=python3.11" >&2; exit 1; }
ifneq ($(UV),)
	@uv venv --quiet --python $(PYTHON) $(VENV)
else
	@$(PYTHON) -m venv $(VENV)
endif

$(VENV)/.runtime: requirements.txt pyproject.toml | links $(VENV)/bin/python
ifneq ($(UV),)
	@uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.txt
	@uv pip install --quiet --python $(BIN)/python --no-deps -e .
else
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
endif
	@touch $@

$(VENV)/.development: requirements-dev.txt $(VENV)/.runtime
ifneq ($(UV),)
	@uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-dev.txt
else
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
endif
	@touch $@

clean:
	rm -rf $(VENV) $(VENV)-conformance dist build .mypy_cache .ruff_cache .pytest_cache
