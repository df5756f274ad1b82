# Everything works on a fresh machine with make and a Python from 3.11 on; the rest is installed
# into .venv from the package index.
#
#   make train   train LeNet on MNIST, with pictures of the result in runs/
#   make test    run the tests (CI runs .ci/run, which does more)
#   make lint format types parity
#
# ARGS is passed on: make train ARGS="--model mlp", make test ARGS="-k optim".

VENV := .venv
BIN := $(VENV)/bin
ARGS :=

.DEFAULT_GOAL := help
.PHONY: help train test slow lint format types parity clean

help:
	@sed -n 's/^#  //p' Makefile

train: $(VENV)/.train
	$(BIN)/rushlight train $(ARGS)

test: $(VENV)/.test
	$(BIN)/python -m pytest $(ARGS)

slow: $(VENV)/.test
	$(BIN)/python -m pytest -m slow $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: $(VENV)/.dev
	$(BIN)/mypy

parity: $(VENV)/.parity
	$(BIN)/python -m pytest tests/parity $(ARGS)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache

# One stamp for each set of packages; a change of pyproject.toml installs it anew.
$(VENV)/.train: EXTRAS :=
$(VENV)/.test: EXTRAS := [test]
$(VENV)/.dev: EXTRAS := [test,dev]
$(VENV)/.parity: EXTRAS := [test,parity]
$(VENV)/.train $(VENV)/.test $(VENV)/.dev $(VENV)/.parity: pyproject.toml $(VENV)/pyvenv.cfg
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.$(EXTRAS)'
	$(BIN)/python -m compileall -q src
	@touch $@

# The first Python that is new enough and can make a virtual environment with pip in it.
$(VENV)/pyvenv.cfg:
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			found=$$python; \
			if $$python -c 'import ensurepip, venv' 2>/dev/null; then \
				echo "making $(VENV) with $$($$python --version)"; \
				$$python -m venv $(VENV) && exit 0; \
				rm -rf $(VENV); exit 1; \
			fi; \
		fi; \
	done; \
	if [ -n "$$found" ]; then \
		echo "$$($$found --version) cannot make virtual environments: its modules venv and" >&2; \
		echo "ensurepip are missing. On Debian and Ubuntu: apt-get install python3-venv" >&2; \
	else \
		echo "Rushlight needs Python 3.11 or newer. If it is not on the PATH:" >&2; \
		echo "    make PYTHON=/path/to/python3" >&2; \
	fi; \
	exit 1
