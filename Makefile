# The commands that people and CI use. Everything is made on demand and outside the repository, in the cache
# folder ($PANDA_INFRA_CACHE, by default the XDG cache); `.venv` is a link into it.

.DEFAULT_GOAL := help
.PHONY: help venv tools doctor lock up down status check check-stacks test test-long test-consumers upstream bench docs picture clean

# Every command starts Python several times: half of each start would go into compiling the same modules again.
export PYTHONDONTWRITEBYTECODE :=

PYTHON ?= python3
VENV := .venv/bin
# The locked uv; before there is a virtualenv, that on PATH.
UV ?= $(or $(wildcard $(VENV)/uv),uv)
# A checkout of the real charts, to deploy those instead of the fixture charts: make up CHARTS=../panda-k8s
CHARTS ?=
# A checkout of Rucio's charts, which `make test-long` then deploys too.
RUCIO_CHARTS ?=
# A checkout of DiracX' charts, which `make test-long` compares with the stack's and deploys.
DIRACX_CHARTS ?=
UPSTREAM = $(if $(CHARTS),--upstream-charts '$(CHARTS)') $(if $(RUCIO_CHARTS),--rucio-charts '$(RUCIO_CHARTS)') \
	$(if $(DIRACX_CHARTS),--diracx-charts '$(DIRACX_CHARTS)')
# How many nodes pods really run on, beside the simulated ones: make up REAL=1
REAL ?=
# Whether these take every pod's own image from the internet instead of those made of packages: make up REAL=1 ORIGINALS=1
ORIGINALS ?=

help: ## show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: ## make the virtualenv with the locked packages and link .venv to it
	@$(PYTHON) -m tools venv

tools: ## build the tools that are neither on PATH nor in the cache
	@$(PYTHON) -m tools build

doctor: ## show each tool, found where and in which version, and whether Pulumi is official or built here
	@$(PYTHON) -m tools doctor

lock: ## resolve pyproject.toml anew into the requirement locks; known pins stay where they fit
	$(UV) pip compile pyproject.toml $(LOCK_OPTIONS) -o requirements.lock
	$(UV) pip compile pyproject.toml --group dev --constraint requirements.lock $(LOCK_OPTIONS) -o requirements-dev.lock

LOCK_OPTIONS = --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command 'make lock'

up: venv ## start the test bed and deploy the local stack; CHARTS=<checkout> takes the real charts, REAL=1 runs its pods
	@$(VENV)/python -m testbed up $(if $(CHARTS),--charts '$(CHARTS)') $(if $(REAL),--real '$(REAL)') $(if $(ORIGINALS),--originals)

down: venv ## destroy the local stack and remove the test bed
	@$(VENV)/python -m testbed down

status: venv ## show the test bed, its pods, and what they refer to that is missing
	@$(VENV)/python -m testbed status

check: venv ## ruff, its formatter, mypy, import contracts
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check --quiet .
	@MYPY_CACHE_DIR=.venv/mypy-cache $(VENV)/mypy
	@$(VENV)/lint-imports

# Exit code 3 of `check`: nothing is wrong, but a stack awaits values of its site, which it lists.
check-stacks: venv ## judge what sites deploy: every stack file by every rule, the pages of docs/stacks
	@$(VENV)/python -m panda_infra check || test $$? -eq 3
	@$(VENV)/python -m pytest tests/data_of_sites -m "not long" --quiet

test: venv tools check check-stacks ## all checks, and the tests of every change
	@$(VENV)/python -m pytest tests/unit -m "not long" --numprocesses 2 --dist loadfile --quiet
	@$(VENV)/python -m pytest tests/e2e -m "alone and not long"
	@$(VENV)/python -m pytest tests/e2e -m "not alone and not long" $(BESIDE)

# Much of an end-to-end test is waiting: three files at once, each on a bed of its own, keep two cores busy.
BESIDE = --numprocesses 3 --dist loadfile --no-loadscope-reorder

test-long: venv tools ## the long tests: each fault of OpenStack and Magnum, the rehearsal of every stack, the measurements; CHARTS, RUCIO_CHARTS, DIRACX_CHARTS=<checkouts>
	@$(VENV)/python -m pytest tests/e2e -m "alone and long" $(UPSTREAM)
	@$(VENV)/python -m pytest tests/unit tests/data_of_sites -m "long or hypothesis" --hypothesis-profile search --numprocesses 2 --dist worksteal --quiet $(UPSTREAM)
	@$(VENV)/python -m pytest tests/e2e -m "long and not alone" --numprocesses 2 --dist loadfile --no-loadscope-reorder $(UPSTREAM)

test-consumers: venv ## ActiveMQ, databases, PanDA, iDDS, Rucio and DIRAC themselves read what the program makes; CHARTS=<checkout> as for up
	@$(VENV)/python -m pytest tests/e2e/test_consumers.py tests/e2e/test_ctao_consumers.py tests/e2e/test_ctao_dirac.py tests/e2e/test_ctao_fixtures.py tests/e2e/test_backup_drill.py $(UPSTREAM)

upstream: venv ## clone upstream's charts beside this checkout, if they are not there: CTAO's in the releases that its stack has
	@test -e ../panda-k8s || git -c advice.detachedHead=false clone --quiet --depth 1 https://github.com/PanDAWMS/panda-k8s ../panda-k8s
	@test -e ../rucio-charts || git -c advice.detachedHead=false clone --quiet --depth 1 --branch '$(RUCIO_TAG)' https://github.com/rucio/helm-charts ../rucio-charts
	@test -e ../diracx-charts || git -c advice.detachedHead=false clone --quiet --depth 1 --branch '$(DIRACX_TAG)' https://github.com/DIRACGrid/diracx-charts ../diracx-charts

RUCIO_TAG = rucio-server-$(shell $(VENV)/python -c 'from panda_infra.products.ctao.versions import SERVER_CHART; print(SERVER_CHART)')
DIRACX_TAG = $(shell $(PYTHON) -c 'from tools.versions import DIRACX_CHARTS; print(DIRACX_CHARTS)')

bench: venv ## measure, print the ratios; CHARTS=<checkout> as for up
	@$(VENV)/python -m bench $(if $(CHARTS),--charts '$(CHARTS)')

docs: venv ## write the pages of docs/ that are made of the code
	@$(VENV)/python -m panda_infra.reference

picture: venv ## draw docs/local.svg by Mermaid's own program, which npx fetches; needs Node.js and Chromium
	@$(VENV)/python -m panda_infra graph local | \
	PUPPETEER_SKIP_DOWNLOAD=1 PUPPETEER_EXECUTABLE_PATH='$(CHROMIUM)' npx --yes @mermaid-js/mermaid-cli@$(MERMAID_CLI) --quiet --input - --output docs/local.svg

CHROMIUM ?= $(shell command -v chromium)
MERMAID_CLI = $(shell $(PYTHON) -c 'from tools.versions import MERMAID_CLI; print(MERMAID_CLI)')

clean: ## remove what checks and tests leave in the checkout, and what the cache no longer needs
	@rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -type d -not -path './.venv/*' -not -path './.cache/*' -prune -exec rm -rf {} +
	@$(PYTHON) -m tools prune
