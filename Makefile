# make app [PORT=8501]   install what is missing and serve the app on 127.0.0.1
# make test              install what the tests need; lint, types, import contracts, all tests

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --no-input --disable-pip-version-check

.PHONY: app install install-dev chromium postgresql check test format demo bench-speed bench-scale bench-app bench-reading bench-profile bench-quality clean

app: install
	$(BIN)/streamlit run app.py --server.address 127.0.0.1 --server.port $(PORT)

install: $(VENV)/.installed

install-dev: $(VENV)/.installed-dev

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) -r requirements.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	@echo "Compiling kernels and UMAP for this processor ..."
	@$(BIN)/python -c "import tjepa.model.kernels.function" & kernels=$$!; \
	$(BIN)/python -c "from tjepa.analysis.projection import compile_umap; compile_umap()" && wait $$kernels
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(PIP) -r requirements-dev.txt
	@touch $@

# The browser of the browser tests: from apt when that is possible. Where it is not, those tests
# are skipped by name, or fail when CI=true.
chromium:
	@command -v chromium >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 \
	     && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } \
	|| echo "Chromium is not here and could not be installed: the browser tests will say so."

# The server of PostgreSQL's tests, likewise: its programs alone, with no database of its own that
# would start with the machine. Where it is not, those tests are skipped by name.
CREATECLUSTER := /etc/postgresql-common/createcluster.d
postgresql:
	@command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 \
	     && mkdir -p $(CREATECLUSTER) && echo "create_main_cluster = false" > $(CREATECLUSTER)/tjepa.conf \
	     && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql; \
	     installed=$$?; rm -f $(CREATECLUSTER)/tjepa.conf; [ $$installed = 0 ]; } \
	|| echo "PostgreSQL is not here and could not be installed: its tests will say so."

check: install-dev
	$(BIN)/pre-commit run --all-files

test: check chromium postgresql
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest

format: install-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The finished example that a new home starts with: made again when what is stored has changed.
demo: install
	$(BIN)/python assets/make_demo.py

bench-speed: install
	$(BIN)/python benchmarks/speed.py

bench-scale: install
	$(BIN)/python -m benchmarks.scale

bench-quality: install-dev
	$(BIN)/python benchmarks/quality.py

bench-app: install
	$(BIN)/python benchmarks/app.py

bench-reading: install-dev
	$(BIN)/python -m benchmarks.reading

bench-profile: install
	$(BIN)/python -m benchmarks.profiling

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
