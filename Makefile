# Everything runs in .venv, which sets itself up; python3 and network to a package index are all it needs.
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: help run test bench bench-wiki bench-align bench-gpu lint clean

help:
	@echo "make run    fetch, train, translate, tag, align and score: results/ja/f1.json"
	@echo "make test   the tests"
	@echo "make lint   ruff (complexity too), mypy, snakefmt and snakemake --lint"
	@echo "make bench  the benchmarks; they write docs/benchmarks/ (on a GPU: make bench-gpu)"
	@echo "make clean  delete results and logs (not resources, not .venv)"
	@echo
	@echo "By hand: . .venv/bin/activate; snakemake --help"

# torch first and alone: with torch installed, nothing asks for a build with gigabytes of CUDA.
.venv/ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 run")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@

run: .venv/ready
	snakemake --cores 8 results/ja/f1.json

# Three at a time on two cores: much of their time is waiting for processes to start.
test: .venv/ready
	pytest -n 3 --dist loadfile --no-loadscope-reorder

lint: .venv/ready
	ruff check
	ruff format --check
	mypy
	snakefmt --check Snakefile workflow
	snakemake --lint

bench: bench-wiki bench-align

# The rivals have an environment of their own: their pins are not ours.
.venv-bench/ready: bench/requirements.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

bench-wiki: .venv/ready .venv-bench/ready
	python bench/bench_wiki.py --threads 2 --rivals .venv-bench/bin/python --out docs/benchmarks/wiki.md

# About an hour and a half on two cores, most of it the paper's procedure; a stopped run goes on.
bench-align: .venv/ready
	python bench/bench_align.py --out docs/benchmarks/align.md

# On a machine with a GPU, about ten minutes. Without vLLM, give --only the other parts.
bench-gpu: .venv/ready
	snakemake --cores 8 --configfile bench/align.yaml -- resources/models/smollm2-135m-instruct results/wiki/ru/pairs.tsv
	python bench/bench_gpu.py --out docs/benchmarks/gpu.md

clean:
	rm -rf results logs .snakemake
