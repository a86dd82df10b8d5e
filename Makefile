# `make` or `make help` lists what can be done. The first `make app` or `make test` makes a virtual
# environment and installs into it; later ones start at once unless a list of requirements changed.

PYTHON ?= python3
VENV ?= .venv
PORT ?= 8501
ARGS ?=
XDIST ?= auto

BIN := $(VENV)/bin
LISTS := requirements.txt constraints.txt pyproject.toml
APP_READY := $(VENV)/.cactiviz-app
DEV_READY := $(VENV)/.cactiviz-dev
# Too long for the tests, which run a sample of each.
ACCEPTANCE := $(addprefix benchmarks/,attack.py connections.py every_case.py hostile.py kills.py)
# A worker that has nothing left to do takes tests from another. Each has one thread: they share the cores.
PYTEST = $(if $(XDIST),OMP_NUM_THREADS=1) $(BIN)/python -m pytest -q $(if $(XDIST),-n $(XDIST) --dist worksteal)
# The command ends up in BIN, and the package is imported from this folder.
INSTALL_SELF := $(BIN)/python -m pip install --quiet --no-deps --editable .

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help app quick test check bench acceptance clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "  Variables: PYTHON=$(PYTHON)  VENV=$(VENV)  PORT=$(PORT)"
	@echo "             ARGS=... (more options for streamlit or pytest)  XDIST= (tests in one process)"

app: $(APP_READY) ## Install what is needed, then start the app on this computer
	@echo "The app is at http://127.0.0.1:$(PORT); Ctrl+C ends it."
	@$(BIN)/python -m streamlit run app.py --server.address 127.0.0.1 --server.port $(PORT) $(ARGS)

quick: $(DEV_READY) ## Run the tests that need no browser, no training and no server
	$(PYTEST) --quick $(ARGS)

test: check ## Run every check and every test
	$(PYTEST) $(ARGS)

check: $(DEV_READY) ## Check style, types and who imports whom, without the tests
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m mypy

bench: $(DEV_READY) ## Run the benchmarks, one after another
	@for script in $(filter-out $(ACCEPTANCE),$(wildcard benchmarks/*.py)); do \
		echo "== $$script"; \
		$(BIN)/python "$$script" || exit 1; \
	done

acceptance: $(DEV_READY) ## Run what is too long for the tests, before a release (hours)
	@for script in $(ACCEPTANCE); do echo "== $$script"; $(BIN)/python "$$script" || exit 1; done

clean: ## Remove caches and build output, but keep the virtual environment
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache tests/screenshots
	find . -name __pycache__ -type d -not -path './.git/*' -not -path './$(VENV)/*' -prune -exec rm -rf {} +

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
		echo "'$(PYTHON)' was not found. Name a Python of 3.11 or newer: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "cactiviz needs Python 3.11 or newer, but '$(PYTHON)' is $$($(PYTHON) --version 2>&1)."; \
		echo "Name another one: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "'$(PYTHON)' comes without its venv module. On Debian or Ubuntu: sudo apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(APP_READY): $(LISTS) | $(BIN)/python
	$(BIN)/python -m pip install -r requirements.txt -c constraints.txt
	$(INSTALL_SELF)
	@touch $@

$(DEV_READY): requirements-dev.txt $(LISTS) | $(BIN)/python
	$(BIN)/python -m pip install -r requirements-dev.txt -c constraints.txt
	$(INSTALL_SELF)
	@touch $(APP_READY) $@
