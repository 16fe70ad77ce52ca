# make demo   see what keras-lsp knows about a model, in this terminal
# make test   everything: style, types, tests
# make bench  how fast and how big, as a table
#
# Needs python3 (3.10 or newer) with pip, and make. All else goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check

.PHONY: help demo test lint types bench clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

demo: $(VENV)/.ready-tensorflow
	@$(BIN)/python -m tests.demo

test: lint types
	@$(BIN)/python -m pytest

lint: $(VENV)/.ready-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.ready-dev
	@$(BIN)/mypy

bench: $(VENV)/.ready-dev
	@$(BIN)/python -m tests.benchmarks

clean:
	rm -rf $(VENV)

# Where Python came without ensurepip (Debian's python3 without python3-venv), pip fills the venv from outside.
$(BIN)/python:
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "keras-lsp needs Python 3.10 or newer")'
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { \
	  $(PYTHON) -m venv --clear --without-pip $(VENV) && \
	  $(PYTHON) -m pip -qq --python $(BIN)/python install --disable-pip-version-check pip; }

$(VENV)/.ready-%: $(BIN)/python pyproject.toml
	@echo "Installing keras-lsp with [$*] (the first time TensorFlow is downloaded, this takes minutes) ..."
	@$(PIP) --editable '.[$*]'
	@touch $@
