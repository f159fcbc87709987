# One entry for people and for CI. `make demo` and `make test` do all their set-up themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt
OUT ?= out
# Test files run side by side; the torture runs alone, since it counts what the machine does.
JOBS ?= 2
# Blenders to test with, by series; BLENDER_SERIES names fewer.
BPY_4.5 := 4.5.15
BPY_5.0 := 5.0.1
BPY_5.2 := 5.2.3
PYTHON_4.5 := python3.11
PYTHON_5.0 := python3.11
PYTHON_5.2 := python3.13
BLENDER_SERIES ?= 4.5 5.0 $(shell python3.13 -c 'print("5.2")' 2>/dev/null)
BLENDERS := $(foreach series,$(BLENDER_SERIES),.venv-blender/$(series)/.installed)
COMMA := ,
EMPTY :=
SPACE := $(EMPTY) $(EMPTY)
BLENDER_LIST = $(subst $(SPACE),$(COMMA),$(foreach series,$(BLENDER_SERIES),$(series)=$(CURDIR)/.venv-blender/$(series)/bin/python))
CODE := engine export plugin ui tests tools setup.py

.PHONY: demo test test-heavy test-cpu test-blender test-blender-heavy extension check format bench bench-hits bench-neural bench-fit bench-speech bench-gates bench-process bench-panel torture torture-full classify-styles \
  draw-styles screenshots verify-weights train-nano evaluate-nano ship-nano sounds clean

demo: $(VENV)/.installed
	$(BIN)/hitpoint demo --out $(OUT)/demo

test: $(VENV)/.dev
	@$(BIN)/python -m tools.check_panel
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --ignore tests/test_torture.py
	$(BIN)/python -m pytest tests/test_torture.py

check: $(VENV)/.dev .pkg/hitpoint
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	MYPYPATH=.pkg $(BIN)/mypy -p hitpoint.engine -p hitpoint.export -p hitpoint.ui -p hitpoint.plugin
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/test_layers.py tests/test_house.py

format: $(VENV)/.dev
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

# Tables with ratios, never pass or fail: machines are noisy.
bench: $(VENV)/.dev
	$(BIN)/python -m tools.bench

# Random cut lists, many seeds: the long form of what the tests check in short.
bench-hits: $(VENV)/.dev
	$(BIN)/python -m tools.bench_hits

# Neural parts beside audiocraft and transformers, in one run.
bench-neural: $(VENV)/.dev
	$(BIN)/python -m tools.bench_neural

# Clicks with drifting beats, brought to hits, and left alone.
bench-fit: $(VENV)/.dev
	$(BIN)/python -m tools.bench_fit

# Models of the real size, with random weights.
test-heavy: $(VENV)/.dev
	$(BIN)/python -m pytest -m "heavy and not blender" -s

# Blender's extension: out/hitpoint-VERSION.zip, looked at by Blender's own validator where a bpy is there.
extension: $(VENV)/.dev
	@$(BIN)/python -m tools.build_extension $(OUT)

# The extension in real Blenders, which are Python packages of their own (`bpy`): each is fetched once, 380 MB,
# and takes 1 GB of disk in .venv-blender. 4.5 is the long-term series that the extension begins with, 5.0 the
# next API; both need Python 3.11. 5.2 is the long-term series after that and needs Python 3.13: it is taken
# where there is one. The pins are the last of each series when the facts in the code were measured.
test-blender: $(VENV)/.dev $(BLENDERS)
	HITPOINT_BLENDERS="$(BLENDER_LIST)" $(BIN)/python -m pytest -m "blender and not heavy" tests/blender

# The same, and a hundred kills of each of our processes beside each Blender: an hour.
test-blender-heavy: $(VENV)/.dev $(BLENDERS)
	HITPOINT_BLENDERS="$(BLENDER_LIST)" $(BIN)/python -m pytest -m blender -s tests/blender

# A converted model on a machine without torch: an environment of its own, with [cpu] alone.
test-cpu: $(VENV)/.dev
	rm -rf $(OUT)/cpu
	$(PYTHON) -m venv $(OUT)/cpu/venv
	$(OUT)/cpu/venv/bin/python -m pip --disable-pip-version-check install --quiet -c constraints.txt -e ".[cpu]"
	HITPOINT_HOME=$(OUT)/cpu/home $(BIN)/python -m tools.tiny_model
	HITPOINT_HOME=$(OUT)/cpu/home $(OUT)/cpu/venv/bin/python -m tools.check_cpu $(OUT)/cpu

# Fetches published weights, checks them and makes ten seconds of music: for anyone with a network.
verify-weights: $(VENV)/.dev
	$(BIN)/python -m tools.verify_weights

# GVMGen nano from nothing: films, music, codec, networks. Two hours on two cores; goes on where it was stopped.
train-nano: $(VENV)/.dev
	OMP_WAIT_POLICY=PASSIVE $(BIN)/hitpoint train nano --out $(OUT)/nano

# What it learned, on films it never saw, beside ground truth and controls. Half an hour.
evaluate-nano: $(VENV)/.dev
	OMP_WAIT_POLICY=PASSIVE $(BIN)/hitpoint evaluate nano --out $(OUT)/nano

# The trained files take the place of those that come with Hitpoint.
ship-nano:
	rm -rf engine/models/bundled
	cp -r $(OUT)/nano/models engine/models/bundled

# The built-in composer before all gates: twelve styles by twenty seeds. A quarter of an hour.
bench-gates: $(VENV)/.dev
	$(BIN)/python -m tools.bench_gates

# A moved hit solved and heard, beside the whole search.
bench-panel: $(VENV)/.dev
	$(BIN)/python -m tools.bench_panel_engine

# The talk with the engine's process: a round trip, cancel, a killed worker noticed and replaced.
bench-process: $(VENV)/.dev
	$(BIN)/python -m tools.bench_process

# What is done to the engine, and what held: five minutes.
torture: $(VENV)/.dev
	$(BIN)/python -m tools.torture

# The full counts: up to two hours.
torture-full: $(VENV)/.dev
	$(BIN)/python -m tools.torture --full

# Held-out seeds of the twelve styles, told apart by their notes.
classify-styles: $(VENV)/.dev
	$(BIN)/python -m tools.classify_styles

# The pictures of docs/styles.md.
draw-styles: $(VENV)/.dev
	$(BIN)/python -m tools.draw_styles

# The panel on the demo film, drawn on a screen of its own: docs/images, for the README.
screenshots: $(VENV)/.dev
	@$(BIN)/python -m tools.check_panel
	$(BIN)/python -m tools.screenshots

# Speech told from our own music.
bench-speech: $(VENV)/.dev
	$(BIN)/python -m tools.bench_speech $(wildcard ../shared/footage/narration.flac)

# Builds the bundled sound font anew from Debian's fluid-soundfont-gm.
sounds: $(VENV)/.dev
	$(BIN)/python tools/make_sounds.py

clean:
	rm -rf $(VENV) .venv-blender .pkg build $(OUT) *.egg-info

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "Hitpoint needs Python 3.11, 3.12 or 3.13: name one, as in 'make PYTHON=python3.12 $(MAKECMDGOALS)'"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python setup.py constraints.txt
	$(PIP) -e ".[cpu]"
	@touch $@

# audiocraft names versions of ten packages that install beside nothing current: it comes without them.
$(VENV)/.dev: $(VENV)/.installed
	$(PIP) -e ".[dev,panel,cpu,neural,export,hf,audiocraft-compat,stems]"
	$(PIP) --no-deps audiocraft==1.3.0
	@touch $@

.venv-blender/%/.installed:
	@$(PYTHON_$*) -c '' 2>/dev/null || { echo "Blender $* needs $(PYTHON_$*): install it, or name others, as in 'make test-blender BLENDER_SERIES=4.5'"; exit 1; }
	$(PYTHON_$*) -m venv .venv-blender/$*
	.venv-blender/$*/bin/python -m pip --disable-pip-version-check install --quiet "bpy==$(BPY_$*)"
	@touch $@

.pkg/hitpoint:
	@mkdir -p .pkg
	@ln -sfn .. .pkg/hitpoint
