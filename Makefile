# `make dev` runs the pipeline, `make test` proves it. Everything lives in .venv and .retail.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: dev test check fmt metrics schema secrets bench clean
.DEFAULT_GOAL := dev

$(BIN)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

dev: $(BIN)/.installed  ## the pipeline with its user interface on http://127.0.0.1:3000
	exec dagster dev

test: $(BIN)/.installed  ## all tests, with coverage
	pytest --numprocesses 2 --dist loadscope --cov --cov-report=term

check: $(BIN)/.installed  ## style, types, layers, SQL, secrets, dependencies; changes nothing
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	sqlfluff lint --disable-progress-bar sql
	python .ci/scan_secrets.py
	python .ci/audit_dependencies.py

secrets: $(BIN)/.installed  ## takes what the scan for secrets finds for made up; read the difference
	python .ci/scan_secrets.py --write

fmt: $(BIN)/.installed  ## writes what check would ask for
	ruff check --fix .
	ruff format .
	sqlfluff fix --disable-progress-bar sql

metrics: $(BIN)/.installed  ## writes the README's table of metrics, prints the column comments of tables named in TABLES
	python .ci/write_metrics.py $(TABLES)

bench: $(BIN)/.installed  ## what the pipeline costs beside the best known; minutes; FULL=1 for the largest sizes
	python -m benchmarks

schema: $(BIN)/.installed  ## writes sql/schema.jsonl anew, after a migration was added
	retail-pipeline schema declare

clean:  ## removes the environment and what the pipeline keeps on this machine
	rm -rf $(VENV) .retail .tmp_dagster_home_* .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage *.egg-info
