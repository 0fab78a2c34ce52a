"""Run the paper's experiment in small, and write a page of what came out.

    python bench/bench_paper.py --out docs/results.md [--languages ko hi] [--page]

The experiment is `config/paper-small.yaml`. Snakemake computes one language after the other, and
the page is written after each: what has not run yet, or has failed, is named there. A stopped run
goes on where it stopped, because finished files and the answers of the LLMs are kept. The figures
are kept in a folder beside the page, so that another machine can compute another part. Gold is read
from `../shared/data`, which is not part of the project: see docs/benchmarks/data.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow/scripts"))

from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config

from eatner import tables
from eatner.config.configuration import Configuration
from eatner.evaluate.significance import count_types
from eatner.files import write_text
from eatner.report import records, results, times
from eatner.report.plot import plot_stages, plot_systems
from eatner.report.results import Pair, Result, Text
from eatner.tables import Alignment, GoldEntity, Sentence
from eatner.text import languages

CONFIG = Path("config/paper-small.yaml")
COMPARISON = "results/compare/index.html"
# Title lookup: a system of config.yaml, for the languages that have a wiki.
LOOKUP = "lookup"
NO_WIKI = "no wiki"
# The system that is held against the others.
OURS = "ours"
TUNED = "ours-1.5b-tuned"
SCORE = "results/{corpus}/score/{translator}/{tagger}/{aligner}.json"
# The settings of a component that name what is configured elsewhere, and the section of that.
NAMED = {"model": "models", "base": "models", "tagger": "taggers", "wikis": "wikis"}
# Facts by section and name, see `found_facts`.
Facts = Mapping[str, Mapping[str, Any]]
ENTITIES = "results/{corpus}/align/{translator}/{tagger}/{aligner}.tsv"


@dataclass(frozen=True)
class Experiment:
    """What is compared.

    Attributes:
        configuration: config.yaml and `CONFIG`.
        corpora: The corpora to run and to show.
    """

    configuration: Configuration
    corpora: Sequence[str]

    @property
    def systems(self) -> dict[str, Mapping[str, str]]:
        """The translator, tagger and aligner of each system by name, title lookup at the end."""
        lookup = self.configuration.values["compare"]["systems"][LOOKUP]
        return {**self.configuration.systems, LOOKUP: lookup}

    def systems_of(self, corpus: str) -> dict[str, Mapping[str, str]]:
        """The systems that can run on a corpus."""
        has_wiki = self.configuration.corpora[corpus].lexicon is not None
        return {name: parts for name, parts in self.systems.items() if has_wiki or name != LOOKUP}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="path of the page to write")
    parser.add_argument("--languages", nargs="+", help="codes of languages; all without it")
    parser.add_argument("--page", action="store_true", help="run nothing, only write the page")
    parser.add_argument("--dry-run", action="store_true", help="show the plan and write nothing")
    options = parser.parse_args()
    out = options.out.resolve()
    os.chdir(ROOT)
    experiment = chosen(configured(), options.languages)
    if options.dry_run:
        return make(experiment, [*scores(experiment, experiment.corpora), COMPARISON], "--dry-run")
    failed = 0
    if not options.page:
        for corpus in experiment.corpora:
            failed |= make(experiment, scores(experiment, [corpus]))
            write_page(experiment, out)
        failed |= make(experiment, [COMPARISON])
    write_page(experiment, out)
    return failed


# --- the run ------------------------------------------------------------------------------------


def configured() -> Configuration:
    config = load_configfile("config/config.yaml")
    update_config(config, load_configfile(CONFIG))
    return Configuration.read(config, ROOT)


def chosen(configuration: Configuration, codes: Sequence[str] | None) -> Experiment:
    """Return the experiment with the corpora of some languages, or with all."""
    language_of = {
        name: configuration.corpora[name].language
        for name in configuration.values["compare"]["corpora"]
    }
    if unknown := set(codes or ()) - set(language_of.values()):
        known = ", ".join(language_of.values())
        sys.exit(f"unknown language {', '.join(sorted(unknown))}. Known: {known}.")
    corpora = [name for name, code in language_of.items() if codes is None or code in codes]
    return Experiment(configuration, corpora)


def scores(experiment: Experiment, corpora: Sequence[str]) -> list[str]:
    """Return the paths of all scores on some corpora."""
    return [
        SCORE.format(corpus=corpus, **parts)
        for corpus in corpora
        for parts in experiment.systems_of(corpus).values()
    ]


def make(experiment: Experiment, targets: Sequence[str], *options: str) -> int:
    """Make files with Snakemake, as many as can be made; return its exit status."""
    command = [sys.executable, "-m", "snakemake", "--cores", "8", "--keep-going"]
    command += ["--rerun-incomplete", *options, "--configfile", str(CONFIG)]
    command += ["--config", f"compare={{corpora: [{', '.join(experiment.corpora)}]}}"]
    return subprocess.run([*command, "--", *targets], check=False).returncode


# --- what it made -------------------------------------------------------------------------------


def read_texts(experiment: Experiment, folder: Path) -> list[Text]:
    """Read what has run, here and in the records of a folder, and write the records anew."""
    texts = []
    for corpus in experiment.corpora:
        path = folder / f"{corpus}.json"
        settings = {
            name: settings_of(experiment, corpus, parts)
            for name, parts in experiment.systems_of(corpus).items()
        }
        text = records.add_kept(read_text(experiment, corpus, settings), path, settings)
        records.write(text, path)
        texts.append(text)
    return texts


def settings_of(
    experiment: Experiment, corpus: str, parts: Mapping[str, str]
) -> dict[str, Mapping[str, object]]:
    """What a system and its corpus are configured as, with all that its components name."""
    values = experiment.configuration.values
    chosen = {part: values[f"{part}s"][name] for part, name in parts.items()}
    found: dict[str, Mapping[str, object]] = {}
    left = list(chosen.values())
    while left:
        given = left.pop()
        for key, section in NAMED.items():
            names = given.get(key, [])
            for name in [names] if isinstance(names, str) else names:
                if name not in found:
                    found[name] = values[section][name]
                    left.append(found[name])
    language = experiment.configuration.corpora[corpus].language
    return {
        "seed": {"seed": values["seed"]},
        "corpus": values["corpora"][corpus],
        "wiki": values["wikis"].get(language, {}),
        **chosen,
        **dict(sorted(found.items())),
    }


def read_text(
    experiment: Experiment, corpus: str, settings: Mapping[str, Mapping[str, object]]
) -> Text:
    """Read a corpus, if it has been read here, and the systems that have run on it here."""
    folder = Path("results", corpus)
    systems = experiment.systems_of(corpus)
    path = folder / "gold.tsv"
    sentences: list[Sentence] = []
    gold: list[GoldEntity] = []
    if path.exists():
        sentences = list(tables.read(folder / "sentences.tsv", Sentence))
        gold = list(tables.read(path, GoldEntity))
    found = {}
    reviewed = experiment.configuration.reviewed
    for name, parts in systems.items():
        if (ran := read_result(corpus, parts)) is not None:
            score, entities = ran
            counts = count_types(gold, entities, sentences)
            seconds = times.seconds(
                times.labelling_files([corpus], [parts], lambda *_: 1, reviewed)
            )
            found[name] = Result(score, counts, settings[name], made(), seconds)
    return Text(
        corpus,
        languages.get(experiment.configuration.corpora[corpus].language).name,
        len(sentences),
        sum(row.status == "scored" for row in gold),
        found,
        dict.fromkeys(experiment.systems.keys() - systems.keys(), NO_WIKI),
        sha256(path) if path.exists() else "",
    )


def read_result(
    corpus: str, parts: Mapping[str, str]
) -> tuple[dict[str, Any], list[Alignment]] | None:
    """Read the score and the entities of a system; None if they are missing or do not match."""
    score, entities = (Path(path.format(corpus=corpus, **parts)) for path in (SCORE, ENTITIES))
    if not (score.exists() and entities.exists()):
        return None
    record = json.loads(score.read_text(encoding="utf-8"))
    scored = {entities: "align", Path("results", corpus, "gold.tsv"): "gold.tsv"}
    for path, name in scored.items():
        if sha256(path) != record["provenance"]["sha256"][name]:
            return None
    return record, list(tables.read(entities, Alignment))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def made() -> str:
    """Say when and where results were computed."""
    return f"{date.today()}, commit {commit()}, {cores()}"


def pairs(systems: Sequence[str]) -> list[Pair]:
    """Return the pairs to test: ours less each other system, and what the tuning changes."""
    tuned = [name for name in systems if f"{name}-tuned" in systems]
    return [
        *((OURS, name) for name in systems if name != OURS and not name.endswith("-tuned")),
        *((TUNED, f"{name}-tuned") for name in tuned if f"{name}-tuned" != TUNED),
        *((f"{name}-tuned", name) for name in tuned),
    ]


# --- the page -----------------------------------------------------------------------------------


def write_page(experiment: Experiment, out: Path) -> None:
    """Write the page; its records and pictures go into a folder of its name beside it."""
    folder = out.with_suffix("")
    texts = read_texts(experiment, folder)
    facts = records.merge_facts(folder / "experiment.json", found_facts(experiment))
    pictures = draw(texts, folder)
    write_text(out, page(experiment, texts, facts, pictures))


def draw(texts: Sequence[Text], folder: Path) -> dict[str, str]:
    """Draw what has run, and return the pictures as the page shows them, by name."""
    captions = {
        "f1": "F1 by language and system, with 95% intervals",
        "stages": "Errors by the step that made them",
    }
    scored = results.scores(texts)
    if not scored:
        return dict.fromkeys(captions, "")
    plot_systems(scored, folder / "f1.svg")
    plot_stages(scored, folder / "stages.svg")
    return {name: f"![{caption}]({folder.name}/{name}.svg)" for name, caption in captions.items()}


def page(
    experiment: Experiment, texts: Sequence[Text], facts: Facts, pictures: Mapping[str, str]
) -> str:
    """Write the page in Markdown."""
    values = experiment.configuration.values
    seed, baseline = values["seed"], experiment.configuration.baseline
    systems = list(experiment.systems)
    table = results.rows(texts, baseline, seed)
    # What has not run is named once, above the tables.
    ran = [name for name in systems if any(name in text.results for text in texts)]
    found = results.differences(texts, pairs(ran), seed)
    found = {pair: by_language for pair, by_language in found.items() if by_language}
    blocks = [
        "# The paper's experiment in small",
        *introduction(texts, systems),
        "Strict F1 in per cent, with its 95% interval; the best of a column is in bold. † p < 0.05 "
        f"and ‡ p < 0.01 against `{baseline}` (approximate randomisation, adjusted by Holm for the "
        "number of systems).",
        results.f1_table(texts, ran, table),
        pictures["f1"],
        "## What it shows",
        bullets(shown(texts, table, found)),
        "## What it cannot show",
        bullets(not_shown(facts, texts, table)),
        "## The systems",
        describe(experiment),
        "## Paired differences",
        "In F1 points, with 95% intervals (paired bootstrap over sentences) and p (approximate "
        "randomisation, two-sided, not adjusted).",
        results.differences_table(found, texts),
        "## Errors by step",
        "All languages together. Whether a translation names an entity is judged by titles of the "
        "wiki and by readings, so the first steps are estimates. `no step`: the English names an "
        "entity that gold does not have.",
        results.stages_table(texts, ran),
        pictures["stages"],
        "## By language",
        *by_language(texts, ran, table),
        "## Training",
        training(experiment, facts),
        "## Time",
        *time_taken(facts, texts),
    ]
    return "\n\n".join(filter(None, blocks)) + "\n"


def bullets(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def introduction(texts: Sequence[Text], systems: Sequence[str]) -> list[str]:
    """Say what this is, of which state of the code, and what has not run."""
    missing = results.missing(texts, systems)
    return [
        "The procedure of [Zhang et al. 2025](https://arxiv.org/abs/2509.01147) and ours, with "
        "Qwen2.5-Coder-1.5B-Instruct as it is and tuned, on a sample of each language. "
        "[config/paper-small.yaml](../config/paper-small.yaml) is the experiment, "
        "[config/paper.yaml](../config/paper.yaml) the same at the paper's size.",
        f"Written by `make bench-paper`. {versions(texts)}",
        bullets(results.say_made(texts)),
        *([f"**Not run yet.** {'; '.join(missing)}."] if missing else []),
    ]


@cache
def commit() -> str:
    """Return the commit of the checkout, and whether its files differ from it."""
    git = ["git", "-C", str(ROOT)]
    found = subprocess.run(
        [*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False
    )
    if found.returncode:
        return "unknown"
    changed = subprocess.run(
        [*git, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs"],
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stdout.strip() + (" with changes" if changed.stdout else "")


def cores() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{len(os.sched_getaffinity(0))} cores ({[*models, platform.machine()][0]})"


def versions(texts: Sequence[Text]) -> str:
    """List the versions that computed the scores."""
    used: dict[str, dict[str, bool]] = {}
    for text in texts:
        for result in text.results.values():
            for package, version in result.score["provenance"]["versions"].items():
                used.setdefault(package, {})[version] = True
    listed = ", ".join(f"{package} {' and '.join(found)}" for package, found in used.items())
    return f"Versions: {listed}." if listed else ""


def shown(
    texts: Sequence[Text], table: Sequence[tables.Comparison], found: results.Differences
) -> list[str]:
    """Say what the figures show; the figures choose the sentences."""
    if not table:
        return ["Nothing has run yet."]
    return [
        *results.say_best(table, texts),
        *(results.say_difference(pair, by_language) for pair, by_language in found.items()),
        *results.say_losses(texts, OURS),
        *results.say_losses(texts, "paper"),
    ]


def not_shown(facts: Facts, texts: Sequence[Text], table: Sequence[tables.Comparison]) -> list[str]:
    """Say what the figures cannot show."""
    without = [text.language for text in texts if LOOKUP in text.impossible]
    sizes = [f"{text.language} {text.sentences}" for text in texts if text.sentences]
    counts = [f"{code} {titles:,}" for code, titles in facts["wikis"].items()]
    said = [
        "How the methods compare with a large LLM. The paper has Qwen2.5-14B and 7B-Instruct; this "
        "one has a tenth of the weights of the former, in four bits, and was tuned further on "
        "code. A small LLM may follow the paper's chat turns less well, to the good of the others.",
        "Small differences. "
        + " ".join([f"Sentences: {', '.join(sizes)}."] * bool(sizes) + results.say_widths(table)),
        "What full dumps would bring. The wikis are samples written for this project"
        + (f" (articles: {', '.join(counts)})." if counts else "."),
        "The paper's F1. Its tagger is a Flan-T5 trained on WikiANN English, its gold the test "
        "splits of WikiANN. Here the tagger is spaCy's small model, and each corpus has its own "
        "idea of an entity: WikiANN (silver, of Wikipedia, so titles help) in German and Russian, "
        "UNER in Chinese, KLUE in Korean, HiNER in Hindi, Hironsan's corpus in Japanese.",
        "Whether the LLM saw these sentences when it was trained, and how much another seed would "
        "change: there is one sample of each corpus, and decoding is greedy or by beams.",
    ]
    if without:
        said.append(
            f"What titles of a wiki bring in {results.listed(without)}: there is no such wiki "
            "here, so the only hints are names that the LLM lists itself, and title lookup cannot "
            "run."
        )
    return said


def wiki_titles(experiment: Experiment) -> dict[str, int]:
    """Return the number of titles of each wiki that has been read."""
    paths = {
        code: Path(f"results/wiki/{code}/titles.tsv") for code in experiment.configuration.wikis
    }
    return {
        code: sum(1 for title in tables.read(path, tables.Title) if title.kind == "article")
        for code, path in paths.items()
        if path.exists()
    }


WHAT = {
    "paper": "the paper's procedure: three chat turns a sentence, three an entity",
    "paper-tuned": "the same; the LLM that aligns is tuned on pairs of the wikis",
    "ours": "one turn with hints: titles of the wiki, names that the LLM lists; it also reviews "
    "what the tagger found; fused aligner",
    "ours-1.5b": "the same; the LLM that translates also aligns",
    "ours-1.5b-tuned": "the same; tuned on pairs of the wikis, it aligns",
    "small": "ours with smaller LLMs, those of `make run`: Gemma 3 270M translates and aligns, "
    "Qwen2.5-Coder-0.5B reviews",
    "no-review": "ours with the tagger's own names and types",
    "no-hints": "ours without hints",
    "one-signal": "ours; the aligner chooses among the same candidates by the LLM's probability of "
    "the phrase alone",
    "no-fusion": "ours; the aligner takes the LLM's answer, restricted to the sentence",
    "words": "ours; words of the sentence and of its English are linked by their embeddings",
    "direct": "the LLM tags the sentence itself, without English",
    LOOKUP: "names of the wiki in the sentence itself, without an LLM",
}


def describe(experiment: Experiment) -> str:
    return results.markdown_table(
        ["system", "what it is", "translator", "tagger", "aligner"],
        (
            [name, WHAT.get(name, ""), parts["translator"], parts["tagger"], parts["aligner"]]
            for name, parts in experiment.systems.items()
        ),
        words=5,
    )


def by_language(
    texts: Sequence[Text], systems: Sequence[str], table: Sequence[tables.Comparison]
) -> list[str]:
    blocks = []
    for text in texts:
        shown = [name for name in systems if name in text.results or name in text.impossible]
        if text.results:
            blocks += [f"**{text.language}** (`{text.corpus}`, {text.sentences} sentences)"]
            blocks += [results.details_table(text, shown, table)]
    return blocks


def found_facts(experiment: Experiment) -> dict[str, dict[str, Any]]:
    """What has been learned here, and from how much: wikis, training, seconds."""
    models = dict.fromkeys(experiment.configuration.trained, say_tuning)
    aligners = experiment.configuration.aligners
    names = [parts["aligner"] for parts in experiment.systems.values()]
    fused = dict.fromkeys((n for n in names if aligners[n].kind == "fused"), say_weights)
    said = {name: say(Path("results/models", name)) for name, say in (models | fused).items()}
    trained = experiment.configuration.trained
    return {
        "wikis": wiki_titles(experiment),
        "training": {name: text for name, text in said.items() if text is not None},
        "seconds": times.seconds(times.training_files(experiment.systems.values(), trained)),
    }


def training(experiment: Experiment, facts: Facts) -> str:
    """Say what tuning and weighing reached on entities that were held out."""
    aligners = experiment.configuration.aligners
    names = dict.fromkeys(
        [
            *experiment.configuration.trained,
            *(
                parts["aligner"]
                for parts in experiment.systems.values()
                if aligners[parts["aligner"]].kind == "fused"
            ),
        ]
    )
    return bullets([f"`{name}`: {facts['training'].get(name, 'not run.')}" for name in names])


def say_tuning(folder: Path) -> str | None:
    path = folder / "training.json"
    if not path.exists():
        return None
    record = json.loads(path.read_text(encoding="utf-8"))
    before, after = (100 * record["exact_match"][when]["all"] for when in ("before", "after"))
    return (
        f"tuned on {record['train']['pairs']} pairs of {', '.join(record['languages'])}; exact "
        f"match on {record['held_out']['pairs']} pairs of held-out entities {before:.1f}% before, "
        f"{after:.1f}% after."
    )


def say_weights(folder: Path) -> str | None:
    path = folder / "weights.json"
    if not path.exists():
        return None
    record = json.loads(path.read_text(encoding="utf-8"))
    return (
        f"weights of its signals learned on {record['pairs']} pairs, accuracy "
        f"{100 * record['accuracy']:.1f}% (cross-validated)."
    )


def time_taken(facts: Facts, texts: Sequence[Text]) -> list[str]:
    """Tabulate the seconds of the steps of each language, and list those of the training."""
    measured = any(ran.seconds for text in texts for ran in text.results.values())
    if not facts["seconds"] and not measured:
        return ["Nothing was measured."]
    steps = "; ".join(f"{step} {value:,.0f} s" for step, value in facts["seconds"].items())
    return [
        "Wall-clock seconds of the last run of each job: what a stopped run had answered before is "
        "not counted. Steps that systems share run once. Machines differ, and so does what else "
        "ran on them.",
        results.times_table(texts),
        *([f"For all languages: {steps}."] if steps else []),
    ]


if __name__ == "__main__":
    sys.exit(main())
