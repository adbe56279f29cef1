# `make` on a fresh clone sets up .venv and builds every worksheet into generated/.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
EXTRAS := dev,plots
ARGS   ?=

.DEFAULT_GOAL := run
.PHONY: run setup test lint types bench docs examples clean

run: setup            ## build every worksheet (ARGS="..." are passed on)
	$(BIN)/symbptt build $(ARGS)

setup: $(STAMP)       ## create .venv and install; done again when pyproject.toml changes

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet uv || echo "uv is not available: using pip"
	if test -x $(BIN)/uv && $(BIN)/uv pip install --compile-bytecode --python $(BIN)/python -e ".[$(EXTRAS)]"; then :; \
	else $(BIN)/python -m pip install -e ".[$(EXTRAS)]"; fi
	touch $@

test: setup           ## run the tests (ARGS="-k name" are passed on)
	$(BIN)/python -m pytest -n 2 $(ARGS)

lint: setup
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

bench: setup          ## print the figures as a table
	$(BIN)/python -m benchmarks $(ARGS)

docs: setup           ## the documentation as pages, docs/_build/html
	$(BIN)/python -m pip install --quiet -e ".[docs]"
	$(BIN)/python -m sphinx -q -W --keep-going -j 2 -b html docs docs/_build/html

examples: setup       ## run what the documentation shows (ARGS="--update" writes what commands print)
	$(BIN)/python -m pip install --quiet -e ".[examples]"
	$(BIN)/python -m pytest docs -n 2 --dist loadfile -q $(ARGS)

clean:                ## remove the environment and everything that can be made again
	rm -rf $(VENV) .symbptt-cache build dist docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
