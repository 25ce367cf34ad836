# Everything needs only make, git and Python >= 3.11 (on Debian: python3 and python3-venv). Nothing is installed outside .venv/.
PYTHON ?= python3
WARRAQ_ROOT ?= ./warraq-archive
export WARRAQ_ROOT

RUN := .venv/.run-installed
DEV := .venv/.dev-installed
REPLAY := .venv/replay/.installed
NEWSPLEASE := .venv/newsplease/.installed
PIP := .venv/bin/python -m pip --disable-pip-version-check -qq

SAMPLES := arabkhabar etemadonline jannah arabstoday tunisiatoday wordpress

.DEFAULT_GOAL := help
.PHONY: help demo test check format soak bench samples lock clean

help:  ## say what can be made
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: $(RUN)  ## crawl the sample sites into $WARRAQ_ROOT, offline, on Prefect, and print what came of it
	@.venv/bin/warraq crawl $(SAMPLES) --replay samples --prefect
	@echo "The archive is $(WARRAQ_ROOT). Look into it: .venv/bin/warraq records | head -n 1"

test: $(DEV)  ## run the tests (those that need Ceph are skipped, and say so, where it is not installed)
	@.venv/bin/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

check: $(DEV)  ## lint, types, direction of imports, examples of the documentation
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@.venv/bin/python -m pytest -q -n 2 tests/docs

format: $(DEV)  ## put the code into its standard form
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

soak: $(DEV)  ## kill, race and disturb what works on archives, hundreds of times; needs Ceph; SOAK_ARGS=--help tells more
	@.venv/bin/python -m tests.soak $(SOAK_ARGS)

bench: $(DEV) $(NEWSPLEASE)  ## run the benchmarks (ratios taken in one run)
	@.venv/bin/python benchmarks/extraction.py
	@.venv/bin/python benchmarks/extraction.py --scramble
	@.venv/bin/python benchmarks/extraction.py benchmarks/replicas/ar benchmarks/replicas/fa
	@.venv/bin/python benchmarks/extraction.py benchmarks/replicas/ar benchmarks/replicas/fa --scramble
	@.venv/bin/python benchmarks/duplicates.py
	@.venv/bin/python benchmarks/archive.py
	@.venv/bin/python benchmarks/pipeline.py crawl processes newsplease

samples: $(DEV)  ## build samples/*.warc.gz again from samples/build
	@.venv/bin/python -m samples.build

lock: $(DEV)  ## resolve requirements/*.txt anew from pyproject.toml
	@.venv/bin/uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --quiet --upgrade -o requirements/run.txt
	@.venv/bin/uv pip compile pyproject.toml --group build --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --quiet -c requirements/run.txt -o requirements/dev.txt

	@.venv/bin/uv pip compile --group spark --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --quiet -c requirements/dev.txt -o requirements/spark.txt
	@.venv/bin/uv pip compile pyproject.toml --extra ray --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --quiet -c requirements/dev.txt -o requirements/ray.txt
	@.venv/bin/uv pip compile --group replay --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --quiet -o requirements/replay.txt
	@.venv/bin/uv pip compile --group newsplease --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --quiet -o requirements/newsplease.txt

clean:  ## remove what make made, except archives
	@rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Warraq needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || \
	  { rm -rf .venv; echo "Python's venv module does not work here; on Debian: apt-get install python3-venv" >&2; exit 1; }

$(RUN): .venv/bin/python requirements/run.txt pyproject.toml
	@echo "Installing Warraq and its locked dependencies into .venv (about a minute) ..."
	@$(PIP) install --require-hashes -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): $(RUN) requirements/dev.txt
	@echo "Installing the locked tools for development into .venv ..."
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

$(NEWSPLEASE): .venv/bin/python requirements/newsplease.txt
	@echo "Installing news-please, which re-extraction is compared with, into .venv/newsplease ..."
	@$(PYTHON) -m venv .venv/newsplease
	@.venv/newsplease/bin/python -m pip --disable-pip-version-check -qq install --require-hashes -r requirements/newsplease.txt
	@touch $@

$(REPLAY): .venv/bin/python requirements/replay.txt
	@echo "Installing pywb and wacz, which read what Warraq archives, into .venv/replay ..."
	@$(PYTHON) -m venv .venv/replay
	@.venv/replay/bin/python -m pip --disable-pip-version-check -qq install --require-hashes -r requirements/replay.txt
	@touch $@
