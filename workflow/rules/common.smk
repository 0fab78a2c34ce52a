"""The functions that the rules' inputs and params call, on the configuration of config.smk."""

import importlib.util
import os
import re
from functools import cache

# By its text: every plan and every job reads all modules, and to parse them takes half a second.
IMPORT = re.compile(
    r"^ *from eatner(?:\.([\w.]+))? import (\([^)]*\)|.*)",
    re.MULTILINE,
)


@cache
def imported_by(name):
    """List the library modules that one library module imports, anywhere in it."""
    text = module_file(name).read_text(encoding="utf-8")
    found = []
    for package, names in IMPORT.findall(text):
        found.append(package)
        found += [f"{package}.{other}".lstrip(".") for other in re.findall(r"\w+", names)]
    return [other for other in found if module_file(other).is_file()]


def module_file(name):
    """Name the file of a library module."""
    return SCRIPTS / "eatner" / f"{name.replace('.', '/')}.py"


@cache
def library(*modules):
    """List the files of library modules, of what they import from the library, and their data.

    As inputs of a rule they make an edited module rerun exactly the steps that use it. The table
    of languages is left out: a rule has its language's row as a param, see `facts`.
    """
    found, todo = set(), ["__init__", *modules]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += imported_by(name)
    return sorted(
        os.path.relpath(path)
        for name in found
        for path in module_file(name).parent.glob(f"{name.rpartition('.')[2]}.*")
        if path.suffix in {".py", ".tsv", ".yaml", ".html", ".css", ".js"}
        and path.name != "languages.tsv"
    )


def wikis_from(source):
    """Write a wildcard constraint: the languages whose wiki comes from a source, or none."""
    names = [re.escape(name) for name in config["wikis"] if wiki_source(name) == source]
    return "|".join(names) or "(?!)"


def facts(language):
    """Write a language's row, for params: an edited row reruns its language, a new one nothing."""
    return repr(languages.get(language))


def names_with(key, *sections):
    """Write a wildcard constraint: the components whose configuration has a key, or none."""
    found = [name for section in sections for name, part in config[section].items() if key in part]
    return "|".join(map(re.escape, found)) or "(?!)"


def on_hub(wildcards):
    """Return the configuration of a model on the hub: an LLM's or a tagger's."""
    return config["models"].get(wildcards.model) or config["taggers"][wildcards.model]


def component(part):
    """Make a params function: the configuration of the component that a path names."""

    def settings(wildcards):
        name = wildcards[part]
        return pick(config[SECTIONS[part]], name, part, "target")

    return settings


def corpus(wildcards):
    """Return the configuration of the corpus that a path names."""
    return pick(config["corpora"], wildcards.corpus, "corpus", "target")


def is_dataset(settings):
    """Say whether a corpus is a dataset, on the hub or in a folder of its layout."""
    return "hub" in settings or "folder" in settings


def datasets():
    """Write a wildcard constraint: the corpora that are datasets, or none."""
    names = [re.escape(name) for name, given in config["corpora"].items() if is_dataset(given)]
    return "|".join(names) or "(?!)"


def corpus_file(wildcards):
    """Name the text of a corpus: a local file, a fetched dataset, or the folder of its artifact."""
    settings = corpus(wildcards)
    if "file" in settings:
        return settings["file"]
    if is_dataset(settings):
        return f"resources/corpora/{wildcards.corpus}.jsonl"
    return f"resources/artifacts/{settings['artifact']}"


def system(name):
    """Return the configured system of a corpus: its translator, tagger and aligner."""
    return config["corpora"][name].get("system", config["default"])


def configured(pattern):
    """Make an input function: a path of the configured system of a corpus."""

    def path(wildcards):
        corpus(wildcards)
        return pattern.format(corpus=wildcards.corpus, **system(wildcards.corpus))

    return path


def tagger_files(wildcards):
    """Return what a tagger reads beside the text: its model, the gold of a corpus, a lexicon."""
    tagger = tagger_settings(wildcards)
    check_offsets(dict(translator=wildcards.translator, tagger=wildcards.tagger), "target")
    files = {}
    if tagger["kind"] == "gold":
        files["sentences"] = f"results/{tagger['corpus']}/sentences.tsv"
        files["gold"] = f"results/{tagger['corpus']}/gold.tsv"
        return files
    name = wildcards.tagger
    if tagger["kind"] == "lookup":
        files["lexicon"] = lexicon(wildcards)
        if not files["lexicon"]:
            raise WorkflowError(
                f"target: the tagger {wildcards.tagger!r} looks titles up, and there is no wiki of "
                f"the language {corpus(wildcards)['language']!r}. Add one under `wikis`."
            )
        name = config["taggers"][name]["tagger"]
    return files | {"model": tagger_model(name)}


def tagger_model(name):
    """Name the model of a tagger: trained here, the user's own, on the hub, or an artifact."""
    tagger = config["taggers"][name]
    if tagger["kind"] == "gliner":
        check_gliner(name)
    if "train" in tagger:
        return f"results/models/{name}/model.safetensors"
    if "artifact" in tagger:
        return f"resources/artifacts/{tagger['artifact']}"
    return tagger.get("folder") or f"resources/models/{name}"


def check_gliner(name):
    """Stop where the gliner package is missing, before anything long is run."""
    deployed = workflow.deployment_settings.deployment_method
    if not deployed and importlib.util.find_spec("gliner") is None:
        raise WorkflowError(
            f"target: the tagger {name!r} needs the package gliner. Install it: "
            "pip install '.[gliner]'."
        )


def trained_tagger(wildcards):
    """Return the configuration of a tagger that is trained here."""
    return config["taggers"][wildcards.tagger]


def tagger_base(wildcards):
    """Name the folder that a trained tagger starts from; none where its weights are random."""
    tagger = trained_tagger(wildcards)
    if "scratch" in tagger:
        return []
    return tagger.get("folder") or f"resources/models/{wildcards.tagger}"


def taught(table):
    """Make an input function: a table of every corpus that a tagger is trained on."""

    def tables(wildcards):
        corpora = trained_tagger(wildcards)["train"]["corpora"]
        return [f"results/{name}/{table}.tsv" for name in corpora]

    return tables


def held_out(table):
    """Make an input function: a table of the corpus that a trained tagger is measured on."""

    def path(wildcards):
        return f"results/{trained_tagger(wildcards)['train']['held_out']}/{table}.tsv"

    return path


def for_tagger(neural, other):
    """Make a resources function: what a tagger that torch computes needs, and what another."""

    def needed(wildcards):
        tagger = tagger_settings(wildcards)
        return neural if tagger.get("tagger", tagger)["kind"] in NEURAL_TAGGERS else other

    return needed


def tagger_settings(wildcards):
    """Return the configuration of a tagger, that of the tagger which it asks with it."""
    tagger = component("tagger")(wildcards)
    if "tagger" in tagger:
        return tagger | {"tagger": config["taggers"][tagger["tagger"]]}
    return tagger


def kind_code(part):
    """Make an input function: the library files that the kind of a component uses."""

    def files(wildcards):
        settings = component(part)(wildcards)
        modules = MODULES[part][settings["kind"]]
        if "tagger" in settings:
            modules = modules + MODULES[part][config["taggers"][settings["tagger"]]["kind"]]
        return library(*modules)

    return files


def of_kind(part, kind):
    """Write a wildcard constraint: the components of a kind, or none."""
    section = config[SECTIONS[part]].items()
    return "|".join(re.escape(name) for name, given in section if given["kind"] == kind) or "(?!)"


def check_may_have_gold(name):
    """Stop at raw text, which has no gold to score against."""
    if pick(config["corpora"], name, "corpus", "target")["format"] in ("text", "prose"):
        raise WorkflowError(
            f"target: the corpus {name!r} is raw text and has no gold to score against. Ask for "
            f"results/{name}/entities.tsv instead."
        )


def score_file(wildcards):
    """Name the score of the configured system, of a corpus that may have gold."""
    check_may_have_gold(wildcards.corpus)
    return configured("results/{corpus}/score/{translator}/{tagger}/{aligner}.json")(wildcards)


def baseline():
    """Name the system that the others are tested against.

    If none is named, it is the default one; if that is not compared, the first.
    """
    named = config["compare"].get("baseline")
    every = compared_systems()
    found = [name for name, system in every.items() if system == config["default"]]
    return named or next(iter([*found, *every]))


def compared(pattern):
    """Make an input function: a path for every corpus that is compared, and every system on it."""

    def paths(wildcards):
        corpora, systems = config["compare"]["corpora"], compared_systems()
        if not corpora or not systems:
            raise WorkflowError("configuration, compare: name `corpora` and `systems` to compare.")
        for name in corpora:
            check_may_have_gold(name)
        if "{translator}" not in pattern:
            return [pattern.format(corpus=name) for name in corpora]
        return [
            pattern.format(corpus=name, **system) for name in corpora for system in systems.values()
        ]

    return paths


def trained():
    """List the models that are trained for the systems that are compared, each with its rule."""
    found = {}
    for system in compared_systems().values():
        for part, section in SECTIONS.items():
            component = config[section][system[part]]
            if "base" in config["models"].get(component.get("model"), {}):
                found[component["model"]] = "finetune_model"
            if "train" in component:
                found[system[part]] = "train_tagger"
    return found


def trainings(wildcards):
    """Name the training records of the systems that are compared."""
    return [f"results/models/{name}/training.json" for name in trained()]


def benchmarks(wildcards):
    """List the benchmark files of the slow steps of the systems that are compared, by step."""
    measured = [
        ("translate: {translator}", "translate_sentences/{corpus}.{translator}"),
        ("tag: {tagger}", "tag_english/{corpus}.{translator}.{tagger}"),
        ("tag: {tagger}", "tag_with_llm/{corpus}.{translator}.{tagger}"),
        ("align: {aligner}", "align_entities/{corpus}.{translator}.{tagger}.{aligner}"),
        ("weigh: {aligner}", "weigh_signals/{aligner}"),
    ]
    found = {}
    for name in config["compare"]["corpora"]:
        for system in compared_systems().values():
            for step, job in measured:
                path = f"logs/{job}.benchmark.tsv".format(corpus=name, **system)
                found.setdefault(step.format(**system), {})[path] = True
    for name, maker in trained().items():
        found[f"train: {name}"] = {f"logs/{maker}/{name}.benchmark.tsv": True}
    return {step: list(paths) for step, paths in found.items()}


def base_folder(name):
    """Name the folder of an LLM without its adapter."""
    model = config["models"][name]
    if "base" in model:
        return base_folder(model["base"])
    return model.get("folder", f"resources/models/{name}")


def llm(part):
    """Make an input function: an LLM's folder, its adapter if it is tuned, its engine's code."""

    def files(wildcards):
        name = component(part)(wildcards).get("model")
        if name is None:
            return {}
        run_by = backend(base_model(name))
        if run_by == "endpoint":
            return {"engine_code": library("llm.endpoint")}
        found = {"llm": base_folder(name)}
        if run_by == "vllm":
            found["engine_code"] = library("llm.vllm")
        if "base" in config["models"][name]:
            found["adapter"] = f"results/models/{name}/adapter_model.safetensors"
        return found

    return files


def training_gpus(wildcards):
    """Return over how many GPUs the layers of an LLM are spread while it is tuned."""
    training(wildcards)
    return base_model(wildcards.model)["gpus"]


def engine(part):
    """Make a params function: what the answers of a component's LLM depend on beside its files."""

    def settings(wildcards):
        if "model" not in component(part)(wildcards):
            return None
        model = base_model(component(part)(wildcards)["model"])
        name = backend(model)
        found = {"backend": name, **{key: model[key] for key in ENGINES[name]}}
        if name == "endpoint":
            found["url"] = model["endpoint"]
        if name != "transformers":
            found["seed"] = config["seed"]
        return found

    return settings


def pace(part):
    """Make a params function: what only the speed of a component's LLM depends on.

    Snakemake counts a param that is made from `resources` as no reason to run a job again: more
    requests at a time do not make old answers wrong.
    """

    def settings(wildcards, resources):
        if "model" not in component(part)(wildcards):
            return None
        model = base_model(component(part)(wildcards)["model"])
        return {key: model[key] for key in PACES[backend(model)] if key in model}

    return settings


def gpus(part):
    """Make a resources function: the GPUs of a component's LLM; an endpoint has its own."""

    def count(wildcards):
        if "model" not in component(part)(wildcards):
            return 0
        model = base_model(component(part)(wildcards)["model"])
        return 0 if "endpoint" in model else model["gpus"]

    return count


def prompt(part):
    """Make a params function: how the LLM of a component is asked."""

    def form(wildcards):
        name = component(part)(wildcards).get("model")
        if name is None:
            return None
        model = config["models"][name]
        if "base" in model:
            return "tuned" if part == "aligner" else config["models"][model["base"]]["prompt"]
        return model["prompt"]

    return form


def lexicon(wildcards):
    """Name the lexicon of a corpus's language, where that language has a wiki."""
    language = corpus(wildcards)["language"]
    return f"results/wiki/{language}/lexicon.marisa" if language in config["wikis"] else []


def hints(wildcards):
    """Name the lexicon for a translator with hints."""
    return lexicon(wildcards) if component("translator")(wildcards).get("hints") else []


def translator_files(wildcards):
    """Return what a translator reads beside the sentences: its LLM, or the English itself."""
    translator = component("translator")(wildcards)
    if translator["kind"] != "parallel":
        return llm("translator")(wildcards)
    if "corpus" in translator:
        return {"parallel_text": f"results/{translator['corpus']}/sentences.tsv"}
    # A sample's lines are those of its sentences in the whole corpus.
    sampled = corpus(wildcards)["sample"] is not None
    original = {"original": corpus_file(wildcards)} if sampled else {}
    return {"parallel_text": translator["file"], **original}


def pairing(wildcards):
    """Return how a corpus and its sample were read, for a translator that pairs lines with it."""
    translator = component("translator")(wildcards)
    if translator["kind"] != "parallel":
        return None
    settings = {key: corpus(wildcards)[key] for key in READING}
    if "corpus" in translator:
        partner = config["corpora"][translator["corpus"]]
        return {"sampled": settings["sample"] is not None or partner["sample"] is not None}
    return settings


def aligner_files(wildcards):
    """Return the LLM of an aligner, and of a fused one its weights and the wiki's names."""
    check_offsets(dict(translator=wildcards.translator, aligner=wildcards.aligner), "target")
    files = llm("aligner")(wildcards)
    if component("aligner")(wildcards)["kind"] == "fused":
        files["weights"] = f"results/models/{wildcards.aligner}/weights.json"
        files["lexicon"] = lexicon(wildcards)
    return files


def weighing(name):
    """Return the languages on whose pairs a fused aligner learns: those its LLM is tuned on."""
    aligner = config["aligners"][name]
    return config["models"][aligner["model"]].get("wikis") or aligner["wikis"]


def weighing_pairs(wildcards):
    """List the pairs that a fused aligner learns its weights on."""
    return [f"results/wiki/{language}/pairs.tsv" for language in weighing(wildcards.aligner)]


def weighing_lexicons(wildcards):
    """List the lexicons of the wikis that a fused aligner learns its weights on."""
    return [f"results/wiki/{language}/lexicon.marisa" for language in weighing(wildcards.aligner)]


def text_language(wildcards):
    """Return the language that a tagger reads: English, or the corpus's own where it is kept."""
    kept = component("translator")(wildcards)["kind"] == "identity"
    return corpus(wildcards)["language"] if kept else "en"


def components(wildcards):
    """Return the configuration of a system's components, its LLMs with them, for the record."""
    record = {}
    for part in SECTIONS:
        settings = component(part)(wildcards)
        record[part] = {"name": wildcards[part], **settings}
        if "tagger" in settings:
            settings = config["taggers"][settings["tagger"]]
            record[part]["tagger"] = {"name": record[part]["tagger"], **settings}
        for key in ("model", "base"):
            if key in settings:
                name = settings[key]
                settings = dict(config["models"][name])
                # The defaults of other kinds of models mean nothing to it.
                kept = TRAINING if "base" in settings else ["backend", *ENGINES[backend(settings)]]
                other = {"backend", *TRAINING, *sum([*ENGINES.values(), *PACES.values()], [])}
                settings |= {"backend": backend(settings)}
                settings = {k: v for k, v in settings.items() if k in kept or k not in other}
                if "endpoint" in settings:
                    address = {"url": settings["endpoint"], "name": settings.pop("name")}
                    settings |= {"endpoint": address}
                record[part][key] = {"name": name, **settings}
        if "artifact" in settings:
            rows = ARTIFACTS[settings["artifact"]]
            record[part]["sha256"] = {row["file"]: row["sha256"] for row in rows}
    return record


def wiki_file(key):
    """Make an input function: a dump file of a wiki, the user's own or the sample's."""
    names = {
        "dump": "pages-articles-multistream.xml.bz2",
        "index": "pages-articles-multistream-index.txt.bz2",
        "langlinks": "langlinks.sql.gz",
    }

    def path(wildcards):
        wiki = pick(config["wikis"], wildcards.language, "wiki", "target")
        if wiki_source(wildcards.language) == "dump":
            return wiki.get(key, [])
        return f"resources/wiki/{wildcards.language}/{names[key]}"

    return path


def training(wildcards):
    """Return the configuration of a tuned model."""
    model = pick(config["models"], wildcards.model, "model", "target")
    if "base" not in model:
        raise WorkflowError(
            f"target: the model {wildcards.model!r} has no adapter: it has no base."
        )
    return model
