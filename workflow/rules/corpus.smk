"""Read a corpus: its sentences and, if it has any, its gold entities."""


rule read_corpus:
    """Read the sentences and the gold entities of a corpus in any known format."""
    input:
        corpus=lambda wildcards: corpus(wildcards).text,
        partner=lambda wildcards: corpus(wildcards).partner or [],
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
        mem_mb=memory(2000),
    params:
        code=code_of("read_corpus.py"),
        facts=lambda wildcards: facts(corpus(wildcards).language, "read_corpus.py"),
        settings=lambda wildcards: corpus(wildcards).reading,
        sum=corpus_sum,
        seed=config["seed"],
    script:
        "../scripts/read_corpus.py"


rule check_gold:
    """Stop before any slow step if the corpus has no gold entity to score against."""
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
        mem_mb=memory(500),
    params:
        code=code_of("check_gold.py"),
        corpus_name=lambda wildcards: wildcards.corpus,
    script:
        "../scripts/check_gold.py"
