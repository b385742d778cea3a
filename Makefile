# Two commands are enough to begin: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PINNED := --require-hashes --no-deps --only-binary=:all:
PROMPT ?= a paper boat crossing a rain puddle, soft rain, no music

.PHONY: help demo sandbox run studio test check format messages lock soak simulate image-check sbom bench bench-compare clean

help:  ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.runtime  ## a member types /generate and a clip is posted, here, with no key and no money
	@$(BIN)/python -m bot demo --prompt "$(PROMPT)"

sandbox: $(VENV)/.runtime  ## the same with a page to be the member: open the address that it prints
	@$(BIN)/python -m bot sandbox

run: $(VENV)/.runtime  ## the bot, at Discord (needs DAILIES_DISCORD_TOKEN)
	@$(BIN)/python -m bot run

studio: $(VENV)/.runtime  ## the free renderer alone, as a local video API
	@$(BIN)/python -m bot studio

test: $(VENV)/.dev  ## the whole suite, on up to four cores
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile

check: $(VENV)/.dev  ## lint, format and types
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

format: $(VENV)/.dev  ## mend what ruff can mend
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

soak: $(VENV)/.dev  ## the long counts (kills, fuzzing, seeds), reported with their seed
	@DAILIES_SOAK=1 $(BIN)/python -m pytest -m soak -s

simulate: $(VENV)/.dev  ## worlds in which anything goes wrong (SEEDS=, SECONDS=; SEED= and KEEP= replay one)
	@SEEDS=$(SEEDS) SECONDS=$(SECONDS) SEED=$(SEED) KEEP=$(KEEP) FIRST=$(FIRST) $(BIN)/python -m tests.simulation

image-check: $(VENV)/.dev  ## what can be proven of the image without a Docker engine (root, Linux)
	@$(BIN)/python -m tests.image_check

sbom: $(VENV)/.dev  ## what the image contains, and under which licences, into build/
	@$(BIN)/python -m tests.contents build

bench: $(VENV)/.dev  ## the measurements beside their floors, kept in build/bench as JSON, a table and a picture
	@$(BIN)/python -m tests.bench

bench-compare: $(VENV)/.dev  ## what got slower between the two newest of them
	@$(BIN)/python -m tests.bench --compare

messages: $(VENV)/.dev  ## bring bot/locales up to date with the sentences in the code, and name what to translate
	@$(BIN)/python -m tests.messages

lock: $(VENV)/.dev  ## write both lock files anew from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url \
		--no-header --no-annotate --python-version 3.11 --quiet -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --generate-hashes --no-emit-index-url \
		--no-header --no-annotate --python-version 3.11 --quiet -o requirements-dev.lock

clean:  ## remove what was built, not what was kept
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .demo .sandbox

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Dailies needs Python 3.11 or newer")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock | $(VENV)/bin/python
	@$(PIP_INSTALL) $(PINNED) -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	@$(PIP_INSTALL) $(PINNED) -r requirements-dev.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.runtime
