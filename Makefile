.DEFAULT_GOAL := help
.PHONY: help setup demo test drills bench audit lock fmt clean

BIN := .venv/bin

# Brokers of tests live for minutes on few cores: compiled once and collected by one thread they take a third less.
test: export JDK_JAVA_OPTIONS ?= -XX:TieredStopAtLevel=1 -XX:+UseSerialGC

help: ## List what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Make this checkout ready: packages, Kafka, Redis
	@deploy/setup

demo: setup ## Show Suar at work on a fictional day (SECONDS=30 ends it by itself, WEEK=1 plays the sample week)
	$(BIN)/suar demo $(if $(SECONDS),--seconds $(SECONDS)) $(if $(WEEK),--week)

test: setup ## The whole gate, the same as in CI
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/basedpyright
	$(BIN)/lint-imports --cache-dir .suar/import-linter
	$(BIN)/pytest -m "not drills and not bench" -n 5 --max-worker-restart 0 --dist loadfile --no-loadscope-reorder --ignore tests/web
	$(BIN)/pytest tests/web -n 2 --max-worker-restart 0 --dist loadfile --ignore tests/web/test_storm.py # apart: the browser's loop stays with its process
	$(BIN)/pytest tests/web/test_storm.py # alone: it measures

drills: setup ## Kill, rebalance, flush for minutes and count every event
	$(BIN)/pytest -m drills -s tests

bench: setup ## Measure throughput and latency
	$(BIN)/python -m tests.bench

audit: setup ## Bill of materials, licences, advisories, wheel, secrets; hundreds of thousands of inputs (SEED=7 repeats them)
	@deploy/audit/setup
	.suar/audit-venv/bin/python -m tests.supply

fmt: setup ## Format and repair what can be repaired
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

lock: ## Pin every dependency anew, with hashes
	python3 -m venv .suar/uv
	.suar/uv/bin/pip install --quiet uv
	.suar/uv/bin/uv pip compile pyproject.toml --extra dev --extra otel --universal --python-version 3.11 --upgrade --quiet \
		--generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
		--custom-compile-command "make lock" --output-file deploy/requirements.lock
	@# What the image installs: the same versions, without what only tests need.
	.suar/uv/bin/uv pip compile pyproject.toml --extra otel --universal --python-version 3.11 --quiet --constraint deploy/requirements.lock \
		--generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
		--custom-compile-command "make lock" --output-file deploy/requirements-run.lock
	echo hatchling | .suar/uv/bin/uv pip compile - --universal --python-version 3.11 --quiet --constraint deploy/requirements.lock \
		--generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
		--custom-compile-command "make lock" --output-file deploy/requirements-build.lock
	.suar/uv/bin/uv pip compile deploy/audit/requirements.in --universal --python-version 3.11 --quiet --constraint deploy/requirements.lock \
		--generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
		--custom-compile-command "make lock" --output-file deploy/audit/requirements.lock

clean: ## Remove everything generated
	rm -rf .venv .suar .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
