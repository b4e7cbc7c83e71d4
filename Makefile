# The commands of the README: `make demo` and `make test`. Each builds .venv when it is missing or out of date.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test lint clean
.DELETE_ON_ERROR:

demo: $(VENV)/installed
	$(BIN)/ganaug demo

test: $(VENV)/installed-test
	$(BIN)/python -m pytest

lint: $(VENV)/installed-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

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
