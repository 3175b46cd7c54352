PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MINUTES ?= 30
STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev
ASYNCAPI := @asyncapi/specs@6.11.1

.PHONY: help install serve test check docs chaos kills bench bench-quality screenshots lock clean

help:  ## Show what can be made.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: $(STAMP)  ## Set everything up in .venv; needs nothing but Python 3.11 or later.

serve: $(STAMP)  ## Serve http://localhost:8000 with everything on this machine.
	@exec $(BIN)/reelworks serve

test: check  ## Check the code, and run every test.
	$(BIN)/pytest

check: $(DEV_STAMP)  ## Lint, types, and the order of the layers.
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

chaos: $(DEV_STAMP)  ## Let a storm of faults pass over a service of many programs; MINUTES=30, SEED=….
	$(BIN)/python -m tests.chaos --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

kills: $(DEV_STAMP)  ## Kill all of one machine's service, 20 times, with 10 videos under way.
	$(BIN)/pytest -n 0 --timeout 1800 --kills 20 --videos 10 tests/acceptance/test_durability.py

bench: $(DEV_STAMP)  ## Measure ratios against references run side by side; writes docs/benchmarks.md.
	$(BIN)/python -m benchmarks

bench-quality: $(DEV_STAMP)  ## Damage clean clips, enhance them, score them; writes docs/quality.md.
	$(BIN)/python -m benchmarks.quality

docs: $(DEV_STAMP)  ## Bring the reference in line with the code, and build the site in site/.
	$(BIN)/python -m tests.docs
	$(BIN)/zensical build --strict --clean

screenshots: $(DEV_STAMP)  ## Take the pictures of the page that the documents show; needs Chromium.
	$(BIN)/python -m tests.browser.screenshots

lock: $(DEV_STAMP)  ## Choose the newest allowed versions and write them down.
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:  ## Remove the environment and everything that is made again by itself.
	rm -rf $(VENV) site .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Reelworks needs Python 3.11 or later.")'
	$(PYTHON) -m venv $(VENV)

$(STAMP): $(BIN)/python requirements.lock pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

$(DEV_STAMP): $(STAMP) requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@# For one test, which is skipped without it.
	@if command -v npm >/dev/null; then npm install --silent --no-audit --no-fund --fetch-retries 0 \
		--fetch-timeout 20000 --prefix $(VENV)/npm $(ASYNCAPI) || true; fi
	touch $@
