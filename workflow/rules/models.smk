"""Fine-tune an LLM on alignment pairs, weigh an aligner's signals on them; train a tagger."""


rule finetune_model:
    """Fine-tune an LLM on alignment pairs with LoRA, and measure it on held-out entities."""
    input:
        llm=lambda wildcards: base_folder(training(wildcards)["base"]),
        pairs=lambda wildcards: [
            f"results/wiki/{language}/pairs.tsv" for language in training(wildcards)["wikis"]
        ],
        code=library("train.lora"),
    output:
        adapter="results/models/{model}/adapter_model.safetensors",
        adapter_config="results/models/{model}/adapter_config.json",
        training="results/models/{model}/training.json",
    log:
        "logs/finetune_model/{model}.log",
    benchmark:
        "logs/finetune_model/{model}.benchmark.tsv"
    wildcard_constraints:
        model=f"(?!(?:{names_with('train', 'taggers')})/)[^/]+",
    priority: 20
    conda:
        "../../envs/llm.yaml"
    threads: 8
    resources:
        gpu=training_gpus,
        runtime=720,
        mem_mb=8000,
    params:
        wikis=lambda wildcards: training(wildcards)["wikis"],
        facts=lambda wildcards: [facts(wiki) for wiki in training(wildcards)["wikis"]],
        settings=lambda wildcards: {key: training(wildcards)[key] for key in TRAINING},
        prompt=lambda wildcards: config["models"][training(wildcards)["base"]]["prompt"],
        quantisation=lambda wildcards: base_model(wildcards.model)["quantisation"],
        # That it could be made from resources tells Snakemake to run no job again for it: see pace.
        gpus=lambda wildcards, resources: training_gpus(wildcards),
        seed=config["seed"],
    script:
        "../scripts/finetune_model.py"


rule weigh_signals:
    """Learn on alignment pairs what each signal of a fused aligner counts."""
    input:
        unpack(lambda wildcards: llm("aligner")(wildcards)),
        pairs=weighing_pairs,
        lexicons=weighing_lexicons,
        code=library("align.fused", "train.lora"),
    output:
        weights="results/models/{aligner}/weights.json",
    log:
        "logs/weigh_signals/{aligner}.log",
    benchmark:
        "logs/weigh_signals/{aligner}.benchmark.tsv"
    wildcard_constraints:
        aligner=of_kind("aligner", "fused"),
    priority: 20
    conda:
        "../../envs/llm.yaml"
    threads: 8
    resources:
        gpu=gpus("aligner"),
        runtime=240,
        mem_mb=6000,
    params:
        wikis=lambda wildcards: weighing(wildcards.aligner),
        facts=lambda wildcards: [facts(wiki) for wiki in weighing(wildcards.aligner)],
        most=lambda wildcards: config["aligners"][wildcards.aligner]["pairs"],
        without=lambda wildcards: config["aligners"][wildcards.aligner]["without"],
        prompt=prompt("aligner"),
        engine=engine("aligner"),
        pace=pace("aligner"),
        seed=config["seed"],
    script:
        "../scripts/weigh_signals.py"


rule train_tagger:
    """Train a tagger on corpora with gold, and measure it on held-out sentences."""
    input:
        sentences=taught("sentences"),
        gold=taught("gold"),
        held_out_sentences=held_out("sentences"),
        held_out_gold=held_out("gold"),
        base=tagger_base,
        code=library("train.tagger"),
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
        tagger=names_with("train", "taggers"),
    priority: 20
    conda:
        "../../envs/tag.yaml"
    threads: 8
    resources:
        gpu=1,
        runtime=1440,
        mem_mb=8000,
    params:
        tagger=trained_tagger,
        seed=config["seed"],
    script:
        "../scripts/train_tagger.py"
