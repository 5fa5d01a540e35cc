# Two commands do everything on a machine with Python 3.11 or newer: make demo, make test.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test test-all lint setup docs clean

setup: $(READY)

# Made anew when the packaging changes.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "edgecompress needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

# The main job on embedded data: train, compress, export, prove, then measure on this machine.
demo: setup
	$(BIN)/edgecompress build --target rpi4 --model alexnet --data digits --output dist/demo
	$(BIN)/edgecompress bench dist/demo --device local --mode quick

test: setup lint
	$(BIN)/python -m pytest -m 'not slow'

test-all: setup lint
	$(BIN)/python -m pytest

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# What is generated in docs/: the command-line reference and the JSON schemas.
docs: setup
	$(BIN)/python tools/generate_docs.py

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache
