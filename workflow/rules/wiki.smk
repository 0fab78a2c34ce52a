"""Get a wiki's dump, parse it, and build alignment pairs and a lexicon from it."""


rule build_sample_wiki:
    """Write a small wiki of this repository in the formats of the real dumps."""
    input:
        sources=lambda wildcards: sorted(
            str(path) for path in Path(wiki(wildcards).settings["sample"]).glob("*.yaml")
        ),
    output:
        dump="resources/wiki/{language}/pages-articles-multistream.xml.bz2",
        index="resources/wiki/{language}/pages-articles-multistream-index.txt.bz2",
        langlinks="resources/wiki/{language}/langlinks.sql.gz",
    log:
        "logs/build_sample_wiki/{language}.log",
    wildcard_constraints:
        language=any_of(
            code for code, wiki in configuration.wikis.items() if wiki.source == "sample"
        ),
    conda:
        "../../envs/base.yaml"
    resources:
        runtime=10,
        mem_mb=memory(500),
    params:
        code=code_of("build_sample_wiki.py"),
        language=lambda wildcards: wildcards.language,
    script:
        "../scripts/build_sample_wiki.py"


rule fetch_dump:
    """Fetch a wiki's dump of a pinned date and check it against the published sums."""
    output:
        dump="resources/wiki/{language}/pages-articles-multistream.xml.bz2",
        index="resources/wiki/{language}/pages-articles-multistream-index.txt.bz2",
        langlinks="resources/wiki/{language}/langlinks.sql.gz",
    log:
        "logs/fetch_dump/{language}.log",
    wildcard_constraints:
        language=any_of(code for code, wiki in configuration.wikis.items() if wiki.source == "date"),
    priority: 60
    conda:
        "../../envs/wiki.yaml"
    resources:
        runtime=720,
        mem_mb=memory(500),
    params:
        code=code_of("fetch_dump.py"),
        language=lambda wildcards: wildcards.language,
        facts=lambda wildcards: facts(wildcards.language, "fetch_dump.py"),
        date=lambda wildcards: wiki(wildcards).settings["date"],
        mirror=lambda wildcards: wiki(wildcards).settings["mirror"],
    script:
        "../scripts/fetch_dump.py"


rule parse_wiki:
    """Parse a dump into titles, leads, links and the English title of each page."""
    input:
        dump=lambda wildcards: wiki(wildcards).dump,
        index=lambda wildcards: wiki(wildcards).index or [],
        langlinks=lambda wildcards: wiki(wildcards).langlinks,
    output:
        titles="results/wiki/{language}/titles.tsv",
    log:
        "logs/parse_wiki/{language}.log",
    benchmark:
        "logs/parse_wiki/{language}.benchmark.tsv"
    priority: 30
    conda:
        "../../envs/wiki.yaml"
    threads: 4
    resources:
        runtime=240,
        mem_mb=memory(4000),
    params:
        code=code_of("parse_wiki.py"),
        language=lambda wildcards: wildcards.language,
        facts=lambda wildcards: facts(wildcards.language, "parse_wiki.py"),
        paragraphs=lambda wildcards: wiki(wildcards).settings["paragraphs"],
    script:
        "../scripts/parse_wiki.py"


rule build_pairs:
    """Build alignment pairs: an English entity, its surface, and a sentence that contains it."""
    input:
        titles="results/wiki/{language}/titles.tsv",
    output:
        pairs="results/wiki/{language}/pairs.tsv",
        rejects="results/wiki/{language}/pairs.rejects.tsv",
    log:
        "logs/build_pairs/{language}.log",
    benchmark:
        "logs/build_pairs/{language}.benchmark.tsv"
    priority: 30
    conda:
        "../../envs/wiki.yaml"
    resources:
        runtime=240,
        mem_mb=memory(8000),
    params:
        code=code_of("build_pairs.py"),
        language=lambda wildcards: wildcards.language,
        facts=lambda wildcards: facts(wildcards.language, "build_pairs.py"),
        settings=config["pairs"],
        seed=config["seed"],
    script:
        "../scripts/build_pairs.py"


rule build_lexicon:
    """Compile a wiki's titles and aliases into a lexicon that finds them in sentences."""
    input:
        titles="results/wiki/{language}/titles.tsv",
    output:
        lexicon="results/wiki/{language}/lexicon.marisa",
    log:
        "logs/build_lexicon/{language}.log",
    priority: 30
    conda:
        "../../envs/wiki.yaml"
    resources:
        runtime=60,
        mem_mb=memory(8000),
    params:
        code=code_of("build_lexicon.py"),
        language=lambda wildcards: wildcards.language,
        facts=lambda wildcards: facts(wildcards.language, "build_lexicon.py"),
    script:
        "../scripts/build_lexicon.py"
