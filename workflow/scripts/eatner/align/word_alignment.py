"""Align by word alignment, the usual projection of labels: a baseline.

The subwords of a sentence and of its English are embedded by a multilingual encoder, and linked by
how similar they are (see `eatner.align.links`). An English entity is what stands from the first to
the last word that one of its subwords is linked to. That words are linked if any of their subwords
are is how SimAlign works by default (Jalili Sabet et al. 2020, arXiv 2004.08728, section 3.3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from eatner.align import links
from eatner.align.candidates import widened
from eatner.align.phrases import phrase_pieces
from eatner.align.rows import alignment_row
from eatner.align.step import Step
from eatner.errors import InputError
from eatner.keep import kept
from eatner.llm.local import LocalModel
from eatner.llm.pretrained import load, positions
from eatner.llm.states import Embedded, Embedder
from eatner.progress import counter
from eatner.tables import Alignment, Mention, Sentence, Span, by_sentence
from eatner.text.characters import in_word
from eatner.text.languages import Language

# Sentences of a batch, each with its English.
BATCH = 16
METHODS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "argmax": links.argmax,
    "itermax": links.itermax,
}


def run(step: Step) -> Iterator[Alignment]:
    """Align the entities of a step."""
    return align(
        step.sentences,
        {row.sentence_id: row.english for row in step.translations},
        step.mentions,
        open_embedder(step),
        METHODS[step.settings["method"]],
        step.language,
    )


def open_embedder(step: Step) -> Embedder:
    """Load the encoder of a step, or the LLM whose hidden states take its place.

    Raises:
        InputError: They cannot be loaded, or the LLM does not run here.
    """
    layer = step.settings["layer"]
    if "encoder" in step.inputs:
        import torch

        torch.set_num_threads(step.threads)
        folder = step.inputs["encoder"]
        return kept(("encoder", folder, layer), lambda: _load_encoder(folder, layer))
    local = getattr(step.open_llm(), "local", None)
    if not isinstance(local, LocalModel):
        raise InputError(
            "word alignment needs the hidden states of an LLM that runs here",
            record="the aligner's `model`",
            remedy="Name a model that transformers runs, or an encoder by `hub` or `folder`.",
        )
    return Embedder(local.model.base_model, local.tokenizer, layer, local.context)


def _load_encoder(folder: Path, layer: int) -> Embedder:
    from transformers import AutoModel

    model, tokenizer = load(folder, AutoModel.from_pretrained)
    return Embedder(model, tokenizer, layer, positions(tokenizer, model.config))


def align(
    sentences: Sequence[Sentence],
    english: Mapping[str, str],
    tagged: Sequence[Mention],
    embedder: Embedder,
    link: Callable[[np.ndarray], np.ndarray],
    language: Language,
) -> Iterator[Alignment]:
    """Align the English entities of every sentence by the links of their words.

    A span has whole words: the tokens of the corpus, if it has any. In a script without spaces
    these are otherwise the subwords, but no run of katakana, Latin letters or digits is cut.

    Args:
        sentences: Rows of sentences.tsv.
        english: The English of each sentence, by its id.
        tagged: Rows of a tag TSV.
        embedder: Embeds subwords.
        link: Links subwords by their similarity, 0 to 1: one of `METHODS`.
        language: The sentences' language.

    Yields:
        One row for every row of `tagged`, in the order of the sentences: `aligned`; `taken`, if
        the span overlaps that of an entity before it; `no_candidate`, if no word is linked;
        `too_long`; or the tagger's status. There is no confidence, because links have none.
    """
    mentions_of = by_sentence(tagged)
    asked = [
        sentence
        for sentence in sentences
        if any(row.status == "tagged" for row in mentions_of[sentence.sentence_id])
    ]
    # The longest first: texts of a batch are about as long as each other.
    asked.sort(key=lambda sentence: -len(sentence.text))
    spans_of: dict[str, list[Span | None] | None] = {}
    with counter("aligning", "sentence", len(asked)) as bar:
        for begin in range(0, len(asked), BATCH):
            batch = asked[begin : begin + BATCH]
            embedded = embedder.embed([sentence.text for sentence in batch])
            in_english = embedder.embed([english[sentence.sentence_id] for sentence in batch])
            for sentence, own, other in zip(batch, embedded, in_english, strict=True):
                found = None
                if own is not None and other is not None:
                    mentions = mentions_of[sentence.sentence_id]
                    names = [row.span for row in mentions if row.status == "tagged"]
                    found = project(names, other, own, link, sentence, language)
                spans_of[sentence.sentence_id] = found
            bar.update(len(batch))
    for sentence in sentences:
        yield from _rows(
            sentence.text, mentions_of[sentence.sentence_id], spans_of.get(sentence.sentence_id)
        )


def project(
    names: Sequence[Span],
    english: Embedded,
    embedded: Embedded,
    link: Callable[[np.ndarray], np.ndarray],
    sentence: Sentence,
    language: Language,
) -> list[Span | None]:
    """Find the span of each English entity: from its first to its last linked word.

    Args:
        names: The places of the entities in the English.
        english: The subwords of the English.
        embedded: The subwords of the sentence.
        link: As for `align`.
        sentence: The sentence.
        language: Its language.

    Returns:
        The span of each entity; None if no word of it is linked to a word. Punctuation is no word.
    """
    if not english.spans or not embedded.spans:
        return [None] * len(names)
    # The cosine is -1 to 1; the methods need 0 to 1.
    linked = link((1 + english.vectors @ embedded.vectors.T) / 2)
    text = sentence.text
    is_word = [any(map(in_word, text[start:end])) for start, end in embedded.spans]
    words = sentence.tokens or phrase_pieces(text, language)
    starts, ends = [start for start, _ in words], [end for _, end in words]
    found: list[Span | None] = []
    for start, end in names:
        inside = [place for place, (a, b) in enumerate(english.spans) if a < end and start < b]
        touched = [i for i, word in enumerate(is_word) if word and linked[inside, i].any()]
        if touched:
            first, last = embedded.spans[touched[0]][0], embedded.spans[touched[-1]][1]
            found.append(widened((first, last), starts, ends))
        else:
            found.append(None)
    return found


def _rows(
    text: str, tagged: Sequence[Mention], spans: Sequence[Span | None] | None
) -> Iterator[Alignment]:
    """The rows of one sentence; `spans` are its tagged entities', None if it is too long."""
    taken: list[Span] = []
    left = iter(spans or ())
    for row in tagged:
        if row.status != "tagged":
            yield alignment_row(row, row.status)
        elif spans is None:
            yield alignment_row(row, "too_long")
        elif (span := next(left)) is None:
            yield alignment_row(row, "no_candidate")
        elif any(span[0] < end and start < span[1] for start, end in taken):
            yield alignment_row(row, "taken")
        else:
            taken.append(span)
            yield alignment_row(row, "aligned", span, text[slice(*span)])
