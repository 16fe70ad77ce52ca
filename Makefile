# make demo   see what keras-lsp knows about a model, in this terminal
# make test   everything: style, types, tests
# make bench  how fast and how big, as a table and as files in .bench
# make unbreakable   an hour of damage: any messages, files and frames, kills, bad machines, half an hour of edits
# make vscode build the VS Code extension: editors/vscode/dist/keras-lsp.vsix
# make environments   more Kerases for `make test` to compare replays with: older, JAX, Torch, keras-hub
# make jupyterlab chromium   a JupyterLab and a browser for `make test` to try, too
#
# Needs python3 (3.10 or newer) with pip, and make. All else goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A process of tests for each core; what shares something expensive stays together (tests/side_by_side.py).
SIDE_BY_SIDE := --numprocesses logical --maxprocesses 4
# What environments are filled by: uv, in a third of the time of pip, which stands in where uv cannot be had or
# finds no index (a mirror that only pip's files name). Compiled at once, as a confined worker can keep nothing.
UV := $(BIN)/uv pip install --quiet --compile-bytecode --python
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
export UV_INDEX_URL ?= $(PIP_INDEX_URL)
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)

# Node comes with the extra `dev`; npm finds it, and our Python, before any other.
NPM := PATH="$(abspath $(BIN)):$$PATH" $(abspath $(BIN))/npm --silent --no-fund --no-audit
VSCODE := editors/vscode/node_modules/.ready editors/vscode/webview/node_modules/.ready tests/editors/vscode/node_modules/.ready

.PHONY: help demo test lint types escapes unbreakable bench vscode vscode-tools environments jupyterlab chromium clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

demo: $(VENV)/.ready-tensorflow
	@$(BIN)/python -m tests.demo

test: lint types $(VSCODE)
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE)

lint: $(VENV)/.ready-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.ready-dev
	@$(BIN)/mypy

escapes: $(VENV)/.ready-dev
	@KERAS_LSP_ALL_ESCAPES=1 $(BIN)/python -m pytest tests/sandbox

unbreakable: $(VENV)/.ready-dev
	@KERAS_LSP_UNBREAKABLE=1 $(BIN)/python -m pytest tests/unbreakable tests/unit/features/test_damaged_reports.py

bench: $(VENV)/.ready-dev
	@$(BIN)/python -m tests.benchmarks

vscode-tools: $(VSCODE)

vscode: $(VSCODE)
	@cd editors/vscode && $(NPM) run package

environments: $(foreach name,keras-3.6 jax torch keras-hub,$(VENV)-$(name)/.ready)

jupyterlab: $(VENV)-jupyterlab/.ready

chromium:
	@command -v chromium >/dev/null || { apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; }

clean:
	rm -rf $(VENV) $(VENV)-* $(dir $(VSCODE)) editors/vscode/bundled editors/vscode/dist

# Where Python came without ensurepip (Debian's python3 without python3-venv), pip fills the venv from outside.
$(BIN)/python:
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "keras-lsp needs Python 3.10 or newer")'
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { \
	  $(PYTHON) -m venv --clear --without-pip $(VENV) && \
	  $(PYTHON) -m pip -qq --python $(BIN)/python install --disable-pip-version-check pip; }

$(BIN)/.installer: $(BIN)/python
	@$(PIP) uv || true
	@touch $@

$(VENV)/.ready-%: $(BIN)/.installer pyproject.toml
	@echo "Installing keras-lsp with [$*] (the first time TensorFlow is downloaded, this takes minutes) ..."
	@$(UV) $(BIN)/python --editable '.[$*]' || $(PIP) --editable '.[$*]'
	@touch $@

# What the VS Code extension is built with, and the VS Code it is tested in (code-server; its own packages too).
%/node_modules/.ready: %/package-lock.json $(VENV)/.ready-dev
	@echo "Installing the packages of $* ..."
	@cd $* && $(NPM) ci --ignore-scripts
	@inner=$*/node_modules/code-server/lib/vscode; \
	  if [ -d $$inner ]; then cd $$inner && $(NPM) install --omit=dev --ignore-scripts; fi
	@touch $@

# Environments that tests/worker/environments.py knows. Two of them use the TensorFlow of the first.
$(VENV)-keras-3.6/.ready: PACKAGES := --no-deps keras==3.6.0
$(VENV)-jax/.ready: PACKAGES := keras jax
$(VENV)-torch/.ready: PACKAGES := keras torch
$(VENV)-keras-hub/.ready: PACKAGES := keras-hub
$(VENV)-keras-3.6/.ready $(VENV)-keras-hub/.ready: BORROWED := tensorflow

# What a user of JupyterLab installs, with the server from here, and Playwright to drive a browser. No Keras:
# the server finds that of the tests.
$(VENV)-jupyterlab/.ready: PACKAGES := jupyterlab==4.6.6 jupyterlab-lsp==5.3.0 jupyter-lsp==2.3.1 \
  playwright==1.65.2 --editable .

$(VENV)-%/.ready: $(BIN)/.installer
	@echo "Installing $(PACKAGES) for the tests (minutes, the first time) ..."
	@$(BIN)/python -m venv --without-pip $(@D)
	@$(if $(BORROWED),$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("platlib"))' \
	  > "$$($(@D)/bin/python -c 'import sysconfig; print(sysconfig.get_path("platlib"))')/$(BORROWED).pth")
	@$(UV) $(@D)/bin/python $(PACKAGES) || \
	  $(BIN)/python -m pip -qq --python $(@D)/bin/python install --disable-pip-version-check $(PACKAGES)
	@touch $@
