"""Label the sentences: translate them, tag the English, take its entities back."""


rule translate_sentences:
    """Translate the sentences into English with their entities in mind."""
    input:
        unpack(translator_files),
        sentences="results/{corpus}/sentences.tsv",
        lexicon=hints,
        code=kind_code("translator"),
    output:
        english="results/{corpus}/translate/{translator}.tsv",
    log:
        "logs/translate_sentences/{corpus}.{translator}.log",
    benchmark:
        "logs/translate_sentences/{corpus}.{translator}.benchmark.tsv"
    conda:
        "../../envs/llm.yaml"
    threads: 8
    resources:
        gpu=gpus("translator"),
        runtime=720,
        mem_mb=6000,
    params:
        translator=component("translator"),
        prompt=prompt("translator"),
        engine=engine("translator"),
        pace=pace("translator"),
        pairing=pairing,
        language=lambda wildcards: corpus(wildcards)["language"],
        facts=lambda wildcards: facts(corpus(wildcards)["language"]),
    script:
        "../scripts/translate_sentences.py"


rule tag_english:
    """Tag persons, places and organisations in the English."""
    input:
        unpack(tagger_files),
        english="results/{corpus}/translate/{translator}.tsv",
        code=kind_code("tagger"),
    output:
        entities="results/{corpus}/tag/{translator}/{tagger}.tsv",
    log:
        "logs/tag_english/{corpus}.{translator}.{tagger}.log",
    benchmark:
        "logs/tag_english/{corpus}.{translator}.{tagger}.benchmark.tsv"
    conda:
        "../../envs/tag.yaml"
    threads: for_tagger(8, 1)
    resources:
        gpu=for_tagger(1, 0),
        runtime=240,
        mem_mb=for_tagger(6000, 2000),
    params:
        tagger=tagger_settings,
    script:
        "../scripts/tag_english.py"


rule tag_with_llm:
    """Ask an LLM for the persons, places and organisations of each text."""
    input:
        unpack(llm("tagger")),
        english="results/{corpus}/translate/{translator}.tsv",
        code=kind_code("tagger"),
    output:
        entities="results/{corpus}/tag/{translator}/{tagger}.tsv",
    log:
        "logs/tag_with_llm/{corpus}.{translator}.{tagger}.log",
    benchmark:
        "logs/tag_with_llm/{corpus}.{translator}.{tagger}.benchmark.tsv"
    wildcard_constraints:
        tagger=of_kind("tagger", "llm"),
    conda:
        "../../envs/llm.yaml"
    threads: 8
    resources:
        gpu=gpus("tagger"),
        runtime=720,
        mem_mb=6000,
    params:
        tagger=component("tagger"),
        prompt=prompt("tagger"),
        engine=engine("tagger"),
        pace=pace("tagger"),
        language=text_language,
        facts=lambda wildcards: facts(text_language(wildcards)),
    script:
        "../scripts/tag_with_llm.py"


ruleorder: tag_with_llm > tag_english


rule align_entities:
    """Take each English entity back to its phrase in the original sentence."""
    input:
        unpack(aligner_files),
        sentences="results/{corpus}/sentences.tsv",
        english="results/{corpus}/tag/{translator}/{tagger}.tsv",
        code=kind_code("aligner"),
    output:
        entities="results/{corpus}/align/{translator}/{tagger}/{aligner}.tsv",
    log:
        "logs/align_entities/{corpus}.{translator}.{tagger}.{aligner}.log",
    benchmark:
        "logs/align_entities/{corpus}.{translator}.{tagger}.{aligner}.benchmark.tsv"
    conda:
        "../../envs/llm.yaml"
    threads: 8
    resources:
        gpu=gpus("aligner"),
        runtime=720,
        mem_mb=6000,
    params:
        aligner=component("aligner"),
        prompt=prompt("aligner"),
        engine=engine("aligner"),
        pace=pace("aligner"),
        language=lambda wildcards: corpus(wildcards)["language"],
        facts=lambda wildcards: facts(corpus(wildcards)["language"]),
    script:
        "../scripts/align_entities.py"
