"""Read a corpus: its sentences and, where it has them, its gold entities."""


rule read_corpus:
    """Read the sentences and the gold entities of a corpus, whatever its format."""
    input:
        corpus=lambda wildcards: corpus(wildcards).text,
    output:
        sentences="results/{corpus}/sentences.tsv",
        gold="results/{corpus}/gold.tsv",
    log:
        "logs/read_corpus/{corpus}.log",
    priority: 100
    conda:
        "../../envs/base.yaml"
    resources:
        runtime=30,
        mem_mb=2000,
    params:
        code=code_of("read_corpus.py"),
        facts=lambda wildcards: facts(corpus(wildcards).language),
        settings=lambda wildcards: corpus(wildcards).reading,
        seed=config["seed"],
    script:
        "../scripts/read_corpus.py"


rule check_gold:
    """Stop where a corpus has no gold entity to score against, before anything long is run."""
    input:
        gold="results/{corpus}/gold.tsv",
    output:
        checked="results/{corpus}/gold.checked",
    log:
        "logs/check_gold/{corpus}.log",
    priority: 100
    conda:
        "../../envs/base.yaml"
    resources:
        runtime=10,
        mem_mb=500,
    params:
        code=code_of("check_gold.py"),
        corpus_name=lambda wildcards: wildcards.corpus,
    script:
        "../scripts/check_gold.py"
