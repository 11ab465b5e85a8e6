.DEFAULT_GOAL := help
VENV := .venv/bin
PYTEST := $(VENV)/pytest -n 2 --dist worksteal
ROOMS := tests/core tests/dispatch tests/scoring tests/tracking

help: ## what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

demo: ## the running system on the embedded store, with simulated traffic
	@scripts/setup run
	@$(VENV)/nearside demo $(ARGS)

# The browser's driver keeps a loop of its own running, beside which no other test could have one: they run apart.
test: setup servers static ## everything: static checks, then all tests, on the embedded and on the production store
	scripts/covered $(ROOMS)
	$(PYTEST) $(ROOMS:%=--ignore=%) --ignore=tests/browser $(ARGS)
	$(PYTEST) tests/browser
	NEARSIDE_TEST_STORE=production $(PYTEST) --ignore=tests/browser -m "not own_store" $(ARGS)

check: setup static ## the quick one, for every edit
	$(PYTEST) -m "not slow" -q --ignore=tests/browser $(ARGS)

faults: setup servers ## kills, outages, full disks and stepped clocks under load: is every promise kept?
	@$(VENV)/python -m simulations.faults $(ARGS)

setup: ## the environment that the other targets need; safe to repeat
	@scripts/setup develop

servers: ## PostgreSQL, Redis and a browser for the tests, which start them privately; safe to repeat
	@scripts/servers

static: setup
	$(VENV)/ruff format --check .
	$(VENV)/ruff check .
	$(VENV)/pyright
	$(VENV)/lint-imports --no-logo
	scripts/web check

format: setup ## put every file into the house's form
	$(VENV)/ruff format .
	$(VENV)/ruff check --fix .
	scripts/web format

clean: ## remove what was made here, the demonstration's store included
	rm -rf .venv .tools gateway/web/dist gateway/web/node_modules var artefacts .pytest_cache .ruff_cache .hypothesis .import_linter_cache

.PHONY: help demo test check faults setup servers static format clean
