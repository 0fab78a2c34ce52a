"""Fine-tune LLMs, learn the weights of fused aligners, and train taggers."""

TRAINED_TAGGERS = [name for name, settings in config["taggers"].items() if "train" in settings]


rule finetune_model:
    """Fine-tune an LLM with LoRA on alignment pairs; measure it on held-out entities."""
    input:
        llm=lambda wildcards: adapter(wildcards).folder,
        pairs=lambda wildcards: expand(
            "results/wiki/{language}/pairs.tsv", language=adapter(wildcards).wikis
        ),
    output:
        adapter="results/models/{model}/adapter_model.safetensors",
        adapter_config="results/models/{model}/adapter_config.json",
        training="results/models/{model}/training.json",
    log:
        "logs/finetune_model/{model}.log",
    benchmark:
        "logs/finetune_model/{model}.benchmark.tsv"
    wildcard_constraints:
        # results/models/ also holds the trained taggers.
        model=f"(?!(?:{any_of(TRAINED_TAGGERS)})/)[^/]+",
    priority: 20
    conda:
        "../../envs/llm.yaml"
    threads: 8
    resources:
        gpu=lambda wildcards: adapter(wildcards).gpus,
        runtime=720,
        mem_mb=memory(8000),
    params:
        code=code_of("finetune_model.py"),
        wikis=lambda wildcards: adapter(wildcards).wikis,
        facts=lambda wildcards: [
            facts(wiki, "finetune_model.py") for wiki in adapter(wildcards).wikis
        ],
        settings=lambda wildcards: adapter(wildcards).training,
        prompt=lambda wildcards: adapter(wildcards).prompt,
        quantisation=lambda wildcards: adapter(wildcards).quantisation,
        # It takes `resources`, so that another number of GPUs, which changes no result, reruns nothing.
        gpus=lambda wildcards, resources: adapter(wildcards).gpus,
        seed=config["seed"],
    script:
        "../scripts/finetune_model.py"


rule weigh_signals:
    """Learn the weights of a fused aligner's signals on alignment pairs."""
    input:
        llm=lambda wildcards: aligner(wildcards).llm,
        adapter=lambda wildcards: aligner(wildcards).adapter or [],
        pairs=lambda wildcards: expand(
            "results/wiki/{language}/pairs.tsv", language=aligner(wildcards).wikis
        ),
        lexicons=lambda wildcards: expand(
            "results/wiki/{language}/lexicon.marisa", language=aligner(wildcards).wikis
        ),
    output:
        weights="results/models/{aligner}/weights.json",
    log:
        "logs/weigh_signals/{aligner}.log",
    benchmark:
        "logs/weigh_signals/{aligner}.benchmark.tsv"
    wildcard_constraints:
        aligner=any_of(
            name for name, settings in config["aligners"].items() if settings["kind"] == "fused"
        ),
    priority: 20
    conda:
        "../../envs/llm.yaml"
    threads: 8
    resources:
        gpu=lambda wildcards: aligner(wildcards).gpus,
        runtime=240,
        mem_mb=memory(6000),
    params:
        code=lambda wildcards: code_of("weigh_signals.py", *engine_of(aligner(wildcards))),
        wikis=lambda wildcards: aligner(wildcards).wikis,
        facts=lambda wildcards: [
            facts(wiki, "weigh_signals.py", *engine_of(aligner(wildcards)))
            for wiki in aligner(wildcards).wikis
        ],
        most=lambda wildcards: aligner(wildcards).settings["pairs"],
        without=lambda wildcards: aligner(wildcards).settings["without"],
        prompt=lambda wildcards: aligner(wildcards).prompt,
        engine=lambda wildcards: aligner(wildcards).engine,
        pace=lambda wildcards, resources: aligner(wildcards).pace,
        seed=config["seed"],
    script:
        "../scripts/weigh_signals.py"


rule train_tagger:
    """Train a tagger on gold, or on what a system labelled; measure it on held-out sentences."""
    input:
        sentences=lambda wildcards: lessons(wildcards).sentences,
        labels=lambda wildcards: lessons(wildcards).labels,
        held_out_sentences=lambda wildcards: lessons(wildcards).held_out_sentences or [],
        held_out_gold=lambda wildcards: lessons(wildcards).held_out_gold or [],
        base=lambda wildcards: tagger(wildcards).start or [],
    output:
        model="results/models/{tagger}/model.safetensors",
        config="results/models/{tagger}/config.json",
        tokenizer="results/models/{tagger}/tokenizer.json",
        tokenizer_config="results/models/{tagger}/tokenizer_config.json",
        training="results/models/{tagger}/training.json",
    log:
        "logs/train_tagger/{tagger}.log",
    benchmark:
        "logs/train_tagger/{tagger}.benchmark.tsv"
    wildcard_constraints:
        tagger=any_of(TRAINED_TAGGERS),
    priority: 20
    conda:
        "../../envs/tag.yaml"
    threads: 8
    resources:
        gpu=1,
        runtime=1440,
        mem_mb=memory(8000),
    params:
        code=code_of("train_tagger.py"),
        tagger=lambda wildcards: tagger(wildcards).settings,
        seed=config["seed"],
    script:
        "../scripts/train_tagger.py"
