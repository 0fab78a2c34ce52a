"""Score systems, and write the entities of the configured system for people."""


rule score_system:
    """Score the entities of a system against gold: strict F1 with its interval, errors by stage."""
    input:
        sentences="results/{corpus}/sentences.tsv",
        gold="results/{corpus}/gold.tsv",
        checked="results/{corpus}/gold.checked",
        english="results/{corpus}/translate/{translator}.tsv",
        tagged="results/{corpus}/tag/{translator}/{tagger}.tsv",
        entities="results/{corpus}/align/{translator}/{tagger}/{aligner}.tsv",
        lexicon=lambda wildcards: corpus(wildcards).lexicon or [],
    output:
        score="results/{corpus}/score/{translator}/{tagger}/{aligner}.json",
        errors="results/{corpus}/score/{translator}/{tagger}/{aligner}.errors.tsv",
    log:
        "logs/score_system/{corpus}.{translator}.{tagger}.{aligner}.log",
    # Before the next LLM: a comparison that takes hours shows early what it has.
    priority: 10
    conda:
        "../../envs/base.yaml"
    resources:
        runtime=60,
        mem_mb=memory(2000),
    params:
        code=code_of("score_system.py"),
        corpus_name=lambda wildcards: wildcards.corpus,
        language=lambda wildcards: corpus(wildcards).language,
        facts=lambda wildcards: facts(corpus(wildcards).language, "score_system.py"),
        system=lambda wildcards: {
            part: wildcards[part] for part in ("translator", "tagger", "aligner")
        },
        components=lambda wildcards: configuration.record(wildcards),
        seed=config["seed"],
    script:
        "../scripts/score_system.py"


rule write_provenance:
    """Trace the configured system's result: jobs, commits, versions, hardware, sums and time."""
    input:
        result=traced_result,
    output:
        record="results/{corpus}/provenance.json",
        page=report(
            "results/{corpus}/provenance.html",
            category="Provenance",
            labels={"corpus": "{corpus}"},
            caption="../report/provenance.rst",
        ),
    log:
        "logs/write_provenance/{corpus}.log",
    conda:
        "../../envs/base.yaml"
    resources:
        runtime=30,
        mem_mb=memory(1000),
    params:
        code=code_of("write_provenance.py"),
        # It takes `resources`, so that a component that is added to the configuration reruns nothing.
        config=lambda wildcards, resources: configuration.values,
    script:
        "../scripts/write_provenance.py"


rule publish_score:
    """Publish the score of a corpus's configured system as JSON and as a picture."""
    input:
        score=score_file,
        # Not read here: whoever asks for a score gets its provenance, and the report shows it.
        provenance="results/{corpus}/provenance.json",
    output:
        f1=report(
            "results/{corpus}/f1.json",
            category="Scores",
            labels={"corpus": "{corpus}", "as": "JSON"},
            caption="../report/score.rst",
        ),
        plot=report(
            "results/{corpus}/f1.svg",
            category="Scores",
            labels={"corpus": "{corpus}", "as": "plot"},
            caption="../report/f1.rst",
        ),
    log:
        "logs/publish_score/{corpus}.log",
    conda:
        "../../envs/base.yaml"
    resources:
        runtime=10,
        mem_mb=memory(1000),
    params:
        code=code_of("publish_score.py"),
    script:
        "../scripts/publish_score.py"


rule write_entities:
    """Write the entities of the configured system as TSV, CoNLL, JSONL and a page."""
    input:
        sentences="results/{corpus}/sentences.tsv",
        english=configured("results/{corpus}/translate/{translator}.tsv"),
        tagged=configured("results/{corpus}/tag/{translator}/{tagger}.tsv"),
        entities=configured("results/{corpus}/align/{translator}/{tagger}/{aligner}.tsv"),
    output:
        tsv="results/{corpus}/entities.tsv",
        conll="results/{corpus}/entities.conll",
        jsonl="results/{corpus}/entities.jsonl",
        page=report(
            "results/{corpus}/entities.html",
            category="Entities",
            labels={"corpus": "{corpus}", "as": "page"},
            caption="../report/entities.rst",
        ),
    log:
        "logs/write_entities/{corpus}.log",
    conda:
        "../../envs/base.yaml"
    resources:
        runtime=10,
        mem_mb=memory(1000),
    params:
        code=code_of("write_entities.py"),
        corpus_name=lambda wildcards: wildcards.corpus,
        language=lambda wildcards: corpus(wildcards).language,
        system=lambda wildcards: corpus(wildcards).system,
    script:
        "../scripts/write_entities.py"
