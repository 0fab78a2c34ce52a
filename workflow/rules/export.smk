"""Write the entities of the configured system in the formats of other tools, each on demand."""


rule write_spacy:
    """Write the entities as spaCy's DocBin."""
    input:
        sentences="results/{corpus}/sentences.tsv",
        entities=configured("results/{corpus}/align/{translator}/{tagger}/{aligner}.tsv"),
    output:
        docbin="results/{corpus}/entities.spacy",
    log:
        "logs/write_spacy/{corpus}.log",
    conda:
        "../../envs/base.yaml"
    resources:
        runtime=30,
        mem_mb=memory(4000),
    params:
        code=code_of("write_spacy.py"),
        language=lambda wildcards: corpus(wildcards).language,
    script:
        "../scripts/write_spacy.py"


rule write_label_studio:
    """Write the entities as tasks of Label Studio, with predictions to correct."""
    input:
        sentences="results/{corpus}/sentences.tsv",
        entities=configured("results/{corpus}/align/{translator}/{tagger}/{aligner}.tsv"),
    output:
        tasks="results/{corpus}/entities.label-studio.json",
        interface="results/{corpus}/entities.label-studio.xml",
    log:
        "logs/write_label_studio/{corpus}.log",
    conda:
        "../../envs/base.yaml"
    resources:
        runtime=30,
        mem_mb=memory(1000),
    params:
        code=code_of("write_label_studio.py"),
        system=system_name,
    script:
        "../scripts/write_label_studio.py"


rule write_brat:
    """Write the entities as a collection of brat: a text, its annotation and their types."""
    input:
        sentences="results/{corpus}/sentences.tsv",
        entities=configured("results/{corpus}/align/{translator}/{tagger}/{aligner}.tsv"),
    output:
        folder=directory("results/{corpus}/entities.brat"),
    log:
        "logs/write_brat/{corpus}.log",
    conda:
        "../../envs/base.yaml"
    resources:
        runtime=30,
        mem_mb=memory(1000),
    params:
        code=code_of("write_brat.py"),
        corpus_name=lambda wildcards: wildcards.corpus,
    script:
        "../scripts/write_brat.py"


rule write_dataset:
    """Write the entities as a dataset of the Hugging Face hub: Parquet and its card."""
    input:
        sentences="results/{corpus}/sentences.tsv",
        entities=configured("results/{corpus}/align/{translator}/{tagger}/{aligner}.tsv"),
    output:
        folder=directory("results/{corpus}/entities.dataset"),
    log:
        "logs/write_dataset/{corpus}.log",
    conda:
        "../../envs/hub.yaml"
    resources:
        runtime=30,
        mem_mb=memory(4000),
    params:
        code=code_of("write_dataset.py"),
        corpus_name=lambda wildcards: wildcards.corpus,
        language=lambda wildcards: corpus(wildcards).language,
        system=system_name,
    script:
        "../scripts/write_dataset.py"
