"""Label the sentences: translate them, tag the English, align its entities with the sentences.

The path of a result names its corpus, translator, tagger and aligner. The functions of these names
return their configuration. The `engine` of an LLM is what its answers depend on besides its files;
its `pace` affects only the speed. A param that takes `resources` never makes Snakemake rerun a job,
so `pace` takes it and a new pace reruns nothing.

The wildcard `shard` is empty, or `/2-of-4` for one of the shards of a large corpus.
"""


rule translate_sentences:
    """Translate the sentences into English, with their entities in mind."""
    input:
        sentences="results/{corpus}/sentences.tsv",
        llm=lambda wildcards: translator(wildcards).llm or [],
        adapter=lambda wildcards: translator(wildcards).adapter or [],
        lexicon=hints,
        parallel_text=lambda wildcards: translator(wildcards).english or [],
        original=whole_text,
    output:
        english="results/{corpus}/translate/{translator}{shard}.tsv",
    log:
        "logs/translate_sentences/{corpus}.{translator}{shard}.log",
    benchmark:
        "logs/translate_sentences/{corpus}.{translator}{shard}.benchmark.tsv"
    conda:
        "../../envs/llm.yaml"
    threads: 8
    resources:
        gpu=lambda wildcards: translator(wildcards).gpus,
        runtime=720,
        mem_mb=memory(10000),
    params:
        code=lambda wildcards: code_of(*kind_roots("translate_sentences.py", translator(wildcards))),
        translator=lambda wildcards: translator(wildcards).settings,
        prompt=lambda wildcards: translator(wildcards).prompt,
        engine=lambda wildcards: translator(wildcards).engine,
        pace=lambda wildcards, resources: translator(wildcards).pace,
        pairing=pairing,
        shard=shard,
        language=lambda wildcards: corpus(wildcards).language,
        facts=lambda wildcards: facts(
            corpus(wildcards).language,
            *kind_roots("translate_sentences.py", translator(wildcards)),
        ),
    script:
        "../scripts/translate_sentences.py"


rule tag_english:
    """Tag persons, places and organisations in the English."""
    input:
        english="results/{corpus}/translate/{translator}.tsv",
        model=tagger_model,
        sentences=lambda wildcards: tagger(wildcards).sentences or [],
        gold=lambda wildcards: tagger(wildcards).gold or [],
        lexicon=titles,
    output:
        entities="results/{corpus}/tag/{translator}/{tagger}.tsv",
    log:
        "logs/tag_english/{corpus}.{translator}.{tagger}.log",
    benchmark:
        "logs/tag_english/{corpus}.{translator}.{tagger}.benchmark.tsv"
    conda:
        "../../envs/tag.yaml"
    threads: lambda wildcards: 8 if tagger(wildcards).is_neural else 1
    resources:
        gpu=lambda wildcards: 1 if tagger(wildcards).is_neural else 0,
        runtime=240,
        mem_mb=lambda wildcards, attempt: attempt * (6000 if tagger(wildcards).is_neural else 2000),
    params:
        code=lambda wildcards: code_of(*kind_roots("tag_english.py", tagger(wildcards))),
        tagger=lambda wildcards: tagger(wildcards).settings,
    script:
        "../scripts/tag_english.py"


rule tag_with_llm:
    """Ask an LLM for the persons, places and organisations of each text, or to review a tagger's."""
    input:
        english="results/{corpus}/translate/{translator}.tsv",
        tagged=reviewed_entities,
        llm=lambda wildcards: tagger(wildcards).llm or [],
        adapter=lambda wildcards: tagger(wildcards).adapter or [],
    output:
        entities="results/{corpus}/tag/{translator}/{tagger}{shard}.tsv",
    log:
        "logs/tag_with_llm/{corpus}.{translator}.{tagger}{shard}.log",
    benchmark:
        "logs/tag_with_llm/{corpus}.{translator}.{tagger}{shard}.benchmark.tsv"
    wildcard_constraints:
        tagger=any_of(
            name for name, tagger in configuration.taggers.items() if tagger.model is not None
        ),
    conda:
        "../../envs/llm.yaml"
    threads: 8
    resources:
        gpu=lambda wildcards: tagger(wildcards).gpus,
        runtime=720,
        mem_mb=memory(10000),
    params:
        code=lambda wildcards: code_of(*kind_roots("tag_with_llm.py", tagger(wildcards))),
        tagger=lambda wildcards: tagger(wildcards).settings,
        prompt=lambda wildcards: tagger(wildcards).prompt,
        engine=lambda wildcards: tagger(wildcards).engine,
        pace=lambda wildcards, resources: tagger(wildcards).pace,
        shard=shard,
        language=text_language,
        facts=lambda wildcards: facts(
            text_language(wildcards), *kind_roots("tag_with_llm.py", tagger(wildcards))
        ),
    script:
        "../scripts/tag_with_llm.py"


rule align_entities:
    """Find the phrase of each English entity in the original sentence."""
    input:
        sentences="results/{corpus}/sentences.tsv",
        english="results/{corpus}/tag/{translator}/{tagger}.tsv",
        llm=lambda wildcards: aligner(wildcards).llm or [],
        adapter=lambda wildcards: aligner(wildcards).adapter or [],
        weights=lambda wildcards: aligner(wildcards).weights or [],
        lexicon=fused_names,
        translation=aligned_english,
        encoder=lambda wildcards: aligner(wildcards).encoder or [],
    output:
        entities="results/{corpus}/align/{translator}/{tagger}/{aligner}{shard}.tsv",
    log:
        "logs/align_entities/{corpus}.{translator}.{tagger}.{aligner}{shard}.log",
    benchmark:
        "logs/align_entities/{corpus}.{translator}.{tagger}.{aligner}{shard}.benchmark.tsv"
    conda:
        "../../envs/llm.yaml"
    threads: 8
    resources:
        gpu=lambda wildcards: aligner(wildcards).gpus,
        runtime=720,
        mem_mb=memory(10000),
    params:
        code=lambda wildcards: code_of(*kind_roots("align_entities.py", aligner(wildcards))),
        aligner=lambda wildcards: aligner(wildcards).settings,
        prompt=lambda wildcards: aligner(wildcards).prompt,
        engine=lambda wildcards: aligner(wildcards).engine,
        pace=lambda wildcards, resources: aligner(wildcards).pace,
        shard=shard,
        language=lambda wildcards: corpus(wildcards).language,
        facts=lambda wildcards: facts(
            corpus(wildcards).language, *kind_roots("align_entities.py", aligner(wildcards))
        ),
    script:
        "../scripts/align_entities.py"


rule gather_shards:
    """Join the shards of a table in their order."""
    input:
        sentences="results/{corpus}/sentences.tsv",
        shards=shard_tables,
    output:
        table="results/{corpus}/{table}.tsv",
    log:
        "logs/gather_shards/{corpus}/{table}.log",
    wildcard_constraints:
        corpus=any_of(name for name, text in configuration.corpora.items() if text.shards > 1),
        table=tables_in_shards(),
    conda:
        "../../envs/base.yaml"
    resources:
        runtime=10,
        mem_mb=memory(500),
    params:
        code=code_of("gather_shards.py"),
    script:
        "../scripts/gather_shards.py"


ruleorder: gather_shards > translate_sentences
ruleorder: gather_shards > tag_with_llm > tag_english
ruleorder: gather_shards > align_entities
