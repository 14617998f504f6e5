# `make demo` and `make test` are all a newcomer needs; both make the environment first.
PYTHON ?= python3
BIN := .venv/bin
DEMO_ARGS := $(if $(HEADLESS),--headless --events $(or $(EVENTS),200),$(if $(EVENTS),--events $(EVENTS)))
.PHONY: setup peers demo test soak leaks mutants check layering lock messages bench bench-redaction bench-scrubbing clean

setup: .venv/.done

.venv/.done: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Caseward needs Python 3.11 or newer (PYTHON=... names another)" >&2; exit 3; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "this Python has no venv module: install it first (Debian and Ubuntu: apt-get install python3-venv)" >&2; exit 3; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# The libraries that Caseward is compared with; tests that need them say so where they are missing.
peers: .venv/.peers

.venv/.peers: .venv/.done requirements-peers.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-peers.lock
	@touch $@

demo: setup
	$(BIN)/caseward demo $(DEMO_ARGS)

test: setup
	$(BIN)/python -m pytest -n auto $(TEST_ARGS)

# The laws of tests/soak, for so many minutes together; what they found goes into docs/assurance.md.
soak: setup
	$(BIN)/python -m tests.soak --minutes $(or $(MINUTES),60) $(SOAK_ARGS)

# Puts every leak of tests/leaks into the engine and writes down what catches it; LEAKS=ID for one,
# LEAKS=--laws to try the random laws on each as well.
leaks: setup
	$(BIN)/python -m tests.leaks $(LEAKS)

# Changes one file at a time in a copy, place by place, and runs its tests: make mutants FILE=redaction/judging.py
mutants: peers
	$(BIN)/python -m tests.leaks.mutants $(FILE) $(MUTANTS_ARGS)

check: setup layering
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

layering: setup
	$(BIN)/lint-imports --no-cache

bench: setup
	$(BIN)/caseward bench --json

# The pipeline against other libraries; JSON, and a table beside it.
bench-redaction: peers
	$(BIN)/python -m benchmarks.redaction $(BENCH_ARGS)

# NARRATIVES=100000; PRESIDIO=PATH is the Python of an environment that has presidio-analyzer.
bench-scrubbing: setup
	$(BIN)/python -m benchmarks.scrubbing --narratives $(or $(NARRATIVES),2000) $(if $(PRESIDIO),--presidio $(PRESIDIO)) $(BENCH_ARGS)

# Writes both locks anew; the only target that needs `uv` on the path.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --extra dev --output-file requirements.lock pyproject.toml
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --extra peers --constraint requirements.lock --output-file requirements-peers.lock pyproject.toml

# Brings the catalogues of plain words up to date: new sentences in, those no longer used out.
messages: setup
	$(BIN)/python -m tests.redaction.explain_messages

clean:
	rm -rf .venv build dist *.egg-info
