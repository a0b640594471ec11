# `make` lists everything. All that a machine needs is make and Python 3.11 or later.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --warn-undefined-variables --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help

# Options for the program behind a verb: make run ARGS=--help, make test ARGS="-k logout".
ARGS ?=
# Another program of bench/ than the whole: make bench BENCH=telemetry
BENCH ?=
# Test processes at a time.
WORKERS ?= 2
# Tests of the gateway that its HTTP server has a part in: run again on the other one.
BOTH_SERVERS := $(addprefix services/gateway/tests/,proxy authz test_edge.py test_hostile_tokens.py \
  test_proxied.py test_raw_requests.py test_replicas.py test_sign_in.py test_stopping.py)
# A machine that others share loses a moment now and then, so what states a time is looked at again before
# it counts as too late. pytest tells how often that was needed.
AGAIN := --reruns 2
# What the contracts in proto/ must stay compatible with.
BUF_AGAINST ?= .git\#branch=main,subdir=proto

BIN := .venv/bin
# docker, podman or buildah, whichever is there.
ENGINE ?=
SHELL_FILES := .ci/run .ci/setup .ci/prometheus .ci/collector proto/generate.sh charts/charting/setup.sh $(wildcard services/image/*.sh kind/*.sh)
PYTHON_FILES := .

##@ Use it

.PHONY: run
run: ## Start everything on this machine; ARGS=--help tells the options
	@.ci/setup run
	@exec $(BIN)/python -m suite $(ARGS)

# What to audit, and more for the program: make audit URL=https://api.example.com ARGS=--json
URL ?=

.PHONY: audit
audit: setup ## Check a live installation: URL=https://..., ARGS=--help tells the options
	@$(BIN)/python -m gateway audit $(URL) $(ARGS)

.PHONY: setup
setup: ## Make .venv with every service and tool in it
	@.ci/setup all

.PHONY: clean
clean: ## Remove the data of `make run`, caches and what tests left; .venv stays
	rm -rf .run .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

##@ Ship it

.PHONY: images
images: ## Build the three images; ENGINE=docker, podman or buildah
	ENGINE=$(ENGINE) services/image/build.sh

.PHONY: kind-up
kind-up: setup ## A kind cluster with Traefik and the suite, on http://localhost:8080
	kind/kind.sh up

.PHONY: kind-load
kind-load: setup ## Images built anew, into that cluster
	kind/kind.sh load

.PHONY: kind-down
kind-down: ## Remove that cluster
	kind/kind.sh down

.PHONY: e2e-cluster
e2e-cluster: setup ## The promises only a cluster can show, in a fresh namespace of E2E_KUBECONFIG's
	@[[ -n "$${E2E_KUBECONFIG:-}" ]] || { \
	  echo "E2E_KUBECONFIG names no cluster. With Docker and kind: make kind-up, then" >&2; \
	  echo "make e2e-cluster E2E_KUBECONFIG=$$HOME/.kube/config; else the kubeconfig of any cluster." >&2; exit 1; }
	$(BIN)/pytest tests/e2e/cluster $(ARGS)

##@ Change it

# What states how long something takes runs with nothing beside it, and so do the promises of tests/e2e.
.PHONY: test
test: setup ## Every test against real servers; ARGS go to pytest
ifeq ($(ARGS),)
	$(BIN)/pytest -n $(WORKERS) -m "not alone" --ignore tests/e2e
	$(BIN)/pytest -m alone --ignore tests/e2e $(AGAIN)
	TEST_GATEWAY_SERVER=granian $(BIN)/pytest -n $(WORKERS) -m "not alone" $(BOTH_SERVERS)
	TEST_GATEWAY_SERVER=granian $(BIN)/pytest -m alone $(BOTH_SERVERS) $(AGAIN)
	$(BIN)/pytest tests/e2e $(AGAIN)
else
	$(BIN)/pytest $(ARGS)
endif

.PHONY: e2e
e2e: setup ## Only the black-box tests; E2E_BASE_URL aims them at a running suite
	$(BIN)/pytest tests/e2e $(ARGS)

# A real Prometheus: from PATH, else Debian's package is unpacked into .cache.
.PHONY: alerts
alerts: setup ## Alerts and dashboards, evaluated by a real Prometheus
	.ci/prometheus
	PROMETHEUS_REQUIRED=1 $(BIN)/pytest tests/telemetry $(ARGS)

# On PATH or in COLLECTOR_BIN, else Go builds one, which takes minutes: no part of .ci/run.
.PHONY: collector
collector: setup ## docs/collector.yaml in a real OpenTelemetry Collector
	.ci/collector
	$(BIN)/pytest tests/telemetry/test_collector.py $(ARGS)

# gRPC would tell of every connection that a fault ends.
.PHONY: chaos
chaos: setup ## Break one thing after the other under traffic; fails on a broken promise of docs/degradation.md
	GRPC_VERBOSITY=NONE $(BIN)/python -m suite.chaos --write .cache/degradation.md $(ARGS)

.PHONY: chaos-docs
chaos-docs: setup ## The same, written to docs/degradation.md
	GRPC_VERBOSITY=NONE $(BIN)/python -m suite.chaos --write docs/degradation.md
	$(BIN)/python -m suite.chaos --check

.PHONY: check
check: setup ## Everything that reads the code: lint, types, contracts, drift
	$(BIN)/ruff check $(PYTHON_FILES)
	$(BIN)/ruff format --check $(PYTHON_FILES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/shellcheck .ci/run .ci/setup proto/generate.sh $(wildcard services/image/*.sh)
	$(BIN)/buf lint proto
	$(BIN)/buf breaking proto --against '$(BUF_AGAINST)'
	$(BIN)/uv lock --check
	proto/generate.sh && git diff --exit-code -- proto/gen
	$(BIN)/python -m suite.docs --check
	$(BIN)/python -m suite.watch --check
	$(BIN)/python -m suite.chaos --check
	$(BIN)/python -m gateway openapi | diff - docs/openapi.json
	MYPYPATH=charts $(BIN)/mypy charts/charting
	PYTHONPATH=charts $(BIN)/python -m charting.generate --check
	$(BIN)/hadolint services/Dockerfile
	$(BIN)/shellcheck $(SHELL_FILES)

.PHONY: fmt
fmt: setup ## Format and fix what can be fixed
	$(BIN)/ruff check --fix $(PYTHON_FILES)
	$(BIN)/ruff format $(PYTHON_FILES)

.PHONY: proto
proto: setup ## Regenerate the stubs in proto/gen
	proto/generate.sh

.PHONY: docs
docs: setup ## Regenerate tables of settings and metrics, dashboards, rules and docs/openapi.json
	$(BIN)/python -m suite.docs
	$(BIN)/python -m suite.watch
	$(BIN)/python -m gateway openapi >docs/openapi.json
	PYTHONPATH=charts $(BIN)/python -m charting.generate

.PHONY: chart
chart: setup ## Regenerate the schema, table of values and golden render of the chart
	PYTHONPATH=charts $(BIN)/python -m charting.generate
	PYTHONPATH=charts $(BIN)/python -m charting.golden

.PHONY: bench
bench: ## Measure the suite beside what one would use instead; ARGS=--help, BENCH=profile, ...
	@.ci/setup bench
	$(BIN)/python -m bench$(addprefix .,$(BENCH)) $(ARGS)

.PHONY: bench-quick
bench-quick: ## The same in two minutes
	@.ci/setup bench
	$(BIN)/python -m bench --quick $(ARGS)

.PHONY: soak
soak: setup ## Ten minutes of mixed traffic at half capacity; fails on growth
	$(BIN)/python -m bench.soak $(ARGS)

.PHONY: help
help:
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z0-9-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
