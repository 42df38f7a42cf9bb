# Two commands matter: `make run` and `make test`. Each installs what it needs and repeats nothing.

PYTHON ?= python3
VENV   := .venv/bin
SETUP  := @$(PYTHON) scripts/setup.py
PYTEST := @$(VENV)/python -m pytest --durations=10
FAST   := $(VENV)/python -m pytest -m "not long and not fresh and not gcp and not emulator and not sandbox and not browser"
SLOW   := openapi functions cold_start gateway_forward egress_service local_server
MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := help
.PHONY: help run setup test test-fast test-long test-fresh gcp-test test-images check format eval bench lock clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run:  ## Set up what is missing, run the sample agent and keep serving (Ctrl-C stops)
	$(SETUP) run
	@exec $(VENV)/oma up --demo

setup:  ## Only set up what `make run` needs
	$(SETUP) run

test:  ## Set up what is missing and run every test but the long ones (up to 15 minutes)
	$(SETUP) test
	$(PYTEST) -n 2 --dist loadscope --no-loadscope-reorder -m "not long and not fresh and not gcp"

test-fast:  ## The tests of about a minute: rules, contracts on SQLite, HTTP without generated requests and real servers
	$(SETUP) test
	@$(FAST) $(SLOW:%=--ignore=tests/http/test_%.py) tests/http & http=$$!; \
	$(FAST) tests/unit tests/contract; unit=$$?; wait $$http && exit $$unit

test-long:  ## Many seeds, bombs and soaks
	$(SETUP) test
	$(PYTEST) -m long

test-fresh:  ## `make run` and `make test` in a new Debian root (needs root and debootstrap)
	$(SETUP) test
	$(PYTEST) -m fresh -s tests/fresh

gcp-test: .tools/tasks-emulator  ## The platform in gcp mode on this machine, with faults between its parts, and what it costs
	$(SETUP) test
	$(PYTEST) -s tests/gcp tests/contract/test_google.py tests/contract/test_tasks_emulator.py tests/contract/test_rules.py

test-images:  ## Build the three images and run the platform and agents in their containers (needs root, buildah, podman, runc)
	$(SETUP) test
	$(PYTEST) -m containers -s tests/containers

.tools/tasks-emulator: requirements-tasks-emulator.txt
	$(SETUP) test
	@$(PYTHON) -m venv $@ && $@/bin/pip install --quiet --no-deps --require-hashes -r $< \
	|| { rm -rf $@; echo "The emulator of Cloud Tasks cannot be had: its tests are skipped" >&2; }

check:  ## Format, lint and types, of Python, page and shell
	$(SETUP) test
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@$(VENV)/mypy
	@$(VENV)/mypy scripts/setup.py scripts/npm.py
	@$(VENV)/python scripts/npm.py run check
	@find . -path ./.venv -prune -o -path ./.tools -prune -o -path ./web/node_modules -prune -o \( -name '*.sh' -o -path ./.ci/run \) -print \
	| xargs $(VENV)/shellcheck
	@if command -v terraform >/dev/null; then terraform fmt -check -recursive infra/terraform; \
	else echo "terraform is not installed: the format of infra/terraform was not checked" >&2; fi

format:  ## Rewrite the Python files in the house format
	@$(VENV)/ruff check --fix .
	@$(VENV)/ruff format .

eval:  ## The designer's evaluation set: the demo model, or with ANTHROPIC_API_KEY that upstream (MODEL=sonnet for another)
	$(SETUP) test
	@$(VENV)/python -m tests.designer.evaluation $(MODEL:%=--model %)

bench:  ## Measure what the documentation promises; prints one table per bench
	$(SETUP) test
	@$(VENV)/python -m bench

lock:  ## Compile requirements*.txt from pyproject.toml (needs uv)
	@sh scripts/lock.sh

clean:  ## Remove what set-up and tools made here; your data in .oma stays
	rm -rf .venv .tools .pytest_cache .mypy_cache .ruff_cache .hypothesis web/node_modules web/dist web/dist.new web/dist.old
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
