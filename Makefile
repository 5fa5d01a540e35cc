# Two commands do everything on a machine with Python 3.11 or newer: make demo, make test.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO := $(VENV)/.demo
READY := $(VENV)/.ready

.PHONY: demo test test-slow test-all fuzz canary arm64 lint setup docs site clean

setup: $(READY)

# Made anew when the packaging changes. Every file that pip takes has one of the checksums that requirements/ lists.
PIP := $(BIN)/python -m pip install --disable-pip-version-check
$(DEMO): pyproject.toml $(wildcard requirements/*.txt)
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "edgecompress needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Into $(VENV): what trains, exports, measures and reports (edgecompress[train,bench,report])"
	@$(PIP) --quiet --require-hashes --requirement requirements/pip.txt
	@$(PIP) --require-hashes --no-deps --requirement requirements/torch-cpu.txt 2>/dev/null || \
		echo "pip finds no CPU build of torch for this machine, and takes its index's build"
	@$(PIP) --require-hashes --constraint requirements/constraints.txt --requirement requirements/names-demo.txt
	@$(PIP) --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(READY): $(DEMO)
	@echo "Into $(VENV): what the tests need too (edgecompress[dev])"
	@$(PIP) --require-hashes --constraint requirements/constraints.txt --requirement requirements/names.txt
	touch $@

# The main job on embedded data: train, compress, export, prove, then measure on this machine.
demo: $(DEMO)
	$(BIN)/edgecompress demo

# Processes of one thread each: on two cores two of them end sooner than one of two threads, and a third computes while
# the others wait for boards, clocks and disks. A file's fixtures stay in one.
# Tests start hundreds of programs, which are compiled once, also where the environment asks that no bytecode be written.
PYTEST := OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 3 --dist loadfile
test: setup lint
	$(PYTEST) -m 'not slow'

test-slow: setup
	$(PYTEST) -m slow

# Both in one run: while one process waits for an emulator, the other computes.
test-all: setup lint
	$(PYTEST)

# Damaged files of every kind through every command, for MINUTES or until CASES; dist/fuzz keeps those that any fails on.
MINUTES ?= 10
fuzz: setup
	OMP_NUM_THREADS=1 $(BIN)/python tools/fuzz --minutes $(MINUTES) $(if $(CASES),--cases $(CASES)) $(if $(SEED),--seed $(SEED))

# The newest runtimes, pre-releases too: whether they run what we write.
canary: setup
	PYTHON=$(BIN)/python tools/canary

# arm64 for real, emulated unless this machine is one: all encodings decoded there, the portable runtime, a bench over adb
# and over ssh on a whole emulated board, and the images of Dockerfile.arm64. As root; see docs/android.md for the
# packages that it takes.
ARM64 ?= dist/arm64
arm64: setup
	PYTHON=$(BIN)/python tools/arm64/check $(ARM64)
	$(BIN)/python tools/arm64/portable $(ARM64)/root $(ARM64)/packages $(ARM64)/portable.tar.gz
	$(PYTEST) -m slow tests/end_to_end/test_bench_adb.py tests/end_to_end/test_board.py
	PYTHON=$(BIN)/python tools/arm64/build_image $(ARM64)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# What is generated in docs/: the command-line reference and the JSON schemas.
docs: setup
	$(BIN)/python tools/generate_docs.py

# The documentation as a site, into dist/site.
site: setup
	$(BIN)/zensical build --strict --config-file mkdocs.yml

clean:
	rm -rf $(VENV) dist .cache .mypy_cache .ruff_cache .pytest_cache
