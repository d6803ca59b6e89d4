# Everything a developer or operator types. `make help` lists it.
# Targets and paths are relative, so that the checkout may live in a folder whose name has spaces.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run manage test pictures check bench bench-realtime bench-mesh soak format lock clean

PORT ?= 8000
BIND ?= 127.0.0.1
TESTS ?= tests
WORKERS ?= 2
MINUTES ?= 30
export PORT BIND
# Empty means: tools/bootstrap.sh looks for python3.11, then python3.
export PYTHON ?=

python := .venv/bin/python
throwaway := $(python) -m opinion_market.platform.throwaway --
compile := $(python) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' Makefile | sort | awk -F ':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'
	@echo "  Variables: PORT=8100 BIND=0.0.0.0 PYTHON=/usr/bin/python3 TESTS=tests/platform WORKERS=4 MINUTES=5; more in docs/settings.md"

setup: ## create .venv with what the platform runs on
	@tools/bootstrap.sh requirements.txt

setup-dev: ## the same, with what tests and checks need
	@tools/bootstrap.sh requirements-dev.txt

run: setup ## start the platform on http://localhost:8000 (Ctrl-C stops it)
	@exec $(python) -m opinion_market.platform.run

manage: ## run a manage.py command on the running platform: make manage ARGS="audit_exchange"
	@$(python) -m opinion_market.platform.manage $(ARGS)

test: setup-dev ## run the tests beside a PostgreSQL and a Redis of their own
	@tools/chromium.sh
	@$(throwaway) $(python) -m pytest -n $(WORKERS) --dist loadgroup $(TESTS)

pictures: setup-dev ## take pictures of every page in light, dark and phone width; SCREENSHOTS=var/screenshots
	@tools/chromium.sh
	@SCREENSHOTS="$(or $(SCREENSHOTS),var/screenshots)" $(throwaway) $(python) -m pytest -n 0 tests/browser/test_every_page.py tests/browser/test_console.py

check: setup-dev ## format, lint, types, imports, templates, migrations, tests: what CI runs
	@$(throwaway) $(python) -m opinion_market.platform.check
	@$(MAKE) --no-print-directory test

bench: setup-dev ## measure everything, in about 10 minutes; writes docs/benchmarks.md and var/bench/*.json
	@$(throwaway) $(python) -m tools.bench.exchange

bench-realtime: setup-dev ## measure the hub beside a Node server, and trades' way to the screen, in about 5 minutes (needs Node)
	@$(throwaway) $(python) -m tools.bench.realtime

bench-mesh: setup-dev ## measure publishing, failover, the gateway beside nginx, bulk writes, in about 3 minutes
	@$(throwaway) $(python) -m tools.bench.mesh

soak: setup-dev ## let clients of the hub come and go for MINUTES (30), and see that its memory does not grow
	@$(throwaway) $(python) -m tools.soak.realtime --minutes $(MINUTES)

format: setup-dev ## rewrite sources in the house's format
	@$(python) -m ruff format .
	@$(python) -m ruff check --fix-only --quiet .
	@$(python) -m djlint opinion_market markets mesh governance templates --reformat --quiet || true

lock: setup-dev ## pin the newest allowed versions of everything in requirements*.in
	@$(compile) --upgrade requirements.in -o requirements.txt
	@$(compile) --upgrade -c requirements.txt requirements-dev.in -o requirements-dev.txt
	@$(compile) --upgrade tools/uv.in -o tools/uv.txt

clean: ## remove .venv and caches (data in var/ stays)
	@rm -rf .venv .mypy_cache .ruff_cache .import_linter_cache .hypothesis .schemathesis
