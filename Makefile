# The commands of the project. `make demo` and `make test` need nothing but Python 3.11 or newer;
# each sets up .venv first and is quick the second time.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp

.PHONY: help demo test check format bench notebooks browser clean

help:
	@echo "make demo       set up, make every page and table, write out/index.html"
	@echo "make test       set up, run the tests"
	@echo "make check      set up, ruff format and lint, mypy"
	@echo "make bench      set up, run the benchmarks (minutes)"
	@echo "make notebooks  set up, run the notebooks in place"

# A stamp for each set of extras; `base` is an extra without packages of its own.
$(STAMP)-%: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; assert sys.version_info >= (3, 11), "roadplan needs Python 3.11 or newer"'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@

demo: $(STAMP)-base
	$(BIN)/roadplan run --out out

test: $(STAMP)-notebooks,test browser
	$(BIN)/python -m pytest -n auto --dist loadgroup

# The page tests use a Chromium that is there; where none is, one is installed.
browser: $(STAMP)-notebooks,test
	@$(BIN)/python tests/install_browser.py

check: $(STAMP)-notebooks,test,check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/nbstripout --verify notebooks/*.ipynb

format: $(STAMP)-notebooks,test,check
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/nbstripout notebooks/*.ipynb

bench: $(STAMP)-notebooks,test,bench
	@for file in tests/benchmarks/bench_*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

notebooks: $(STAMP)-notebooks,test
	$(BIN)/python -m jupyter execute --inplace notebooks/*.ipynb

clean:
	rm -rf out build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
