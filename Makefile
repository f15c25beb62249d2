# wirelab: `make lab` on a machine with Python >= 3.11 and make, and nothing else.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
UV := $(BIN)/uv

# The first Python on the path that is new enough; `make PYTHON=...` names another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$python"; break; }; done)

# A venv holds the path it was made in; in a folder that was moved or copied it is made anew.
ifneq ($(shell cat $(VENV)/.installed 2>/dev/null),$(CURDIR))
$(shell test -e $(VENV)/.installed && rm -rf $(VENV))
endif

.PHONY: help lab install test bench fuzz lint lock clean

help:
	@echo 'make lab      install and start the lab no4-ipsec: prints its consoles and what to try'
	@echo 'make install  .venv with the locked dependencies and the command .venv/bin/wirelab'
	@echo 'make test     install what the tests need, and run them'
	@echo 'make bench    what this machine does: ESP of one core and in worker processes, consoles'
	@echo 'make fuzz     a few seconds of a fuzzer at each of the console targets'
	@echo 'make lint     ruff, mypy and the import contracts'
	@echo 'make lock     choose the dependencies anew (needs uv)'
	@echo 'make clean    remove .venv and everything else that was made here'

lab: install
	@$(BIN)/wirelab up no4-ipsec

install: $(VENV)/.installed

$(VENV)/.installed: requirements.lock pyproject.toml
	@test -n '$(PYTHON)' || { echo 'wirelab needs Python 3.11 or newer; here is' \
		"$$(python3 --version 2>/dev/null || echo none). Name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'wirelab needs Python 3.11 or newer; $(PYTHON) is' "$$('$(PYTHON)' --version 2>&1)" >&2; exit 1; }
	@'$(PYTHON)' -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "the module venv of $$('$(PYTHON)' --version) is missing; on Debian and Ubuntu:" \
		'apt-get install python3-venv' >&2; exit 1; }
	@echo 'installing into $(VENV)'
	@'$(PYTHON)' -m venv $(VENV)
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q labs nodes broker
	@printf '%s' '$(CURDIR)' > $@

$(VENV)/.installed-test: $(VENV)/.installed requirements-test.lock
	@echo 'installing what the tests need'
	@$(PIP) install --require-hashes -r requirements-test.lock
	@touch $@

# More workers than two cores have: the tests with real processes wait for pings most of their time.
WORKERS ?= 4

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -m 'not root and not automation and not fuzz' -n $(WORKERS)

bench: $(VENV)/.installed
	$(BIN)/python tests/bench/esp.py
	$(BIN)/python tests/bench/esp_pool.py
	$(BIN)/python tests/bench/console.py

# Seconds for each target of tests/fuzz. What is found is kept in .fuzz, with the octets that led to new code.
FUZZ := $(VENV)-fuzz
FUZZ_SECONDS ?= 5

fuzz: $(FUZZ)/.installed
	@for target in $$($(FUZZ)/bin/python tests/fuzz/engine.py --list 2> /dev/null); do \
		mkdir -p .fuzz/$$target; \
		$(FUZZ)/bin/python tests/fuzz/engine.py $$target -max_total_time=$(FUZZ_SECONDS) -max_len=2000 -timeout=60 \
			-artifact_prefix=.fuzz/$$target- -verbosity=0 -print_final_stats=1 .fuzz/$$target > .fuzz/log 2>&1 \
			|| { cat .fuzz/log >&2; exit 1; }; \
		echo "$$target: $$(sed -n 's/.*executed_units: *//p' .fuzz/log) runs"; \
	done

$(FUZZ)/.installed: requirements-fuzz.lock
	@'$(PYTHON)' -m venv $(FUZZ)
	@$(FUZZ)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements-fuzz.lock
	@touch $@

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# setuptools builds the package itself: it is pinned with the rest, because the build is not isolated.
LOCK := pip compile pyproject.toml - --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate --quiet

lock:
	{ echo '# What wirelab runs with, and setuptools to build it. Made by make lock.'; \
		echo 'setuptools>=77' | $(UV) $(LOCK); } > requirements.lock.new
	mv requirements.lock.new requirements.lock
	{ echo '# What the tests need, and all of requirements.lock. Made by make lock.'; \
		echo 'setuptools>=77' | $(UV) $(LOCK) --extra test -c requirements.lock; } > requirements-test.lock.new
	mv requirements-test.lock.new requirements-test.lock
	{ echo '# What the automation tests need, and all of requirements.lock. Made by make lock.'; \
		echo 'setuptools>=77' | $(UV) $(LOCK) --extra automation -c requirements-test.lock; } > requirements-automation.lock.new
	mv requirements-automation.lock.new requirements-automation.lock
	{ echo '# What make fuzz needs, and all of requirements.lock. Made by make lock.'; \
		echo 'setuptools>=77' | $(UV) $(LOCK) --extra fuzz -c requirements-test.lock; } > requirements-fuzz.lock.new
	mv requirements-fuzz.lock.new requirements-fuzz.lock
	grep -vE '^(setuptools|#)|--hash' requirements.lock | tr -d '\\' > constraints.new
	{ echo '# What the pyATS tests need, and all of requirements.lock but setuptools; to be installed without the'; \
		echo '# dependencies that its packages declare. Made by make lock.'; \
		$(UV) $(subst pyproject.toml -,pyproject.toml,$(LOCK)) --extra pyats -c constraints.new \
			--override tests/automation/pyats/overrides.txt; } > requirements-pyats.lock.new
	mv requirements-pyats.lock.new requirements-pyats.lock
	rm constraints.new

clean:
	rm -rf $(VENV) $(VENV)-automation $(VENV)-pyats $(FUZZ) .fuzz build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
