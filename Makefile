# Every target sets up what it needs by itself; `make help` lists them.

# The Python to set up with: the first of these that works. Override with `make PYTHON=...`.
PYTHONS := python3.13 python3.12 python3.11 python3
PYTHON ?=

# Bounds of the long runs: examples of each property test, states of each model of data sync (the
# largest has 4,922,938 and takes 1.4 GB), simulated networks of each kind, and where both start;
# where processes end in each scenario (all, each once, or empty for some), and processes killed.
EXAMPLES ?= 2000
STATES ?= 10000000
SIMULATIONS ?= 1000
DISK_SIMULATIONS ?= 6
POINTS ?= all
KILLS ?= 20
SEED ?= 1

# What `make bench` gets beside its defaults: programs to compare with, as in
# PEERS="wnode=/path statusd=/path primitives=/path messenger=/path", and further arguments (names, --full, --json).
PEERS ?=
BENCH_ARGS ?=
# What `make plots` gets: --full measures every point of every curve.
PLOTS_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all setup demo check test test-services test-long sim bench plots proto coverage format docs pins clean help

all: check test  ## check and test

setup: $(VENV)/.check  ## make .venv with everything in it (other targets set up what they need)
	@echo "Ready: $(BIN) has sottovoce, the tests and the checks."

demo: $(VENV)/.base  ## people talk through relays: a crash, a group, a second device, somebody away
	@$(BIN)/sottovoce demo

check: $(VENV)/.check  ## format, lint, spelling, types, layers, tidiness; changes nothing
	@echo "format" && $(BIN)/ruff format --check --quiet . || { echo "Run: make format"; exit 1; }
	@echo "lint" && $(BIN)/ruff check --quiet .
	@echo "spelling" && $(BIN)/codespell
	@echo "types" && $(BIN)/mypy --no-error-summary
	@echo "layers" && { said=$$($(BIN)/lint-imports --no-logo 2>&1) || { echo "$$said"; exit 1; }; }
	@echo "tidiness" && $(BIN)/python -m pytest --quiet --no-header tests/test_tidy.py

test: $(VENV)/.test  ## the whole fast suite, on all cores
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses auto --dist worksteal --assert=plain || \
	  { echo "What failed, once more, with the values:"; $(BIN)/python -m pytest --last-failed --no-header; exit 1; }

test-services: $(VENV)/.services  ## archives in a real PostgreSQL 15, which is started for them and stopped
	@$(postgres_programs)
	@$(BIN)/python -m pytest tests/services

test-long: $(VENV)/.test  ## SIMULATIONS networks, POINTS of crashes, KILLS, EXAMPLES and STATES of properties, from SEED
	@$(BIN)/python -m sottovoce.sim --people --seed $(SEED) --count $(SIMULATIONS)
	@$(BIN)/python -m sottovoce.sim --people --seed $(SEED) --count $(DISK_SIMULATIONS) --on-disk
	@$(BIN)/python -m sottovoce.sim --mail --seed $(SEED) --count $(SIMULATIONS)
	@$(BIN)/python -m sottovoce.sim --seed $(SEED) --count $(SIMULATIONS)
	@SOTTOVOCE_NETWORKS=$(SIMULATIONS) $(BIN)/python -m pytest -s tests/sim/test_people_bad_network.py \
	  tests/sim/test_mail.py tests/sim/test_mail_full_disk.py
	@SOTTOVOCE_POINTS=$(POINTS) $(BIN)/python -m pytest --numprocesses auto --ignore tests/crash/test_kills.py --ignore tests/crash/test_archive_kills.py tests/crash
	@SOTTOVOCE_KILLS=$(KILLS) $(BIN)/python -m pytest -s tests/crash/test_kills.py tests/crash/test_archive_kills.py
	@SOTTOVOCE_FLOODS=all $(BIN)/python -m pytest -s tests/hostile/test_floods.py tests/hostile/long_memory.py
	@SOTTOVOCE_EXAMPLES=$(EXAMPLES) SOTTOVOCE_STATES=$(STATES) $(BIN)/python -m pytest --hypothesis-seed=$(SEED) tests/property

sim: $(VENV)/.base  ## one simulated network, from SEED
	@$(BIN)/python -m sottovoce.sim --seed $(SEED)

bench: $(VENV)/.bench  ## quick benchmarks in one table, beside the Go nodes in PEERS="wnode=/path ..."
	@$(BIN)/python -m bench $(addprefix --peer ,$(PEERS)) $(BENCH_ARGS)

plots: $(VENV)/.sim  ## how cost grows, measured anew and drawn into docs/reference/
	@$(BIN)/python -m bench.growth $(PLOTS_ARGS) --json docs/reference/growth.json
	@$(BIN)/python -m bench.plots docs/reference/growth.json docs/reference

coverage: $(VENV)/.test  ## the fast suite, with the branches that it did not take
	@$(BIN)/python -m pytest --quiet --cov --cov-report=term

format: $(VENV)/.check  ## format, and fix what the linter can fix
	@$(BIN)/ruff check --fix-only --quiet . && $(BIN)/ruff format --quiet .

docs: $(VENV)/.base  ## the command reference, from the help texts
	@$(BIN)/python -m sottovoce.cli.reference >$(VENV)/cli.md && mv $(VENV)/cli.md docs/reference/cli.md

proto: $(VENV)/.proto  ## the protobuf code, from src/sottovoce/proto/*.proto
	@cd src && ../$(BIN)/python -m grpc_tools.protoc --plugin=protoc-gen-mypy=../$(BIN)/protoc-gen-mypy \
	  --proto_path=. --python_out=. --mypy_out=. sottovoce/proto/*.proto

pins:  ## pin the newest versions in requirements/ (needs uv)
	@command -v uv >/dev/null || { echo "make pins needs the program uv."; exit 1; }
	@$(call compile,check,--extra test --extra check --upgrade)
	@$(call compile,test,--extra test --constraints requirements/check.txt)
	@$(call compile,base,--constraints requirements/check.txt)
	@$(call compile,bench,--extra speed --constraints requirements/check.txt)
	@$(call compile,services,--extra postgres --constraints requirements/check.txt)
	@$(call compile,sim,--extra sim --constraints requirements/check.txt)
	@$(call compile,proto,--extra proto --constraints requirements/check.txt)

clean:  ## remove .venv and every cache
	@rm -rf $(VENV) build dist .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name what; do \
	  printf '  %-14s %s\n' "$$name" "$$what"; done

# ---- set-up, in tiers: a stamp per tier, made anew when its pins or pyproject.toml change

$(VENV)/.base: requirements/base.txt pyproject.toml | $(BIN)/python
	@echo "Setting up $(VENV): the program" >&2
	@$(PIP) install --require-hashes -r requirements/base.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: requirements/test.txt $(VENV)/.base
	@echo "Setting up $(VENV): the tests" >&2
	@$(PIP) install --require-hashes -r requirements/test.txt
	@touch $@

$(VENV)/.check: requirements/check.txt $(VENV)/.test
	@echo "Setting up $(VENV): the checks" >&2
	@$(PIP) install --require-hashes -r requirements/check.txt
	@touch $@

$(VENV)/.bench: requirements/bench.txt $(VENV)/.base
	@echo "Setting up $(VENV): the event loop of the benchmarks" >&2
	@$(PIP) install --require-hashes -r requirements/bench.txt
	@touch $@

$(VENV)/.services: requirements/services.txt $(VENV)/.test
	@echo "Setting up $(VENV): PostgreSQL's library" >&2
	@$(PIP) install --require-hashes -r requirements/services.txt
	@touch $@

$(VENV)/.sim: requirements/sim.txt $(VENV)/.bench
	@echo "Setting up $(VENV): the plots" >&2
	@$(PIP) install --require-hashes -r requirements/sim.txt
	@touch $@

$(VENV)/.proto: requirements/proto.txt $(VENV)/.base
	@echo "Setting up $(VENV): the protobuf compiler" >&2
	@$(PIP) install --require-hashes -r requirements/proto.txt
	@touch $@

# Debian keeps ensurepip in a package of its own, so a Python can be new enough and still lack it.
$(BIN)/python:
	@found=; old=; for python in $(if $(PYTHON),"$(PYTHON)",$(PYTHONS)); do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  old="$$python"; \
	  "$$python" -c 'import ensurepip, venv' 2>/dev/null || continue; \
	  found="$$python"; break; \
	done; \
	if [ -z "$$old" ]; then \
	  echo "sottovoce needs Python 3.11 or later; none of these works: $(if $(PYTHON),$(PYTHON),$(PYTHONS))." >&2; exit 1; \
	elif [ -z "$$found" ]; then \
	  echo "$$old has no venv and ensurepip modules; install them (Debian and Ubuntu: the package python3-venv)." >&2; exit 1; \
	fi; \
	"$$found" -m venv --clear $(VENV)

# Where PostgreSQL's own programs are is the same on Debian and Ubuntu; root may install them there.
postgres_programs = test -x /usr/lib/postgresql/15/bin/postgres || { \
    [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing PostgreSQL 15" >&2 && \
    apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes \
      --no-install-recommends postgresql-15 >/dev/null; \
  } || { \
    echo "make test-services needs PostgreSQL 15; install it (Debian and Ubuntu: the package postgresql-15)." >&2; \
    exit 1; \
  }

compile = echo hatchling | uv pip compile --quiet --no-config --universal \
  --python-version 3.11 --generate-hashes --no-annotate --no-header \
  $(2) --output-file requirements/$(1).txt pyproject.toml - >/dev/null
