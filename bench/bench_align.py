"""Measure the ways to align, and write a page of figures.

    python bench/bench_align.py --out docs/benchmarks/align.md [--only projection speed ...]

Every part writes its figures to `results/bench/{part}.json`; the page shows all parts that exist.
The answers of the LLMs are kept in journals, so a stopped run can be continued. Gold is read from
`../shared/data`, which is not part of the project: see docs/benchmarks/data.md. Snakemake makes the
models, wikis and scores that a part needs, with `bench/align.yaml` on top of the configuration.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / path) for path in ("workflow/scripts", "tests", "tests/answers")]
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from eatner import lexicon, prompts, tables, tsv
from eatner.align import fused, paper, word_alignment
from eatner.align.base import align
from eatner.align.candidates import Question
from eatner.align.constrained import constrained as propose_constrained
from eatner.align.weights import PARTS as SIGNAL_PARTS
from eatner.align.weights import Scored, Weights, fit, learn, read_weights, weighed
from eatner.answers.locate import locate
from eatner.corpora import formats
from eatner.corpora.gold import gold_rows, sentence_row
from eatner.evaluate import score
from eatner.evaluate.significance import compare
from eatner.llm.base import one_line
from eatner.llm.journal import Journal
from eatner.llm.states import Embedder
from eatner.llm.transformers import TransformersLLM
from eatner.tables import (
    Alignment,
    EntityType,
    GoldEntity,
    Mention,
    Pair,
    Sentence,
    SentenceRow,
    Translation,
    by_sentence,
)
from eatner.tag.spacy import tag_with_spacy
from eatner.text import languages
from eatner.train.pairs import LONGEST_SENTENCE, split_by_entity
from eatner.translate import paper as translate_paper
from eatner.translate.entity_aware import translate

DATA = ROOT.parent / "shared/data"
JAPANESE, GERMAN = DATA / "ja_ud_gsd/dev.bio", DATA / "wikiann/de/val.conllu"
ROOM = ROOT / "results/bench"
CONFIG = ROOT / "bench/align.yaml"
SEED = 20260101
RU = languages.get("ru")
UNER = {"PER": "PER", "LOC": "LOC", "ORG": "ORG", "OTH": None}
# As in bench/align.yaml; the other labels of UD-GSD are no entities of ours.
GSD = {"PERSON": "PER", "ORG": "ORG", "GPE": "LOC", "LOC": "LOC", "FAC": "LOC"}
WIKIANN = {"PER": "PER", "LOC": "LOC", "ORG": "ORG"}
# Corpora for which bench/names_{language}.tsv has the English of some entities.
NAMED = {
    "zh": (DATA / "uner/Chinese-GSD/zh_gsd-ud-dev.iob2", UNER),
    "ja": (JAPANESE, GSD),
}
SAMPLED = ["ja", "ko", "ru"]
WIKI_FILES = ("pairs.tsv", "lexicon.marisa")
# The form of the prompts, for the untuned and the tuned LLM.
FORMS = {"untuned": "few-shot", "tuned": "tuned"}
FITTING_PAIRS = 200
PAPER_SENTENCES = 40
# The sentences of PUD on which the layer for word alignment is chosen, with itermax.
LAYER_SENTENCES = slice(500, 700)
GERMAN_SENTENCES = 60
SPEED_SENTENCES = 12
JA_SENTENCES = 200
PAPER_TOKENS = 512


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="path of the page to write")
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=list(PARTS), help="parts to run"
    )
    options = parser.parse_args()
    ROOM.mkdir(parents=True, exist_ok=True)
    cut(JAPANESE, "ja_gsd.bio", JA_SENTENCES)
    cut(JAPANESE, "ja_gsd_first.bio", PAPER_SENTENCES)
    cut(GERMAN, "de_first.conllu", GERMAN_SENTENCES)
    for part in options.only:
        sys.stdout.write(f"{part} ...\n")
        sys.stdout.flush()
        started = time.monotonic()
        figures = PARTS[part]()
        figures["ran"] = {"date": str(date.today()), "seconds": round(time.monotonic() - started)}
        (ROOM / f"{part}.json").write_text(json.dumps(figures, indent=1, ensure_ascii=False))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(page(), encoding="utf-8")


# --- helpers of the parts ------------------------------------------------------------------------


def gold(
    path: Path, types: Mapping[str, EntityType | None], most: int | None = None
) -> tuple[list[Sentence], list[GoldEntity]]:
    """Read the sentences and gold entities of a corpus as rows of our tables."""
    sentences, entities = [], []
    spaces = "ja" not in path.parent.name
    for sentence in islice(formats.read(path, language_spaces=spaces), most):
        labels = {entity.label for entity in sentence.entities}
        every = dict.fromkeys(labels) | dict(types)
        sentences.append(sentence_row(sentence))
        entities += gold_rows(sentence, every)
    return sentences, entities


def parallel() -> tuple[list[Sentence], list[Mention], list[GoldEntity]]:
    """Read Russian PUD: sentences, gold entities of the English as mentions, Russian gold."""
    english, named = gold(DATA / "uner/English-PUD/en_pud-ud-test.iob2", UNER)
    sentences, right = gold(DATA / "uner/Russian-PUD/ru_pud-ud-test.iob2", UNER)
    gold_of = by_sentence(row for row in named if row.status == "scored")
    tagged = []
    for own, other in zip(sentences, english, strict=True):
        tagged += [
            Mention(own.sentence_id, row.start, row.end, row.surface, row.type)
            for row in gold_of[other.sentence_id]
        ] or [Mention(own.sentence_id, None, None, "", "", status="no_entity")]
    return sentences, tagged, right


def make(*targets: str) -> None:
    """Make files with Snakemake, in the environment of this process."""
    subprocess.run(
        [
            sys.executable,
            "-m",
            "snakemake",
            "--cores",
            "2",
            "--configfile",
            CONFIG,
            "--quiet",
            "rules",
            "--",
            *targets,
        ],
        cwd=ROOT,
        check=True,
    )


def model(name: str) -> TransformersLLM:
    """Open the LLM, untuned or tuned on Russian pairs."""
    make(
        "results/models/gemma-3-270m-ru/adapter_model.safetensors",
        *(f"results/wiki/ru/{file}" for file in WIKI_FILES),
    )
    adapter = ROOT / "results/models/gemma-3-270m-ru" if name == "tuned" else None
    return TransformersLLM(ROOT / "resources/models/gemma-3-270m", adapter=adapter)


def held_out_pairs(code: str = "ru") -> list[Pair]:
    """Return the pairs of a sample wiki whose entities are held out from tuning."""
    rows = tables.read(ROOT / f"results/wiki/{code}/pairs.tsv", Pair)
    short = [row for row in rows if len(row.sentence) <= LONGEST_SENTENCE]
    return split_by_entity(short, SEED)[1]


def strict(
    right: Sequence[GoldEntity], found: Sequence[Alignment], sentences: Sequence[Sentence]
) -> dict:
    """Return strict F1 with its interval, and the F1 of the spans without their types."""
    right = within(right, sentences)
    figures = score.score(right, found, sentences, seed=SEED)
    untyped = score.score(
        [replace(row, type="PER") for row in right if row.status == "scored"],
        [replace(row, type="PER") for row in found],
        sentences,
        seed=SEED,
        resamples=1,
    )
    overall = figures["overall"]
    kept = ("precision", "recall", "f1", "f1_ci95", "support", "predicted", "correct")
    return {**{key: overall[key] for key in kept}, "spans_f1": untyped["overall"]["f1"]}


def ceiling(tagged: Sequence[Mention], right: Sequence[GoldEntity]) -> dict[str, float]:
    """Return the best F1 that is possible, because the two gold standards disagree.

    It is reached if every English entity gets a gold span of its type, as long as one is left.
    """
    english = Counter((r.sentence_id, r.type) for r in tagged if r.status == "tagged")
    own = Counter((r.sentence_id, r.type) for r in right if r.status == "scored")
    both = sum((english & own).values())
    spans = sum(
        (
            Counter(r.sentence_id for r in tagged if r.status == "tagged")
            & Counter(r.sentence_id for r in right if r.status == "scored")
        ).values()
    )
    total = english.total() + own.total()
    return {
        "english": english.total(),
        "gold": own.total(),
        "f1": 2 * both / total,
        "spans_f1": 2 * spans / total,
    }


# --- the parts ----------------------------------------------------------------------------------


def projection() -> dict[str, object]:
    """Align gold English entities with the parallel Russian sentences.

    Measures the tuned LLM, each part left out, and the paper's procedure on the first sentences.
    """
    sentences, tagged, right = parallel()
    figures, rows, llm = project("tuned")
    figures["ceiling"] = ceiling(tagged, right)
    few = sentences[:PAPER_SENTENCES]
    asked = within(tagged, few)
    find = constrained("tuned", llm)
    rows["constrained, tuned"] = list(align(few, asked, find, repeats="all"))
    make("resources/models/qwen2.5-coder-0.5b-instruct")
    chat = TransformersLLM(ROOT / "resources/models/qwen2.5-coder-0.5b-instruct")
    journal = Journal(ROOM / "projection.paper.jsonl", "qwen-0.5b")
    rows["fused, the chat LLM"] = list(with_chat(few, asked, chat, journal))
    rows["paper, the chat LLM"] = list(
        paper.align(few, asked, chat, RU, max_new_tokens=PAPER_TOKENS, journal=journal)
    )
    figures["first"] = {way: strict(right, within(found, few), few) for way, found in rows.items()}
    figures["paired"] = {
        f"{way} - paper, the chat LLM": paired(right, rows[way], rows["paper, the chat LLM"], few)
        for way in ("fused, the chat LLM", "constrained, tuned", "fused, tuned")
    }
    return figures


def projection_untuned() -> dict[str, object]:
    """Measure the same with the untuned LLM."""
    return project("untuned")[0]


def projection_constrained() -> dict[str, object]:
    """Measure the same with constrained decoding alone, on all sentences."""
    sentences, tagged, right = parallel()
    figures: dict[str, object] = {"systems": {}}
    for name in FORMS:
        find = constrained(name, model(name))
        found = list(align(sentences, tagged, find, repeats="all"))
        figures["systems"][f"constrained, {name}"] = strict(right, found, sentences)
    return figures


def projection_words() -> dict[str, object]:
    """Measure the usual projection, by word alignment, with hidden states of the untuned LLM.

    No hub is reached here, and so no multilingual encoder.
    """
    sentences, tagged, right = parallel()
    english, _ = gold(DATA / "uner/English-PUD/en_pud-ud-test.iob2", UNER)
    text_of = {own.sentence_id: row.text for own, row in zip(sentences, english, strict=True)}
    make("resources/models/gemma-3-270m")
    local = TransformersLLM(ROOT / "resources/models/gemma-3-270m").local
    remembering = Remembering(local.model.base_model)

    def aligned(rows: Sequence[Sentence], layer: int, method: str) -> list[Alignment]:
        embedder = Embedder(remembering, local.tokenizer, layer, local.context)
        link = word_alignment.METHODS[method]
        asked = within(tagged, rows)
        return list(word_alignment.align(rows, text_of, asked, embedder, link, RU))

    few = sentences[LAYER_SENTENCES]
    by_layer = [
        strict(right, aligned(few, layer, "itermax"), few)["f1"]
        for layer in range(local.model.config.num_hidden_layers + 1)
    ]
    layer = max(range(len(by_layer)), key=by_layer.__getitem__)
    found = {method: aligned(sentences, layer, method) for method in word_alignment.METHODS}
    chosen_on = {row.sentence_id for row in few}
    others = [row for row in sentences if row.sentence_id not in chosen_on]
    return {
        "systems": {
            f"word alignment, {method}": strict(right, rows, sentences)
            for method, rows in found.items()
        },
        "words": {
            "layer": layer,
            "by_layer": by_layer,
            "others": {
                method: strict(right, within(rows, others), others)["f1"]
                for method, rows in found.items()
            },
            "errors": errors(right, found["itermax"]),
        },
    }


class Remembering:
    """A model that runs once for the same batch, however many layers are asked for."""

    def __init__(self, model: object) -> None:
        self.model, self.config, self.device = model, model.config, model.device
        self.known: dict[bytes, object] = {}

    def __call__(self, input_ids: object, **options: object) -> object:
        """Run the model, or give what it gave."""
        key = input_ids.cpu().numpy().tobytes()
        if key not in self.known:
            ran = self.model(input_ids=input_ids, **options)
            # Nothing else of it: an LLM's keys and values take as much again.
            self.known[key] = SimpleNamespace(hidden_states=ran.hidden_states)
        return self.known[key]


def constrained(name: str, llm: TransformersLLM) -> Callable:
    """Return a function that finds candidates in Russian by constrained decoding."""
    journal = Journal(ROOM / f"projection.{name}.jsonl", name)
    return partial(
        propose_constrained, llm=llm, language=RU, form=FORMS[name], beams=4, journal=journal
    )


def project(name: str) -> tuple[dict[str, object], dict[str, list], TransformersLLM]:
    """Run the fused aligner on parallel Russian; return its figures, its rows and its LLM.

    With the tuned LLM, each part is also left out. The candidates are scored only once for this.
    """
    sentences, tagged, right = parallel()
    llm = model(name)
    asked = {"form": FORMS[name], "journal": Journal(ROOM / f"projection.{name}.jsonl", name)}
    titles, fitted = fitting(llm, **asked)
    weights, record = learn(fitted, SEED)
    figures: dict[str, object] = {f"weights, {name}": record, "systems": {}}
    scored: list[list[Scored]] = []

    def propose(questions: Sequence[Question], weights: Weights) -> list:
        if not scored:
            scored.extend(fused.score(questions, llm, RU, titles, **asked))
        return [
            [weighed(entity, weights, question.text) for entity in entities]
            for question, entities in zip(questions, scored, strict=True)
        ]

    find = partial(propose, weights=weights)
    ways: dict[str, tuple[Callable, dict[str, object]]] = {
        "fused": (find, {}),
        "fused, repeats as in English": (find, {"repeats": "english"}),
    }
    if name == "tuned":
        for part in SIGNAL_PARTS:
            ways[f"without {part}"] = partial(propose, weights=fit(fitted, [part])), {}
        ways["without assignment"] = find, {"jointly": False}
        ways["without abstention"] = find, {"threshold": -100.0}
    rows = {}
    for way, (find_with, options) in ways.items():
        found = list(align(sentences, tagged, find_with, **{"repeats": "all", **options}))
        figures["systems"][f"{way}, {name}"] = strict(right, found, sentences)
        if way == "fused":
            rows[f"fused, {name}"] = found
            figures["errors"] = errors(right, found)
            figures["calibration"] = score.calibration(right, found, sentences)
    return figures, rows, llm


def fitting(
    llm: TransformersLLM, form: str, journal: Journal
) -> tuple[lexicon.Lexicon, list[tuple[Scored, str]]]:
    """Return the lexicon of the Russian wiki, and scored candidates of its pairs."""
    titles = lexicon.load(ROOT / "results/wiki/ru/lexicon.marisa")
    known = [(RU, titles, held_out_pairs())]
    asked = {"form": form, "journal": journal}
    return titles, fused.examples(llm, known, most=FITTING_PAIRS, seed=SEED, **asked)


def other_languages() -> dict[str, object]:
    """Align the English of gold entities with Chinese and Japanese sentences.

    `names_{language}.tsv` has the English. The LLM is untuned, or tuned on Japanese pairs only,
    because there are no Chinese ones.
    """
    make(
        "results/models/gemma-3-270m-ja/adapter_model.safetensors",
        *(f"results/wiki/{code}/{file}" for code in SAMPLED for file in WIKI_FILES),
    )
    folder = ROOT / "resources/models/gemma-3-270m"
    adapter = ROOT / "results/models/gemma-3-270m-ja"
    figures: dict[str, object] = {"languages": {}}
    titles = {code: lexicon.load(ROOT / f"results/wiki/{code}/lexicon.marisa") for code in SAMPLED}
    for name, options, form, wikis in (
        ("untuned", {}, "few-shot", SAMPLED),
        ("tuned on Japanese", {"adapter": adapter}, "tuned", ["ja"]),
    ):
        journal = Journal(ROOM / f"languages.{name}.jsonl", name)
        asked = {"llm": TransformersLLM(folder, **options), "form": form, "journal": journal}
        known = [(languages.get(wiki), titles[wiki], held_out_pairs(wiki)) for wiki in wikis]
        fitted = fused.examples(wikis=known, most=FITTING_PAIRS, seed=SEED, **asked)
        for code, (path, types) in NAMED.items():
            sentences, tagged, right = named(code, path, types)
            asked["language"] = languages.get(code)
            ours = partial(fused.candidates, lexicon=titles.get(code), weights=fit(fitted), **asked)
            ways = {f"fused, {name}": ours}
            if name != "untuned":
                ways[f"constrained, {name}"] = partial(propose_constrained, beams=4, **asked)
            record = figures["languages"].setdefault(code, {"systems": {}})
            record["sentences"] = len(sentences)
            record["entities"] = sum(row.status == "tagged" for row in tagged)
            for way, find in ways.items():
                found = list(align(sentences, tagged, find, repeats="all"))
                record["systems"][way] = strict(right, found, sentences)
    return figures


def named(
    code: str, path: Path, types: Mapping[str, EntityType | None]
) -> tuple[list[Sentence], list[Mention], list[GoldEntity]]:
    """Return the sentences of which all entities have an English name, with mentions and gold."""
    table = {
        row["surface"]: row["english"]
        for row in tsv.read(ROOT / f"bench/names_{code}.tsv", ("surface", "english"))
    }
    sentences, right = gold(path, types)
    scored = by_sentence(row for row in right if row.status == "scored")
    known = {
        name: [table.get(row.surface.replace(" ", "")) for row in rows]
        for name, rows in scored.items()
    }
    kept = [row for row in sentences if all(known.get(row.sentence_id, [None]))]
    tagged = [
        Mention(row.sentence_id, 0, 0, english, own.type)
        for row in kept
        for english, own in zip(known[row.sentence_id], scored[row.sentence_id], strict=True)
    ]
    return kept, tagged, within(right, kept)


def with_chat(
    sentences: Sequence[Sentence],
    tagged: Sequence[Mention],
    chat: TransformersLLM,
    journal: Journal,
) -> Iterable[Alignment]:
    """Run our fused aligner with a chat LLM and weights learned on the same wiki pairs."""
    asked = {"llm": chat, "form": "chat", "journal": journal}
    titles, fitted = fitting(**asked)
    weights, _ = learn(fitted, SEED)
    find = partial(fused.candidates, language=RU, lexicon=titles, weights=weights, **asked)
    return align(sentences, tagged, find, repeats="all")


def errors(right: Sequence[GoldEntity], found: Sequence[Alignment]) -> dict[str, int]:
    """Count what became of the English entities."""
    kinds: Counter[str] = Counter()
    gold_of = by_sentence(row for row in right if row.status == "scored")
    for row in found:
        if row.status in ("no_entity", "no_translation"):
            continue
        own = gold_of[row.sentence_id]
        if row.start is None:
            typed = any(gold.type == row.type for gold in own)
            kinds[
                "no span, and gold has one of its type" if typed else "no span, nor has gold"
            ] += 1
            continue
        spans = [(gold.start, gold.end, gold.type) for gold in own]
        (start, end), kind = row.span, row.type
        if (start, end, kind) in spans:
            kinds["right"] += 1
        elif any((start, end) == span[:2] for span in spans):
            kinds["gold has the span under another type"] += 1
        elif any(start < span[1] and span[0] < end for span in spans):
            kinds["boundary"] += 1
        elif not any(span[2] == kind for span in spans):
            kinds["gold has no entity of its type in the sentence"] += 1
        else:
            kinds["elsewhere"] += 1
    return dict(kinds.most_common())


def cut(source: Path, name: str, most: int) -> None:
    """Write the first sentences of a column corpus for bench/align.yaml; keep an unchanged file."""
    blocks = source.read_text(encoding="utf-8").split("\n\n")[:most]
    path, text = ROOM / name, "\n\n".join(blocks) + "\n"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def system() -> dict[str, object]:
    """Measure whole systems on Japanese, and on German, which the chat LLM knows better."""
    ours, papers = "fused, the chat LLM", "paper, the chat LLM"
    systems = {
        "constrained": ("ja-gsd", "gemma-names/spacy-sm/gemma-ja"),
        "fused": ("ja-gsd", "gemma-names/spacy-sm/fused-ja"),
        "fused, untuned": ("ja-gsd", "gemma-names/spacy-sm/fused-untuned"),
        ours: ("ja-gsd-first", "qwen-0.5b/spacy-sm/fused-qwen-0.5b"),
        papers: ("ja-gsd-first", "paper/spacy-sm/paper"),
        f"{ours}, German": ("de-first", "qwen-0.5b/spacy-sm/fused-qwen-0.5b-ru"),
        f"{papers}, German": ("de-first", "paper/spacy-sm/paper"),
    }
    make(*(f"results/{name}/score/{path}.json" for name, path in systems.values()))
    sentences, right = gold(JAPANESE, GSD, JA_SENTENCES)
    few = sentences[:PAPER_SENTENCES]
    corpora = {
        "ja-gsd": (sentences, right),
        "ja-gsd-first": (few, right),
        "de-first": gold(GERMAN, WIKIANN, GERMAN_SENTENCES),
    }
    found, figures = {}, {"systems": {}, "paired": {}}
    for way, (name, path) in systems.items():
        found[way] = list(tables.read(ROOT / f"results/{name}/align/{path}.tsv", Alignment))
        of, gold_of = corpora[name]
        figures["systems"][way] = strict(gold_of, found[way], of) | {"sentences": len(of)}
    figures["first"] = {
        way: strict(right, within(found[way], few), few)
        for way, (name, _) in systems.items()
        if name != "de-first"
    }
    for one, other, name in (
        ("fused", "constrained", "ja-gsd"),
        ("fused", papers, "ja-gsd-first"),
        (ours, papers, "ja-gsd-first"),
        (f"{ours}, German", f"{papers}, German", "de-first"),
    ):
        of, gold_of = corpora[name]
        figures["paired"][f"{one} - {other}"] = paired(gold_of, found[one], found[other], of)
    return figures


def within(rows: Iterable[SentenceRow], sentences: Sequence[Sentence]) -> list[SentenceRow]:
    """Return the rows that belong to these sentences."""
    kept = {row.sentence_id for row in sentences}
    return [row for row in rows if row.sentence_id in kept]


def paired(
    right: Sequence[GoldEntity],
    one: Sequence[Alignment],
    other: Sequence[Alignment],
    sentences: Sequence[Sentence],
) -> dict[str, object]:
    """Test two systems on the same sentences: the difference of F1, its interval, its p-value."""
    compared = compare(
        within(right, sentences),
        within(other, sentences),
        {"one": within(one, sentences)},
        sentences,
        seed=SEED,
    )
    return compared["one"]["all"] | {"sentences": len(sentences)}


def speed() -> dict[str, object]:
    """Time translation and alignment with the same chat LLM: ours, and the paper's turn by turn."""
    make(
        "results/models/fused-qwen-0.5b/weights.json",
        "results/wiki/ja/lexicon.marisa",
        "resources/artifacts/en-core-web-sm",
    )
    language = languages.get("ja")
    chat = TransformersLLM(ROOT / "resources/models/qwen2.5-coder-0.5b-instruct")
    titles = lexicon.load(ROOT / "results/wiki/ja/lexicon.marisa")
    weights = read_weights(ROOT / "results/models/fused-qwen-0.5b/weights.json")
    sentences, _ = gold(JAPANESE, GSD, SPEED_SENTENCES)
    types = {"PERSON": "PER", "GPE": "LOC", "LOC": "LOC", "FAC": "LOC", "ORG": "ORG"}
    pipeline = next((ROOT / "resources/artifacts/en-core-web-sm").rglob("meta.json")).parent

    def tagged(english: Iterable[Translation]) -> list[Mention]:
        return list(tag_with_spacy(list(english), pipeline, types))

    def ours() -> list[Mention]:
        english = translate(sentences, chat, language, titles, form="chat", max_new_tokens=160)
        named = tagged(english)
        propose = partial(
            fused.candidates, llm=chat, language=language, lexicon=titles, weights=weights,
            form="chat",
        )  # fmt: skip
        list(align(sentences, named, propose, repeats="all"))
        return named

    def papers(sentence: Sentence) -> list[Mention]:
        """Hold one conversation at a time, as the paper's code does."""
        named = tagged(
            translate_paper.translate([sentence], chat, language, max_new_tokens=PAPER_TOKENS)
        )
        for row in named:
            list(paper.align([sentence], [row], chat, language, max_new_tokens=PAPER_TOKENS))
        return named

    def measured(run: Callable[[], list[Mention]]) -> dict[str, float]:
        chat.calls = chat.generated = 0
        chat.forget()
        started = time.monotonic()
        named = run()
        return {
            "seconds": time.monotonic() - started,
            "entities": sum(row.status == "tagged" for row in named),
            "calls": chat.calls,
            "generated_tokens": chat.generated,
            "peak_memory_mb": peak_memory(),
        }

    # Loads the tables of readings, so that they are not timed.
    list(fused.score([Question("東京", ["Tokyo"])], chat, language, titles, form="chat"))
    figures: dict[str, object] = {"ours": measured(ours)}
    # This takes half an hour: sentences that an earlier run has measured are skipped.
    record = ROOM / "speed.paper.jsonl"
    measured_lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
    with record.open("a", encoding="utf-8") as file:
        for sentence in sentences[len(measured_lines) :]:
            measured_lines.append(json.dumps(measured(partial(papers, sentence))))
            file.write(measured_lines[-1] + "\n")
            file.flush()
    each = [json.loads(line) for line in measured_lines]
    summed = ("seconds", "entities", "calls", "generated_tokens")
    figures["paper"] = {key: sum(one[key] for one in each) for key in summed}
    for name in ("ours", "paper"):
        figures[name]["sentences"] = len(sentences)
        figures[name]["calls_per_sentence"] = round(figures[name]["calls"] / len(sentences), 2)
        figures[name]["seconds"] = round(figures[name]["seconds"], 1)
    figures["ratio"] = round(figures["paper"]["seconds"] / figures["ours"]["seconds"], 1)
    return figures


def peak_memory() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def decoding() -> dict[str, object]:
    """Measure the cost of the grammar, and what another batch size or another run changes."""
    language = languages.get("ru")
    llm, form = model("tuned"), FORMS["tuned"]
    sentences, tagged, _ = parallel()
    texts = {row.sentence_id: row.text for row in sentences}
    asked = [(texts[r.sentence_id], r.surface) for r in tagged if r.status == "tagged"]
    asked = asked[:96]
    questions = [prompts.alignment(text, name, language, form) for text, name in asked]
    within = [one_line(text) for text, _ in asked]

    def seconds(**options: object) -> float:
        started = time.monotonic()
        answers = llm.complete(
            questions, max_new_tokens=prompts.ANSWER_TOKENS, stop=prompts.QUOTE, **options
        )
        tokens = sum(answer[0].tokens for answer in answers)
        return (time.monotonic() - started) / tokens

    seconds(within=within)
    rounds = [(seconds(), seconds(within=within)) for _ in range(3)]
    free, bound = (min(column) for column in zip(*rounds, strict=True))
    by_name: dict[str, list[str]] = {}
    for text, name in asked:
        by_name.setdefault(text, []).append(name)
    groups = [Question(text, list(dict.fromkeys(names))) for text, names in by_name.items()]
    from eatner.llm import room

    runs = []
    usual = room.FOREST_TOKENS
    for size in (usual, usual, 1, 4 * usual):
        room.FOREST_TOKENS = size
        runs.append(fused.score(groups, llm, language, None, form=form))
    room.FOREST_TOKENS = usual
    flat = [[entity for entities in run for entity in entities] for run in runs]
    same = [
        sum(a.surfaces[a.signals[:-1, 0].argmax()] == b.surfaces[b.signals[:-1, 0].argmax()]
            for a, b in zip(flat[0], other, strict=True))
        for other in flat[1:]
    ]  # fmt: skip
    exact = all(
        a.surfaces == b.surfaces and (a.signals == b.signals).all()
        for a, b in zip(flat[0], flat[1], strict=True)
    )
    return {
        "seconds_per_token": {"free": free, "grammar": bound},
        "grammar_overhead": bound / free - 1,
        "entities": len(flat[0]),
        "same_bytes_again": exact,
        "same_best_one_sentence_a_batch": same[1],
        "same_best_four_times_the_batch": same[2],
    }


def recovery() -> dict[str, object]:
    """Measure `locate` on the gold entities of four languages, verbatim and inside sentences."""
    import random

    import test_locate

    figures: dict[str, object] = {}
    for code in test_locate.GOLD:
        cases = test_locate.mentions(code)
        exact = sum(
            same <= set(found) and (start, end) in found
            for text, start, end, same in cases
            for found in [locate(text[start:end], text)]
        )
        few = random.Random(1).sample(cases, min(500, len(cases)))
        shares = {}
        for name, wrap in (test_locate.WRAPPINGS | test_locate.SPECIAL[code]).items():
            shares[name] = sum(
                locate(wrap(text[start:end]), text) == locate(text[start:end], text)
                for text, start, end, _ in few
            ) / len(few)
        worst = min(shares, key=shares.get)
        figures[code] = {
            "entities": len(cases),
            "verbatim": exact / len(cases),
            "wrappings": len(shares),
            "worst_wrapping": worst,
            "worst": shares[worst],
        }
    return {"languages": figures}


PARTS = {
    "projection": projection,
    "projection-untuned": projection_untuned,
    "projection-constrained": projection_constrained,
    "projection-words": projection_words,
    "languages": other_languages,
    "system": system,
    "speed": speed,
    "decoding": decoding,
    "recovery": recovery,
}


# --- the page -----------------------------------------------------------------------------------


def page() -> str:
    """Write the page with all parts that have been run."""
    parts = {
        name: json.loads((ROOM / f"{name}.json").read_text(encoding="utf-8"))
        for name in PARTS
        if (ROOM / f"{name}.json").exists()
    }
    # The parts of the projection share a section.
    for name in ("projection-untuned", "projection-constrained", "projection-words"):
        if "projection" in parts and name in parts:
            more = parts.pop(name)
            parts["projection"]["systems"] |= more.pop("systems")
            kept = {key: v for key, v in more.items() if key.startswith(("weights", "words"))}
            parts["projection"] |= kept
            parts["projection"]["ran"]["seconds"] += more["ran"]["seconds"]
    lines = [
        "# Alignment: figures",
        "",
        "Written by `make bench-align`. Each part of `bench/bench_align.py` computes its figures "
        "in one run; its date is below the figures.",
        f"Machine: {cores()}, Python {platform.python_version()}. F1 is strict: first and last "
        "character and type. LLMs: Gemma 3 270M (Q4_K_M, converted), untuned (few-shot) and tuned "
        "(LoRA on pairs of the sample wiki); the paper's chat turns need an instruct LLM, here "
        "Qwen2.5-Coder-0.5B-Instruct.",
        "",
    ]
    for name, write in (
        ("projection", projection_page),
        ("languages", languages_page),
        ("system", system_page),
        ("speed", speed_page),
        ("decoding", decoding_page),
        ("recovery", recovery_page),
    ):
        if name in parts:
            ran = parts[name]["ran"]
            lines += [*write(parts[name]), "", f"Run on {ran['date']}, {ran['seconds']} s.", ""]
    return "\n".join(lines)


def cores() -> str:
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return f"{len(os.sched_getaffinity(0))} cores ({model})"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        "|---" * len(head) + "|",
        *(f"| {' | '.join(map(str, row))} |" for row in rows),
    ]


def percent(value: float) -> str:
    return f"{100 * value:.1f}"


def strict_row(name: str, figures: Mapping[str, object]) -> list[str]:
    low, high = figures["f1_ci95"]
    return [
        name,
        percent(figures["precision"]),
        percent(figures["recall"]),
        f"**{percent(figures['f1'])}** [{percent(low)}, {percent(high)}]",
        percent(figures["spans_f1"]),
        figures["predicted"],
    ]


HEAD = ("system", "P", "R", "F1 [95%]", "F1 of spans", "predicted")


def projection_page(figures: Mapping[str, object]) -> list[str]:
    limit = figures["ceiling"]
    lines = [
        "## Projection alone: English to Russian (PUD, parallel)",
        "",
        f"Gold English entities in ({limit['english']}), strict F1 against gold Russian entities "
        f"({limit['gold']}), 1,000 sentences. The two gold standards disagree: an aligner that "
        "always found a gold span of the entity's type, as long as one is left, would reach an F1 "
        f"of {percent(limit['f1'])} (spans without types: {percent(limit['spans_f1'])}).",
        "",
        *table(
            HEAD,
            (
                strict_row(name, row)
                for name, row in figures["systems"].items()
                if not name.startswith("without")
            ),
        ),
        "",
        "Outcome for the English entities (fused, tuned): "
        + "; ".join(f"{kind} {number}" for kind, number in figures["errors"].items())
        + f". Expected calibration error {figures['calibration']['ece']:.3f}.",
        "",
        *(words_lines(figures["words"]) if "words" in figures else []),
        f"The first {PAPER_SENTENCES} sentences, with the paper's procedure:",
        "",
        *table(HEAD, (strict_row(name, row) for name, row in figures["first"].items())),
        "",
        *paired_table(figures["paired"]),
        "",
        "One part left out at a time, and the weights learned again (fused, tuned):",
        "",
        *table(
            ("without", "F1 [95%]", "F1 of spans"),
            (
                [name.removesuffix(", tuned").removeprefix("without "), *strict_row(name, row)[3:5]]
                for name, row in figures["systems"].items()
                if name.startswith("without")
            ),
        ),
        "",
    ]
    for name in (name for name in ("tuned", "untuned") if f"weights, {name}" in figures):
        record = figures[f"weights, {name}"]
        weights = ", ".join(f"{signal} {value:.2f}" for signal, value in record["weights"].items())
        lines += [
            f"Weights, {name}: {weights}; learned on {record['pairs']} wiki pairs, accuracy "
            f"{percent(record['accuracy'])}%, calibration error {record['calibration_error']:.3f} "
            "(cross-validated).",
            "",
        ]
    return lines[:-1]


def words_lines(figures: Mapping[str, object]) -> list[str]:
    low, high = LAYER_SENTENCES.start + 1, LAYER_SENTENCES.stop
    layer, by_layer = figures["layer"], [percent(f1) for f1 in figures["by_layer"]]
    others = "; ".join(f"{method} {percent(f1)}" for method, f1 in figures["others"].items())
    return [
        "Word alignment is SimAlign's, with hidden states of untuned Gemma in place of a "
        "multilingual encoder, because no hub was reached. Its layer was chosen on sentences "
        f"{low} to {high}: {layer}, with F1 {by_layer[layer]} there (itermax; all layers, from 0: "
        f"{', '.join(by_layer)}). F1 on the other sentences alone: {others}. Outcome "
        "for the English entities (itermax): "
        + "; ".join(f"{kind} {number}" for kind, number in figures["errors"].items())
        + ".",
        "",
    ]


def languages_page(figures: Mapping[str, object]) -> list[str]:
    lines = [
        "## Projection alone: Chinese and Japanese",
        "",
        "The input is gold entities of UNER's Chinese GSD and of Japanese UD-GSD (the first "
        "sentences of dev), with English names written by hand (`bench/names_zh.tsv`, "
        "`names_ja.tsv`). Strict F1 against gold. No Chinese wiki was read: tuning and weights "
        "come from other languages.",
    ]
    for code, row in figures["languages"].items():
        title = f"{languages.get(code).name}: {row['sentences']} sentences, {row['entities']} names"
        lines += ["", f"**{title}**", ""]
        lines += table(HEAD, (strict_row(*one) for one in row["systems"].items()))
    return lines


def system_page(figures: Mapping[str, object]) -> list[str]:
    return [
        "## The whole system: Japanese (UD-GSD dev)",
        "",
        f"On the first {JA_SENTENCES} sentences; systems with the chat LLM on the first "
        f"{PAPER_SENTENCES}. The chat LLM knows hardly any Japanese, so its systems are also "
        f"measured on the first {GERMAN_SENTENCES} sentences of WikiANN German.",
        "",
        *table(HEAD, (strict_row(name, row) for name, row in figures["systems"].items())),
        "",
        f"All systems on the first {PAPER_SENTENCES} sentences of UD-GSD:",
        "",
        *table(HEAD, (strict_row(name, row) for name, row in figures["first"].items())),
        "",
        *paired_table(figures["paired"]),
    ]


def paired_table(figures: Mapping[str, Mapping]) -> list[str]:
    return table(
        ("paired", "sentences", "difference [95%]", "p"),
        (
            [
                name,
                row["sentences"],
                f"{percent(row['difference'])} [{percent(row['difference_ci95'][0])}, "
                f"{percent(row['difference_ci95'][1])}]",
                f"{row['p_value']:.4f}",
            ]
            for name, row in figures.items()
        ),
    )


def speed_page(figures: Mapping[str, object]) -> list[str]:
    columns = ("seconds", "entities", "calls", "calls_per_sentence", "generated_tokens")
    return [
        "## Speed: translation and alignment, with the same chat LLM and sentences",
        "",
        f"{figures['ours']['sentences']} sentences of UD-GSD dev with Qwen2.5-Coder-0.5B-Instruct. "
        "Ours is `entity-aware` and `fused`, in batches. The paper's procedure has one turn at a "
        f"time, with up to {PAPER_TOKENS} new tokens each. "
        f"**Ours is {figures['ratio']} times faster.** "
        f"Peak memory {figures['ours']['peak_memory_mb']} MB.",
        "",
        *table(
            ("", *(column.replace("_", " ") for column in columns)),
            ([name, *(figures[name][column] for column in columns)] for name in ("ours", "paper")),
        ),
    ]


def decoding_page(figures: Mapping[str, object]) -> list[str]:
    took = figures["seconds_per_token"]
    return [
        "## Grammar and determinism",
        "",
        f"A token of an answer takes {1000 * took['free']:.1f} ms, and "
        f"{1000 * took['grammar']:.1f} ms under the grammar: "
        f"{percent(figures['grammar_overhead'])}% more (batches, best of "
        "three in alternation).",
        "",
        f"{figures['entities']} entities were scored again. All signals have the same bits: "
        f"{figures['same_bytes_again']}. The most probable phrase is the same for "
        f"{figures['same_best_one_sentence_a_batch']} of them with one sentence in a batch, and "
        f"for {figures['same_best_four_times_the_batch']} with a batch four times as large.",
    ]


def recovery_page(figures: Mapping[str, object]) -> list[str]:
    return [
        "## Span recovery from free answers",
        "",
        *table(
            ("gold", "entities", "verbatim", "wrappings", "worst wrapping", "its share"),
            (
                [
                    code,
                    row["entities"],
                    f"{percent(row['verbatim'])}%",
                    row["wrappings"],
                    row["worst_wrapping"] if row["worst"] < 1 else "all alike",
                    f"{percent(row['worst'])}%",
                ]
                for code, row in figures["languages"].items()
            ),
        ),
    ]


if __name__ == "__main__":
    main()
