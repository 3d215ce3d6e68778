# Everything a person runs by hand. `make help` lists it.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test lint fix words bench chaos fuzz doctor clean

# The first Python that is new enough; the plain name first, because that is what the machine's owner chose.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$name && break; done)
BIN := .venv/bin
TESTS ?= tests

help: ## Show this list
	@echo "Waybill. What you can run here:"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'

run: .venv/.for-running ## Start everything with demo data; PORT=9000 moves it, Ctrl-C stops it
	@exec $(BIN)/python manage.py serve --demo

test: .venv/.for-working ## Run all tests on a PostgreSQL of their own; TESTS=tests/outbox picks some
	@$(BIN)/python -m pytest $(TESTS)

lint: .venv/.for-working ## Check style, import contracts, system checks and migrations
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@PYTHONPATH=platform $(BIN)/lint-imports
	@$(BIN)/python manage.py check --fail-level WARNING
	@$(BIN)/python manage.py makemigrations --check --dry-run

fix: .venv/.for-working ## Repair what the linter can repair, and format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

words: .venv/.for-working ## Bring the translations up to date with the code, compile them, and list what is missing
	@PYTHONPATH=.:platform $(BIN)/python -m tests.support.catalogues

bench: .venv/.for-working ## Measure on this machine, ten minutes in all; ONLY=drain,http picks
	@ONLY="$(ONLY)" $(BIN)/python -m bench.run

chaos: .venv/.for-working ## Kill and disturb everything for MINUTES=1 and count what got lost; SEED=7 repeats a run
	@PYTHONPATH=.:platform MINUTES=$(MINUTES) SEED=$(SEED) CHANNELS=$(CHANNELS) \
		$(BIN)/python -W ignore -m tests.acceptance.chaos

fuzz: .venv/.for-working ## Try to break every parser of webhooks and the API for MINUTES=5; SEED=7 repeats a run
	@for vendor in whapi cloud waha; do \
		PYTHONPATH=.:platform $(BIN)/python -W ignore -m tests.fuzzing $$vendor \
			$$(( $(or $(MINUTES),5) * 15 )) $(or $(SEED),1) || exit 1; done
	@FUZZ_SECONDS=$$(( $(or $(MINUTES),5) * 15 )) FUZZ_SEED=$(or $(SEED),1) \
		$(BIN)/python -m pytest --timeout 0 tests/acceptance/test_api_fuzzed.py

doctor: .venv/.for-running ## Check every link of the chain and say what to do
	@$(BIN)/python manage.py doctor

clean: ## Remove .venv and caches; keeps .data, where the messages are
	@rm -rf .venv .pytest_cache .ruff_cache .import_linter_cache staticfiles
	@find . -name __pycache__ -type d -not -path './.data/*' -prune -exec rm -rf {} +

# Each stamp is renewed when its list of pinned packages changes.
.venv/.for-running: requirements.txt | .venv/bin/python
	@echo "Installing what Waybill runs on (once)."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/.for-working: requirements-dev.txt requirements.txt | .venv/bin/python
	@echo "Installing what the tests and linters need (once)."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ .venv/.for-running

.venv/bin/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Waybill needs Python 3.11 or newer, and none was found; install one and run make again." >&2; exit 1; fi
	@if ! $(PYTHON) -c 'import ensurepip, venv' >/dev/null 2>&1; then \
		echo "$(PYTHON) has no venv module; on Debian or Ubuntu run: apt install python3-venv" >&2; exit 1; fi
	@echo "Making .venv with $$($(PYTHON) --version)."
	@rm -rf .venv; $(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }
