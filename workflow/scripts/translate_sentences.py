"""Translate sentences into English with their entities in mind."""

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import job
from eatner import tables
from eatner.corpora.formats import read as formats_read
from eatner.fetch import artifacts
from eatner.lexicon import load
from eatner.llm.open import open_journal, open_llm
from eatner.tables import Sentence, Translation
from eatner.text import languages
from eatner.text import sentences as text_sentences
from eatner.translate import identity, paper, parallel
from eatner.translate.entity_aware import translate


def main(
    sentences: Path,
    language: str,
    translator: dict,
    english: Path,
    threads: int,
    prompt: str | None = None,
    engine: dict | None = None,
    pace: dict | None = None,
    llm: Path | None = None,
    adapter: Path | None = None,
    lexicon: Path | None = None,
    parallel_text: Path | None = None,
    original: Path | None = None,
    pairing: dict | None = None,
) -> None:
    texts = list(tables.read(sentences, Sentence))
    if translator["kind"] == "identity":
        tables.write(english, Translation, identity.translate(texts))
        return
    if translator["kind"] == "parallel":
        rows = pair(texts, language, translator, parallel_text, original, pairing)
        tables.write(english, Translation, rows)
        return
    job.use_threads(threads)
    journal = open_journal(english, engine, llm, adapter)
    options = {"max_new_tokens": translator["max_new_tokens"], "journal": journal}
    asked = texts, open_llm(engine, pace, llm, adapter), languages.get(language)
    if translator["kind"] == "paper":
        rows = paper.translate(*asked, **options)
    else:
        titles = lexicon and load(lexicon)
        options["names"] = translator["names"]
        rows = translate(*asked, titles, form=prompt, **options)
    tables.write(english, Translation, rows)
    journal.close()


def pair(
    texts: Sequence[Sentence],
    language: str,
    translator: dict,
    parallel_text: Path,
    original: Path | None,
    pairing: dict,
) -> Iterable[Translation]:
    """Pair the sentences with an English corpus, or with the lines of a file."""
    if "corpus" in translator:
        english = list(tables.read(parallel_text, Sentence))
        return parallel.from_corpus(
            texts, english, translator["corpus"], sampled=pairing["sampled"]
        )
    if original is None:
        ids = [row.sentence_id for row in texts]
    else:
        read = formats_read(
            artifacts.content(original),
            pairing["format"],
            language_spaces=languages.get(language).spaces,
            scheme=pairing["scheme"],
            separator=pairing["separator"],
            token_column=pairing["token_column"],
            tag_column=pairing["tag_column"],
            splitter=partial(text_sentences.split, language=languages.get(language)),
        )
        ids = [sentence.sentence_id for sentence in read]
    return parallel.from_file(texts, parallel_text, ids)


if __name__ == "__main__":
    job.run(main, globals().get("snakemake"))
