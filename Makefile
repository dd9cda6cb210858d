# `make demo` shows Ogive at work, `make test` runs the whole test suite; both set everything up first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
export UV_PYTHON_DOWNLOADS := never

.PHONY: demo test test-deployed bench bench-truth audit lint format secrets sbom lock clean

demo: $(VENV)/run.stamp
	$(BIN)/ogive demo $(if $(DEMO_ONCE),--once)

# Tests of one file share what they start: files are dealt out to a process for each core, four at most.
test: $(VENV)/dev.stamp
	$(BIN)/pytest --ignore=tests/deployed --numprocesses=auto --maxprocesses=4 --dist=loadfile

# The parts of a deployment as real processes; see infra/local.
test-deployed: $(VENV)/dev.stamp
	$(BIN)/pytest tests/deployed

# A hundred clients for five minutes; for ten on the deployed parts, one of whose workers dies each minute; ten
# thousand random requests for at most ten minutes; then every deployed part killed in random order under each
# of 20 jobs. Options: SOAK_SECONDS=60
SOAK_SECONDS ?= 300
soak: $(VENV)/dev.stamp
	$(BIN)/python -m tests.soak.load $(SOAK_SECONDS)
	$(BIN)/python -m tests.soak.deployed $$((2 * $(SOAK_SECONDS)))
	$(BIN)/python -m tests.soak.fuzz own 10000 600
	$(BIN)/python -m tests.soak.faults 20
	$(BIN)/pytest tests/deployed -m soak
	$(BIN)/python -m tests.soak.memory

# Beside the peer ticoi, in an environment of its own. Options go in BENCH: make bench BENCH=--quick
bench: $(VENV)/run.stamp .bench/peer.stamp
	$(BIN)/python -m tests.benchmarks.speed $(BENCH)

bench-truth: $(VENV)/run.stamp .bench/peer.stamp
	$(BIN)/python -m tests.benchmarks.truth $(BENCH)
	$(BIN)/python -m tests.benchmarks.decorrelation $(BENCH)
	$(BIN)/python -m tests.benchmarks.stated_errors $(BENCH)

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Ends with 69 where the list of vulnerabilities cannot be reached: that is no audit.
audit: $(VENV)/dev.stamp
	$(BIN)/python -m infra.audit requirements-dev.lock

# Passwords, keys and the certificate that docker-compose.yml reads, made once.
secrets: $(VENV)/dev.stamp
	$(BIN)/python -m infra.secrets secrets

# What the images hold, as CycloneDX, from the lock alone.
sbom: $(VENV)/dev.stamp
	@mkdir -p dist
	$(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible \
	  --sv 1.6 --output-file dist/ogive.cdx.json

lock: $(UV)
	$(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --quiet \
	  pyproject.toml --custom-compile-command "make lock" -o requirements.lock
	$(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --quiet \
	  pyproject.toml --group dev -c requirements.lock --custom-compile-command "make lock" -o requirements-dev.lock

clean:
	rm -rf $(VENV) .bench ogive-data

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Ogive needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9"

# The settings of Dask are installed, too: they are not read from the checkout.
$(VENV)/run.stamp: $(UV) requirements.lock pyproject.toml infra/dask/ogive.yaml
	$(UV) pip install --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) pip install --python $(BIN)/python --quiet --no-deps --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements-dev.lock
	$(UV) pip install --python $(BIN)/python --require-hashes -r requirements-dev.lock
	$(UV) pip check --python $(BIN)/python
	@touch $@

.bench/peer.stamp: $(UV) tests/benchmarks/peer.txt
	rm -rf .bench
	$(PYTHON) -m venv .bench/peer
	$(UV) pip install --python .bench/peer/bin/python --quiet -r tests/benchmarks/peer.txt
	@touch $@
