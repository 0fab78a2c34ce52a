"""Compare systems on corpora: tables, pictures, and a page with a reader of sentences."""


rule compare_systems:
    """Tabulate the scores of all systems on all corpora, tested against the baseline."""
    input:
        sentences=compared("results/{corpus}/sentences.tsv"),
        gold=compared("results/{corpus}/gold.tsv"),
        scores=compared("results/{corpus}/score/{translator}/{tagger}/{aligner}.json"),
        entities=compared("results/{corpus}/align/{translator}/{tagger}/{aligner}.tsv"),
    output:
        tsv=report(
            "results/compare/table.tsv",
            category="Comparison",
            labels={"shows": "every figure", "as": "table"},
            caption="../report/table.rst",
        ),
        md="results/compare/table.md",
        tex="results/compare/table.tex",
    log:
        "logs/compare_systems/compare.log",
    conda:
        "../../envs/base.yaml"
    resources:
        runtime=60,
        mem_mb=memory(4000),
    params:
        code=code_of("compare_systems.py"),
        corpora=config["compare"]["corpora"],
        systems=list(configuration.systems),
        baseline=lambda wildcards: configuration.baseline,
        seed=config["seed"],
    script:
        "../scripts/compare_systems.py"


rule draw_comparison:
    """Draw the F1, errors by stage, calibration, training curves and time of the systems."""
    input:
        scores=compared("results/{corpus}/score/{translator}/{tagger}/{aligner}.json"),
        trainings=expand("results/models/{name}/training.json", name=configuration.trained),
    output:
        f1=report(
            "results/compare/f1.svg",
            category="Comparison",
            labels={"shows": "F1", "as": "plot"},
            caption="../report/compare_f1.rst",
        ),
        stages=report(
            "results/compare/stages.svg",
            category="Comparison",
            labels={"shows": "errors by stage", "as": "plot"},
            caption="../report/stages.rst",
        ),
        calibration=report(
            "results/compare/calibration.svg",
            category="Comparison",
            labels={"shows": "calibration", "as": "plot"},
            caption="../report/calibration.rst",
        ),
        training=report(
            "results/compare/training.svg",
            category="Comparison",
            labels={"shows": "training", "as": "plot"},
            caption="../report/training.rst",
        ),
        time=report(
            "results/compare/time.svg",
            category="Comparison",
            labels={"shows": "time", "as": "plot"},
            caption="../report/time.rst",
        ),
        pdf=expand(
            "results/compare/{picture}.pdf",
            picture=["f1", "stages", "calibration", "training", "time"],
        ),
    log:
        "logs/draw_comparison/compare.log",
    conda:
        "../../envs/base.yaml"
    resources:
        runtime=10,
        mem_mb=memory(1000),
    params:
        code=code_of("draw_comparison.py"),
        corpora=config["compare"]["corpora"],
        systems=list(configuration.systems),
        benchmarks=benchmarks,
    script:
        "../scripts/draw_comparison.py"


rule write_comparison:
    """Write the comparison as a page with tables, pictures and a reader of sentences."""
    input:
        table="results/compare/table.tsv",
        scores=compared("results/{corpus}/score/{translator}/{tagger}/{aligner}.json"),
        sentences=compared("results/{corpus}/sentences.tsv"),
        gold=compared("results/{corpus}/gold.tsv"),
        english=compared("results/{corpus}/translate/{translator}.tsv"),
        tagged=compared("results/{corpus}/tag/{translator}/{tagger}.tsv"),
        entities=compared("results/{corpus}/align/{translator}/{tagger}/{aligner}.tsv"),
        errors=compared("results/{corpus}/score/{translator}/{tagger}/{aligner}.errors.tsv"),
        f1="results/compare/f1.svg",
        stages="results/compare/stages.svg",
        calibration="results/compare/calibration.svg",
        training="results/compare/training.svg",
        time="results/compare/time.svg",
    output:
        page=report(
            "results/compare/index.html",
            category="Comparison",
            labels={"shows": "everything", "as": "page"},
            caption="../report/compare.rst",
        ),
    log:
        "logs/write_comparison/compare.log",
    conda:
        "../../envs/base.yaml"
    resources:
        runtime=30,
        mem_mb=memory(4000),
    params:
        code=code_of("write_comparison.py"),
        corpora=config["compare"]["corpora"],
        systems=list(configuration.systems),
    script:
        "../scripts/write_comparison.py"
