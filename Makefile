# make study        run the project's first study: search, confirm, rank
# make test         run the tests
# make bench        training speed compared with Keras and with the CPU's peak, in under a minute
# make experiments  the short form of every experiment on a claim, in under 45 minutes
# make check        run lint, types, import contracts, tests and doctests
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python

# python3 of Debian and Ubuntu cannot make virtual environments without the package python3-venv.
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
VENV_PACKAGE := echo "installing the system's python3-venv, which is missing" && $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null

.PHONY: study test bench experiments check lint types imports doctest lock clean

study: .venv/run
	$(BIN)/vaebench run studies/gaussian.toml --trials 24
	@echo "(first: source .venv/bin/activate)"

test: .venv/dev
	$(BIN)/python -m pytest -n 2 --dist loadfile

bench: .venv/dev
	$(BIN)/python experiments/throughput/measure.py --short

experiments: .venv/dev
	$(BIN)/python -m experiments.claims_kit short

check: lint types imports test doctest

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev
	$(BIN)/mypy

imports: .venv/dev
	$(BIN)/lint-imports

doctest: .venv/dev
	$(BIN)/python -m pytest --doctest-modules vaebench -q

lock: .venv/uv
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml --extra postgresql --group dev -o requirements/dev.txt
	echo uv | $(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 - -o requirements/uv.txt

clean:
	rm -rf .venv

.venv/uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "vaebench needs Python 3.11 or later; name one with 'make PYTHON=python3.12 ...'"; exit 1; }
	@$(PYTHON) -m venv .venv >/dev/null 2>&1 || { rm -rf .venv; $(VENV_PACKAGE) && $(PYTHON) -m venv .venv; } || { rm -rf .venv; echo "Python's venv module is missing: install it (Debian and Ubuntu: python3-venv)"; exit 1; }
	@echo "installing, which takes a minute"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/run: .venv/uv requirements/run.txt pyproject.toml
	@$(UV) --require-hashes -r requirements/run.txt
	@$(UV) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: .venv/run requirements/dev.txt
	@$(UV) --require-hashes -r requirements/dev.txt
	@touch $@
