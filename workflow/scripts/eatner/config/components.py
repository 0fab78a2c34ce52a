"""The parts of a configuration as records, each with everything that the rules need of it.

The records hold names and paths and do no work. A path is relative to the working directory of the
workflow; it is None if the component needs no such file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypedDict

from eatner.config.lessons import Lessons, resolve_lessons
from eatner.config.sources import Settings

Artifacts = Mapping[str, Sequence[Mapping[str, str]]]

SECTIONS = {"translator": "translators", "tagger": "taggers", "aligner": "aligners"}
# By backend: the settings that an LLM's answers depend on, and those that change only its speed.
ENGINES = {
    "transformers": ["quantisation"],
    "vllm": ["context"],
    "endpoint": ["name", "context", "structured", "logprobs", "request"],
}
PACES = {
    "transformers": ["gpus"],
    "vllm": ["gpus"],
    "endpoint": ["key_variable", "concurrency", "timeout"],
}
ENGINE_KEYS = {"backend"}.union(*ENGINES.values(), *PACES.values())
TRAINING = [
    "training_pairs", "evaluation_pairs", "rank", "alpha", "learning_rate", "epochs", "batch_size",
]  # fmt: skip
# The kinds of taggers that torch runs, each with a file that its local folder must hold.
NEURAL_TAGGERS = {
    "text-to-text": "config.json",
    "token-classification": "config.json",
    "gliner": "gliner_config.json",
}


@dataclass(frozen=True, kw_only=True)
class Model:
    """An LLM, or an adapter on one, and how it is run.

    Attributes:
        base: The name of the LLM below an adapter.
        folder: The folder of the LLM without its adapter; None for an endpoint.
        adapter: The weights of the adapter.
        backend: One of `ENGINES`.
        engine: What the LLM's answers depend on besides its files.
        pace: What only the LLM's speed depends on.
        gpus: Number of GPUs that it is spread over; 0 for an endpoint.
        prompt: The form of the prompts for the LLM without its adapter: few-shot or chat.
        quantisation: How its weights are quantised; `none` if they are not.
    """

    name: str
    settings: Settings
    base: str | None
    folder: str | None
    adapter: str | None
    backend: str
    engine: Settings
    pace: Settings
    gpus: int
    prompt: str
    quantisation: str

    @property
    def wikis(self) -> list[str]:
        """The languages on whose pairs an adapter is trained."""
        return self.settings["wikis"]

    @property
    def training(self) -> Settings:
        """The settings by which an adapter is trained."""
        return {key: self.settings[key] for key in TRAINING}


@dataclass(frozen=True, kw_only=True)
class Component:
    """What a translator, a tagger and an aligner have in common.

    Attributes:
        room: The library's room for its step.
        settings: The settings as configured, with those of a tagger that a tagger asks.
        record: The settings with those of the component's LLM, for the record of a score.
        model: The component's LLM, if it has one.
        prompt: The form of the prompts for the LLM: few-shot, chat or tuned.
    """

    room: ClassVar[str]
    name: str
    kind: str
    settings: Settings
    record: Settings
    model: Model | None
    prompt: str | None

    @property
    def module(self) -> str:
        """The library module of its kind, which is named after it."""
        return f"eatner.{self.room}.{self.kind.replace('-', '_')}"

    @property
    def llm(self) -> str | None:
        """The folder of its LLM."""
        return self.model.folder if self.model else None

    @property
    def adapter(self) -> str | None:
        """The adapter of its LLM."""
        return self.model.adapter if self.model else None

    @property
    def engine(self) -> Settings | None:
        """What the answers of its LLM depend on besides files."""
        return self.model.engine if self.model else None

    @property
    def pace(self) -> Settings | None:
        """What only the speed of its LLM depends on."""
        return self.model.pace if self.model else None

    @property
    def gpus(self) -> int:
        """The number of GPUs for its LLM."""
        return self.model.gpus if self.model else 0

    @property
    def has_shards(self) -> bool:
        """Whether jobs may share the sentences: a model labels each of them."""
        return (self.model or getattr(self, "encoder", None)) is not None

    @property
    def models(self) -> list[str]:
        """The files and folders of all models that it starts from, as they are before training."""
        return [self.llm] if self.llm else []

    @property
    def corpora(self) -> set[str]:
        """The names of the corpora that it takes something from."""
        return {self.settings["corpus"]} if "corpus" in self.settings else set()

    @property
    def languages(self) -> set[str]:
        """The languages of the wikis on which it, or its LLM, is trained."""
        return set(self.model.settings.get("wikis", [])) if self.model else set()


@dataclass(frozen=True, kw_only=True)
class Translator(Component):
    """A way to translate.

    Attributes:
        english: The file of English that exists already: a text, or the sentences of a corpus.
        english_corpus: The name of that corpus.
    """

    room: ClassVar[str] = "translate"
    english: str | None
    english_corpus: str | None

    @property
    def keeps_language(self) -> bool:
        """Whether it leaves the sentence as it is."""
        return self.kind == "identity"

    @property
    def has_hints(self) -> bool:
        """Whether its prompts give the English of names, from the lexicon."""
        return bool(self.settings.get("hints"))


@dataclass(frozen=True, kw_only=True)
class Tagger(Component):
    """A way to tag.

    Attributes:
        weights: The file or the folder of its model, or of the model of `asked`.
        start: The folder of the model from which it is trained.
        lessons: What it is trained on, if it is.
        sentences: The sentences of the corpus whose gold entities it takes.
        gold: The gold entities of that corpus.
        asked: The tagger that a title lookup asks for types, or that is reviewed.
    """

    room: ClassVar[str] = "tag"
    weights: str | None
    start: str | None
    lessons: Lessons | None
    sentences: str | None
    gold: str | None
    asked: Tagger | None

    @property
    def reviewed(self) -> str | None:
        """The name of the tagger that it reviews, in a job of its own."""
        return self.asked.name if self.asked and self.model else None

    @property
    def is_neural(self) -> bool:
        """Whether torch runs it."""
        return (self.asked or self).kind in NEURAL_TAGGERS

    @property
    def models(self) -> list[str]:
        """The files and folders of all models that it starts from, as they are before training."""
        if self.asked:
            return [*super().models, *self.asked.models]
        given = self.start if "train" in self.settings else self.weights
        return [*super().models, *([given] if given else [])]

    @property
    def corpora(self) -> set[str]:
        """The names of the corpora that it takes something from."""
        if self.asked:
            return self.asked.corpora
        recipe = self.settings.get("train", {})
        held_out = [recipe["held_out"]] if recipe.get("held_out") else []
        trained_on = [*recipe.get("corpora", []), *recipe.get("labelled", []), *held_out]
        return super().corpora.union(trained_on)


@dataclass(frozen=True, kw_only=True)
class Aligner(Component):
    """A way to align.

    Attributes:
        weights: The learned weights of a fused aligner's signals.
        wikis: The languages on whose pairs they are learned.
        encoder: The folder of a word aligner's encoder.
    """

    room: ClassVar[str] = "align"
    weights: str | None
    wikis: list[str]
    encoder: str | None

    @property
    def reads_english(self) -> bool:
        """Whether it reads the translations, and not their entities alone."""
        return self.kind in ("word-alignment", "fused")

    @property
    def gpus(self) -> int:
        """The number of GPUs for its LLM or its encoder."""
        return 1 if self.encoder else super().gpus

    @property
    def models(self) -> list[str]:
        """The files and folders of all models that it starts from, as they are before training."""
        return [*super().models, *([self.encoder] if self.encoder else [])]

    @property
    def languages(self) -> set[str]:
        """The languages of the wikis on which it, or its LLM, is trained."""
        return super().languages | set(self.wikis)


def backend(model: Mapping[str, Any]) -> str:
    """Return what runs an LLM: an endpoint, or one of our engines."""
    return "endpoint" if "endpoint" in model else model.get("backend", "transformers")


def base_model(name: str, models: Mapping[str, Settings]) -> tuple[str, Settings]:
    """Return the name and the settings of an LLM, or of the LLM below an adapter."""
    name = models[name].get("base", name)
    return name, models[name]


def resolve_model(name: str, values: Settings) -> Model:
    """Resolve an LLM, or an adapter, of a checked configuration."""
    settings = values["models"][name]
    base_name, base = base_model(name, values["models"])
    run_by = backend(base)
    engine = {"backend": run_by, **{key: base[key] for key in ENGINES[run_by]}}
    folder, gpus = base.get("folder", f"resources/models/{base_name}"), base["gpus"]
    if run_by == "endpoint":
        engine["url"] = base["endpoint"]
        folder, gpus = None, 0
    if run_by != "transformers":
        engine["seed"] = values["seed"]
    is_adapter = "base" in settings
    return Model(
        name=name,
        settings=settings,
        base=base_name if is_adapter else None,
        folder=folder,
        adapter=f"results/models/{name}/adapter_model.safetensors" if is_adapter else None,
        backend=run_by,
        engine=engine,
        pace={key: base[key] for key in PACES[run_by] if key in base},
        gpus=gpus,
        prompt=base["prompt"],
        quantisation=base["quantisation"],
    )


def resolve_translator(
    name: str, values: Settings, models: Mapping[str, Model], artifacts: Artifacts
) -> Translator:
    """Resolve a translator of a checked configuration; its LLM is one of `models`."""
    common = _component("translators", name, values, models, artifacts)
    corpus = common["settings"].get("corpus")
    english = f"results/{corpus}/sentences.tsv" if corpus else common["settings"].get("file")
    return Translator(**common, english=english, english_corpus=corpus)


def resolve_tagger(
    name: str, values: Settings, models: Mapping[str, Model], artifacts: Artifacts
) -> Tagger:
    """Resolve a tagger of a checked configuration; its LLM is one of `models`."""
    common = _component("taggers", name, values, models, artifacts)
    settings = common["settings"]
    asked: Tagger | None = None
    weights: str | None = None
    start: str | None = None
    if "tagger" in settings:
        asked = resolve_tagger(settings["tagger"], values, models, artifacts)
        common["settings"] = settings | {"tagger": asked.settings}
        weights = asked.weights
    elif "artifact" in settings:
        weights = f"resources/artifacts/{settings['artifact']}"
    elif {"folder", "hub", "scratch"} & settings.keys():
        weights = settings.get("folder") or f"resources/models/{name}"
    if "train" in settings:
        start = None if "scratch" in settings else weights
        if common["model"]:
            # The LLM is where the training starts; it tags as what it has become.
            start, common["model"], common["prompt"] = common["model"].folder, None, None
        weights = f"results/models/{name}/model.safetensors"
    corpus = settings.get("corpus")
    return Tagger(
        **common,
        weights=weights,
        start=start,
        lessons=resolve_lessons(settings["train"], values) if "train" in settings else None,
        sentences=corpus and f"results/{corpus}/sentences.tsv",
        gold=corpus and f"results/{corpus}/gold.tsv",
        asked=asked,
    )


def resolve_aligner(
    name: str, values: Settings, models: Mapping[str, Model], artifacts: Artifacts
) -> Aligner:
    """Resolve an aligner of a checked configuration; its LLM is one of `models`."""
    common = _component("aligners", name, values, models, artifacts)
    settings, model = common["settings"], common["model"]
    if common["kind"] != "fused":
        encoder = f"resources/models/{name}" if "hub" in settings else settings.get("folder")
        return Aligner(**common, weights=None, wikis=[], encoder=encoder)
    # For a tuned LLM, the weights are learned on the held-out pairs of its own wikis.
    wikis = (model and model.settings.get("wikis")) or settings["wikis"]
    weights = f"results/models/{name}/weights.json"
    return Aligner(**common, weights=weights, wikis=wikis, encoder=None)


class _Common(TypedDict):
    """The fields of `Component`."""

    name: str
    kind: str
    settings: Settings
    record: Settings
    model: Model | None
    prompt: str | None


def _component(
    section: str,
    name: str,
    values: Settings,
    models: Mapping[str, Model],
    artifacts: Artifacts,
) -> _Common:
    """Return the fields that all components have."""
    settings = values[section][name]
    model = models[settings["model"]] if "model" in settings else None
    prompt = model.prompt if model else None
    if section == "aligners" and model and model.base:
        prompt = "tuned"
    return {
        "name": name,
        "kind": settings["kind"],
        "settings": settings,
        "record": _record(name, settings, values, artifacts),
        "model": model,
        "prompt": prompt,
    }


def _record(name: str, settings: Settings, values: Settings, artifacts: Artifacts) -> Settings:
    """Return a component's settings with its LLM's, and the sums of the packages it comes from."""
    record = {"name": name, **settings}
    below = settings
    if settings["kind"] == "reviewed":
        asked = settings["tagger"]
        record["tagger"] = _record(asked, values["taggers"][asked], values, artifacts)
    elif "tagger" in settings:
        below = values["taggers"][settings["tagger"]]
        record["tagger"] = {"name": settings["tagger"], **below}
    for key in ("model", "base"):
        if key in below:
            model_name = below[key]
            below = values["models"][model_name]
            record[key] = {"name": model_name, **_model_record(below)}
    if "artifact" in below:
        record["sha256"] = {row["file"]: row["sha256"] for row in artifacts[below["artifact"]]}
    return record


def _model_record(model: Settings) -> Settings:
    """Return an LLM's settings without the defaults that have no meaning for its kind."""
    run_by = backend(model)
    kept = {*TRAINING} if "base" in model else {"backend", *ENGINES[run_by]}
    dropped = ENGINE_KEYS.union(TRAINING) - kept
    record = {key: value for key, value in model.items() if key not in dropped}
    if "backend" in record:
        record["backend"] = run_by
    if run_by == "endpoint":
        record["endpoint"] = {"url": record["endpoint"], "name": record.pop("name")}
    return record
