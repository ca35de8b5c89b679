# GNU make and Python >= 3.11 with venv are all that is needed; `make help` lists what can be done.

PYTHON ?= python3
ARGS ?=
EXAMPLES ?= 300

VENV := .venv
SERVICE_VENV := .venv-service
BENCH_VENV := .venv-bench
TOOLS_VENV := .venv-tools
SERVERS := .venv-servers
BIN := $(VENV)/bin

# Everything comes from the lock as a binary wheel whose hash is checked; where from is pip's own configuration.
PIP_INSTALL := pip install --quiet --disable-pip-version-check
FROM_LOCK := --require-hashes --no-deps --only-binary :all: --requirement

# What Kubernetes itself defines; the other two belong to programs of their own.
MANIFESTS := $(filter-out %/kustomization.yaml %/servicemonitor.yaml,$(wildcard deploy/kubernetes/*.yaml))
# hadolint and Caddy come as wheels for Linux only.
LINUX_ONLY := [ "$$(uname -s)" != Linux ] ||

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help run test check bench chaos clients fuzz lock format openapi coverage clean

help: ## show this list
	@echo 'Bukhindor Backend: accounts, sign-in and user management as one HTTP service'
	@awk 'BEGIN { FS = ":.*## " } /^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: $(VENV)/project.stamp ## start the service on http://localhost:8080 (more options: ARGS="--port 9000")
	@exec $(BIN)/bukhindor serve $(ARGS)

test: $(VENV)/project.stamp $(VENV)/dev.stamp ## run all tests; coverage must be 95 %, in domain and services 100 %
	@$(BIN)/python -m tests.servers
	@$(BIN)/pytest -n 2 --dist worksteal --cov --cov-report=term:skip-covered $(ARGS)
	@$(BIN)/coverage report --include='src/bukhindor/domain/*,src/bukhindor/services/*' --fail-under=100 \
		--show-missing --skip-covered > $(VENV)/inner-coverage.txt || { cat $(VENV)/inner-coverage.txt; exit 1; }

check: $(VENV)/project.stamp $(VENV)/dev.stamp ## check format, lint, types, import contracts, plain English, the API document and the files of deploy/
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy src tests bench chaos
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m tests.documents.plain_english
	@PUBLIC_URL=http://localhost:8080 $(BIN)/bukhindor openapi $(VENV)/openapi.json > /dev/null
	@cmp -s docs/openapi.json $(VENV)/openapi.json || { echo 'docs/openapi.json is not current: run make openapi'; exit 1; }
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec compose.yaml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/kubernetes-validate --quiet --strict --kubernetes-version 1.34 $(MANIFESTS)
	$(LINUX_ONLY) $(BIN)/hadolint Dockerfile
	$(LINUX_ONLY) $(BIN)/caddy validate --adapter caddyfile --config deploy/caddy/Caddyfile 2> $(VENV)/caddy.txt \
		|| { cat $(VENV)/caddy.txt; exit 1; }
	@echo 'All checks passed.'

bench: $(VENV)/project.stamp $(SERVICE_VENV)/project.stamp $(BENCH_VENV)/bench.stamp ## measure the service beside its peer and print the figures
	@$(BIN)/python -m tests.servers
	@BENCH_SERVICE=$(SERVICE_VENV)/bin/bukhindor BENCH_PEER_PYTHON=$(BENCH_VENV)/bin/python $(BIN)/python -m bench $(ARGS)

chaos: $(VENV)/project.stamp $(VENV)/dev.stamp ## break what the service depends on and print the results
	@$(BIN)/python -m tests.servers
	@$(BIN)/python -m chaos $(ARGS)

clients: $(VENV)/project.stamp $(VENV)/dev.stamp ## generate API clients, run them and write their table in docs/compatibility.md
	@$(BIN)/python -m tests.clients

fuzz: $(VENV)/project.stamp $(VENV)/dev.stamp ## send some 35,000 generated requests, alone and in chains; a quarter of an hour to an hour
	@SCHEMATHESIS_EXAMPLES=$(EXAMPLES) nice -n 10 $(BIN)/pytest --no-cov -p no:xdist tests/http/test_schemathesis.py \
		-k 'not database_server' $(ARGS)

format: $(VENV)/dev.stamp ## format the code and repair what the linter can repair
	$(BIN)/ruff check --quiet --fix-only .
	$(BIN)/ruff format --quiet .

openapi: $(VENV)/project.stamp ## rewrite docs/openapi.json
	@mkdir -p docs
	@PUBLIC_URL=http://localhost:8080 $(BIN)/bukhindor openapi docs/openapi.json

coverage: $(VENV)/project.stamp $(VENV)/dev.stamp ## run all tests and show the lines they miss, also in htmlcov/
	@$(BIN)/python -m tests.servers
	@$(BIN)/pytest -n 2 --dist worksteal --cov --cov-report=term-missing:skip-covered --cov-report=html $(ARGS)

lock: $(TOOLS_VENV)/tools.stamp ## resolve the locks in requirements/ again (take newer versions: ARGS=--upgrade)
	$(COMPILE) pyproject.toml --group build --output-file requirements/run.txt
	$(COMPILE) pyproject.toml --group build --group dev --constraints requirements/run.txt \
		--output-file requirements/dev.txt
	$(COMPILE) pyproject.toml --extra tracing --constraints requirements/run.txt --output-file requirements/tracing.txt
	$(COMPILE) pyproject.toml --extra disposable-email --constraints requirements/run.txt \
		--output-file requirements/disposable-email.txt
	$(COMPILE) --group bench --output-file requirements/bench.txt
	$(COMPILE) --group servers --output-file requirements/servers.txt
	$(COMPILE) --group tools --output-file requirements/tools.txt
	npm $(if $(filter --upgrade,$(ARGS)),update,install) --prefix tests/pages --package-lock-only --ignore-scripts \
		--omit-lockfile-registry-resolved --no-audit --no-fund

clean: ## remove environments, caches and reports; the service's data stays
	rm -rf $(VENV) $(SERVICE_VENV) $(BENCH_VENV) $(TOOLS_VENV) $(SERVERS)
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	rm -rf .hypothesis .schemathesis .coverage .coverage.* htmlcov dist build
	find src tests bench chaos -name __pycache__ -type d -prune -exec rm -rf {} + 2> /dev/null || true

# One lock serves every supported Python and system; packages without a wheel are not taken.
COMPILE = $(TOOLS_VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --no-build --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate $(ARGS)

# The version of a build names its commit.
COMMITS := $(wildcard $(shell git rev-parse --git-path logs/HEAD 2> /dev/null))

# The environments. A stamp is older than its lock only when there is something to install.

python_is_fit = $(shell $(PYTHON) -c 'import sys, venv, ensurepip; print(sys.version_info >= (3, 11))' 2> /dev/null)
need_python = $(if $(filter True,$(python_is_fit)),,$(error \
	needs Python >= 3.11 with venv: apt install python3 python3-venv (or name one: make PYTHON=/path/to/python3.12)))

# An environment keeps absolute paths: in a checkout that was moved or copied it would run the old place's code.
.PHONY: $(shell for venv in $(VENV) $(SERVICE_VENV) $(BENCH_VENV) $(TOOLS_VENV); do \
	[ "$$(cat $$venv/made-in 2> /dev/null)" = "$$(pwd -P)" ] || echo $$venv/bin/python; done)

$(VENV)/bin/python $(SERVICE_VENV)/bin/python $(BENCH_VENV)/bin/python $(TOOLS_VENV)/bin/python:
	@$(need_python)
	@echo 'Setting up $(@:/bin/python=), once'
	@$(PYTHON) -m venv --clear $(@:/bin/python=)
	@pwd -P > $(@:/bin/python=)/made-in

# Figures are taken as users have the service: without what the tests need, some of which libraries load if it is there.
$(VENV)/run.stamp $(SERVICE_VENV)/run.stamp: %/run.stamp: requirements/run.txt %/bin/python
	@echo 'Installing requirements/run.txt'
	@$*/bin/$(PIP_INSTALL) $(FROM_LOCK) requirements/run.txt
	@touch $@

$(VENV)/project.stamp $(SERVICE_VENV)/project.stamp: %/project.stamp: pyproject.toml build_version.py $(COMMITS) %/run.stamp
	@$*/bin/$(PIP_INSTALL) --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/run.stamp
	@echo 'Installing requirements/dev.txt'
	@$(BIN)/$(PIP_INSTALL) $(FROM_LOCK) requirements/dev.txt
	@touch $@

$(BENCH_VENV)/bench.stamp: requirements/bench.txt $(BENCH_VENV)/bin/python
	@echo 'Installing requirements/bench.txt'
	@$(BENCH_VENV)/bin/$(PIP_INSTALL) $(FROM_LOCK) requirements/bench.txt
	@touch $@

$(TOOLS_VENV)/tools.stamp: requirements/tools.txt $(TOOLS_VENV)/bin/python
	@echo 'Installing requirements/tools.txt'
	@$(TOOLS_VENV)/bin/$(PIP_INSTALL) $(FROM_LOCK) requirements/tools.txt
	@touch $@
