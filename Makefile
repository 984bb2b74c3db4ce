# make run     everything in one process: http://127.0.0.1:8000     STORY=0 starts empty; PORT, HOST and DATA_DIR as you like
# make test    the checks and every test that this machine can run   CI=true: nothing is left out, a missing server fails
# make check   ruff, mypy, import contracts     make bench   figures     make up   all processes in containers
# make lock    renews both locks (UPGRADE=1: newest versions)            make clean   removes .venv and caches, keeps var/

SHELL  := /bin/bash
PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
QUICK  := $(if $(filter true,$(CI)),,-m "not slow and not chaos and not fuzz")
export PYTHONUTF8 := 1

.PHONY: run test check bench up clean lock

# With a terminal the program gets a process group of its own, so that Ctrl-C reaches it alone and make ends with 0.
run: $(VENV)/run.lock
	@if [ -t 0 ]; then set -m; $(PY) -m services up; else exec $(PY) -m services up; fi

test: $(VENV)/dev.lock
	@status=0; $(MAKE) --no-print-directory check || status=1; $(PY) -m pytest -n auto --dist loadfile --no-loadscope-reorder $(QUICK) $(ARGS) || status=1; exit $$status

check: $(VENV)/dev.lock
	@status=0; \
	$(PY) -m ruff check . || status=1; \
	$(PY) -m ruff format --check . || status=1; \
	$(PY) -m mypy || status=1; \
	$(VENV)/bin/lint-imports --no-logo || status=1; \
	exit $$status

bench: $(VENV)/dev.lock
	@$(PY) -m bench $(ARGS)

up: .env
	@docker compose up --build --detach --wait
	@echo "http://127.0.0.1:8080    mail: http://127.0.0.1:8025"
	@echo "administrator: docker compose exec directory-web cat /data/first-admin"

# Written once: a second one would not open the databases that the first one made.
.env:
	@umask 077; for name in POSTGRES_PASSWORD DATABASE_PASSWORD BROKER_PASSWORD REDIS_PASSWORD SERVICE_KEY; do \
	  echo "$$name=$$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')"; done > $@.new && mv $@.new $@

lock: $(VENV)/dev.lock
	@compile="$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header $(if $(UPGRADE),--upgrade)"; \
	$$compile pyproject.toml --output-file requirements.lock && \
	$$compile pyproject.toml --group dev --constraint requirements.lock --output-file requirements-dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# One environment, filled from a lock; the copy of the lock inside it tells whether it is still the right one.
PROBLEM = $(shell v=$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null); \
	if [ -z "$$v" ]; then echo "no $(PYTHON) here: apt install python3 python3-venv (or make PYTHON=...)"; \
	elif ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
	  echo "Python 3.11 or newer is needed and $(PYTHON) is $$v: make PYTHON=python3.12 ..."; \
	elif ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "$(PYTHON) cannot make environments: apt install python$$v-venv"; fi)

$(PY):
	$(if $(PROBLEM),$(error $(PROBLEM)))
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/run.lock: requirements.lock | $(PY)
	@cmp -s $< $@ || { echo "Installing into $(VENV) (once, about a minute)"; $(call install,$<); }
	@cp $< $@

$(VENV)/dev.lock: requirements-dev.lock requirements.lock | $(PY)
	@cmp -s $< $@ || { echo "Installing into $(VENV) (once, about a minute)"; $(call install,$<); }
	@cp $< $@ && cp requirements.lock $(VENV)/run.lock

install = $(PY) -m pip install --quiet --quiet --disable-pip-version-check --require-hashes --requirement $(1)
