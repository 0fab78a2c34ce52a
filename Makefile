# Everything runs in .venv, which is set up on first use. It needs python3 and a package index.
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Where this is set (in many containers), every job compiles its libraries anew: 8 s more of imports.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help run test test-tutorial docs readme bench bench-wiki bench-align bench-api bench-gpu bench-paper lint clean
.PHONY: fuzz audit test-environments test-faults test-offline test-scale test-slurm test-tools
.PHONY: bench-scale bench-student

help:
	@echo "make run    fetch, train, translate, tag, align and score: results/ja/f1.json"
	@echo "make test   the tests"
	@echo "make test-faults"
	@echo "            breaks runs on purpose: kills, full disks, clocks, networks (minutes; root mounts disks)"
	@echo "make test-slurm"
	@echo "            runs through a real Slurm of two nodes, which it sets up; half an hour, as root"
	@echo "make test-environments"
	@echo "            build envs/*.yaml and what the container installs; they need a package index"
	@echo "make docs   the documentation, in site/index.html"
	@echo "make lint   ruff with a limit on complexity, mypy, snakefmt, snakemake --lint"
	@echo "make bench  the benchmarks, which write docs/benchmarks/ (on a GPU: make bench-gpu);"
	@echo "            docs/benchmarks/data.md lists the data that they need"
	@echo "make bench-paper"
	@echo "            the paper's experiment in small, for hours, which writes docs/results.md;"
	@echo "            LANGUAGES=\"ko hi\" runs some of its languages alone"
	@echo "make bench-api"
	@echo "            checks that the workflow and the Python API find the same entities"
	@echo "make fuzz   hostile inputs for every reader; SECONDS=3600 sets the CPU time"
	@echo "make audit  known faults of the installed packages; make test-offline: no network is asked"
	@echo "make bench-scale"
	@echo "            time and memory of every step for 20,000 and 200,000 sentences"
	@echo "make bench-student"
	@echo "            a student beside its teacher, which writes docs/benchmarks/student.md"
	@echo "make test-tools"
	@echo "            the tests that Label Studio's library takes part in (500 MB of packages)"
	@echo "make test-tutorial"
	@echo "            the tutorial word by word on the real models, in a clone: about 20 minutes"
	@echo "make clean  delete results and logs, but not resources and .venv"
	@echo
	@echo "By hand: . .venv/bin/activate; snakemake --help"

# torch first and alone: otherwise another package asks for a build with gigabytes of CUDA.
.venv/ready: pyproject.toml envs/install.py
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 run")'
	$(PYTHON) -m venv .venv
	$(BIN)/python envs/install.py torch==2.13.0
	$(BIN)/python envs/install.py --editable '.[test]'
	touch $@

run: .venv/ready
	snakemake --cores 8 results/ja/f1.json

# Two workers for two cores: a third one costs more imports than it saves.
test: .venv/ready
	pytest -n 2 --dist loadfile --no-loadscope-reorder

# A report of what was survived is at the end.
test-faults: .venv/ready
	pytest -m faults tests/faults

# slurmd must be started by root, who can also install what is missing on Debian and Ubuntu.
test-slurm: .venv/ready
	python tests/slurm/cluster.py install
	pytest -m slurm tests/slurm

test-environments: .venv/ready
	pytest -m environments tests/test_environments.py

# Every command of the tutorial as it stands, in a fresh clone; ordinary tests run it on tiny models.
test-tutorial: .venv/ready
	pytest -m tutorial tests/docs

.venv/docs-ready: .venv/ready
	$(BIN)/python envs/install.py --editable '.[docs]'
	touch $@

# The theme's makers announce its successor on each build; the versions here are pinned.
docs: .venv/docs-ready
	NO_MKDOCS_2_WARNING=1 mkdocs build --strict
	pytest -m site tests/docs

# The table of results in README.md, from docs/results.md.
readme: .venv/ready
	PYTHONPATH=docs python -m generate.readme

lint: .venv/ready
	ruff check
	ruff format --check
	mypy
	snakefmt --check Snakefile workflow
	snakemake --lint
	hadolint envs/Dockerfile

bench: bench-wiki bench-align

# The rivals get an environment of their own, because their pins differ from ours.
.venv-bench/ready: bench/requirements.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

bench-wiki: .venv/ready .venv-bench/ready
	python bench/bench_wiki.py --threads 2 --rivals .venv-bench/bin/python --out docs/benchmarks/wiki.md

# About an hour and a half on two cores, most of it for the paper's procedure. A stopped run can be continued.
bench-align: .venv/ready
	python bench/bench_align.py --out docs/benchmarks/align.md

# The workflow and the Python API on the same 200 sentences in four languages: about two hours on two cores.
bench-api: .venv/ready
	python bench/bench_api.py --out docs/benchmarks/api.md

# About ten minutes on a machine with a GPU. Without vLLM, name the other parts with --only.
bench-gpu: .venv/ready
	snakemake --cores 8 --configfile bench/align.yaml -- resources/models/qwen2.5-coder-0.5b-instruct results/wiki/ru/pairs.tsv
	python bench/bench_gpu.py --out docs/benchmarks/gpu.md

# Hours on two cores. A stopped run can be continued; after kill -9, run `snakemake --unlock` first.
bench-paper: .venv/ready
	python bench/bench_paper.py --out docs/results.md $(if $(LANGUAGES),--languages $(LANGUAGES))
	$(MAKE) readme

# The small project without a network, in a namespace of its own (Linux).
test-offline: .venv/ready
	pytest -m offline tests/test_safety.py

test-scale: .venv/ready
	pytest -m scale tests/test_scale.py

# Inputs that reached new code stay in .fuzz, and the next run goes on from there. Where atheris has
# no package, hypothesis does all of it.
fuzz: .venv/ready
	-$(BIN)/python envs/install.py --editable '.[fuzz]'
	python tests/fuzzing/fuzz.py --seconds $(or $(SECONDS),600)

# Needs the package index's list of known faults; what it cannot look up fails the target.
audit: .venv/ready
	$(BIN)/python envs/install.py --editable '.[audit]'
	pip-audit --strict --skip-editable --progress-spinner off

# Up to an hour on one core.
bench-scale: .venv/ready
	python bench/bench_scale.py --out docs/benchmarks/scale.md $(if $(SIZES),--sizes $(SIZES))
# An hour or more on two cores. A stopped run can be continued.
bench-student: .venv/ready
	python bench/bench_student.py --out docs/benchmarks/student.md

# Label Studio's library gets an environment of its own, because it pins another numpy.
.venv-tools/ready: tests/tools-requirements.txt
	$(PYTHON) -m venv .venv-tools
	.venv-tools/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

test-tools: .venv-tools/ready
	.venv-tools/bin/python -m pytest -p no:cacheprovider --noconftest tests/export/test_label_studio.py

clean:
	rm -rf results logs .snakemake
