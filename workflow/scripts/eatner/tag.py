"""Tag persons, places and organisations in the English: what all taggers share, and two of them.

Every tagger yields the same rows: an entity with its offsets in the English, its type and its
score, or what it gave up on, with a status that says why.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from eatner.errors import InputError
from eatner.journal import Journal
from eatner.llm import without_cudnn_attention
from eatner.progress import bar, counter

COLUMNS = ("sentence_id", "start", "end", "surface", "type", "score", "status")
# What spaCy takes into an entity and no title of an encyclopaedia has.
ARTICLES = ("the ", "The ", "a ", "an ")
POSSESSIVES = ("'s", "’s")

# The files of a tokenizer, of which a model's folder has one.
TOKENIZERS = (
    "tokenizer.json",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "vocab.txt",
    "vocab.json",
)
# Texts that a model is given at once; what it found in them is kept then.
BLOCK = 512
# Where a long text may be cut: behind a sentence, or at least behind a word.
_SENTENCE_END = re.compile(r"[.!?…。！？।۔։][\"'”’)\]]*\s+")
_WORD_END = re.compile(r"\s+")

Row = Mapping[str, str]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Found:
    """An entity that a tagger found in a text, or failed to place there.

    Attributes:
        start: Its first code point; None where it was not placed.
        end: The code point after its last; None where it was not placed.
        type: PER, LOC or ORG; what the tagger said, where it is none of them.
        score: The tagger's own probability, 0 to 1, or None where it gives none.
        status: `tagged`, or why it is no entity of the text.
        answer: What the tagger said, where it was not placed.
    """

    start: int | None
    end: int | None
    type: str
    score: float | None = None
    status: str = "tagged"
    answer: str = ""


Find = Callable[[Sequence[str], Callable[[int], object]], list[list[Found]]]


def tag(
    translations: Sequence[Row], find: Find, journal: Journal | None = None
) -> Iterator[dict[str, object]]:
    """Tag English texts with a model.

    Args:
        translations: Rows of a translate TSV.
        find: Gives the entities of each text, and tells how many texts more are done.
        journal: Keeps what the model has found, and gives what it found in an earlier run.

    Yields:
        A row an entity, as of `rows`.
    """
    texts = [row["english"] for row in translations]
    keys = [journal.key("entities", text) for text in texts] if journal else []
    found: dict[int, list[Found]] = {
        place: [Found(*entity) for entity in journal.known[key]]
        for place, key in enumerate(keys)
        if key in journal.known
    }
    new = [place for place in range(len(texts)) if place not in found]
    with counter("tagging", "sentence", len(new)) as moved:
        for begin in range(0, len(new), BLOCK):
            block = new[begin : begin + BLOCK]
            entities = find([texts[place] for place in block], moved.update)
            found.update(zip(block, entities, strict=True))
            if journal is not None:
                for place in block:
                    journal.add(keys[place], [astuple(entity) for entity in found[place]])
    for place, row in enumerate(translations):
        yield from rows(row, found[place])


def rows(translation: Row, found: Iterable[Found]) -> Iterator[dict[str, object]]:
    """Write the entities of a text as rows with the `COLUMNS`, from left to right.

    Args:
        translation: Its row of a translate TSV.
        found: Its entities, in any order.

    Yields:
        A row an entity; then one for each that was not placed; one alone with status `no_entity`
        or `no_translation` where there is nothing at all.
    """
    sentence_id, english = translation["sentence_id"], translation["english"]
    entities = sorted(found, key=lambda entity: (entity.status != "tagged", entity.start))
    if not entities:
        entities = [Found(None, None, "", status="no_entity" if english else "no_translation")]
    for entity in entities:
        placed = entity.status == "tagged"
        values = (
            sentence_id,
            entity.start if placed else None,
            entity.end if placed else None,
            english[entity.start : entity.end] if placed else entity.answer,
            entity.type,
            None if entity.score is None else f"{entity.score:.4f}",
            entity.status,
        )
        yield dict(zip(COLUMNS, values, strict=True))


def tag_with_spacy(
    translations: Sequence[Row], pipeline: Path, types: Mapping[str, str | None]
) -> Iterator[dict[str, object]]:
    """Tag English texts with a spaCy pipeline.

    Args:
        translations: Rows of a translate TSV.
        pipeline: Folder of the pipeline (with its meta.json), loaded from there.
        types: The pipeline's labels to PER, LOC or ORG; other labels are no entities.

    Yields:
        A row an entity, as of `rows`: articles and a final possessive are trimmed off; the score
        is empty, for spaCy gives none.

    Raises:
        InputError: No spaCy pipeline at that place, one without an entity recogniser, or a label
            that it does not know.
    """
    import spacy

    try:
        nlp = spacy.load(pipeline, exclude=["parser", "tagger", "lemmatizer", "attribute_ruler"])
    except OSError as error:
        raise InputError(
            f"no spaCy pipeline ({error})", path=pipeline, remedy="Correct the tagger's artifact."
        ) from error
    if "ner" not in nlp.pipe_names:
        raise InputError(
            "this spaCy pipeline has no `ner` component",
            path=pipeline,
            remedy="Use one that has.",
        )
    check_types(types, nlp.get_pipe("ner").labels, pipeline)
    docs = nlp.pipe((row["english"] for row in translations), batch_size=64)
    for row, doc in bar(zip(translations, docs, strict=True), "tagging", "sentence"):
        found = []
        for entity in doc.ents:
            kind = types.get(entity.label_)
            start, end = trim(row["english"], entity.start_char, entity.end_char)
            if kind is not None and start < end:
                found.append(Found(start, end, kind))
        yield from rows(row, found)


def check_types(types: Mapping[str, str | None], labels: Iterable[str], model: Path) -> None:
    """Refuse a type map that names labels which the model does not give.

    Args:
        types: The tagger's `types`.
        labels: What the model can say.
        model: Its folder, for the message.

    Raises:
        InputError: A label of the map is not among the model's.
    """
    if unknown := sorted(set(types) - set(labels)):
        raise InputError(
            f"the tagger's `types` name the labels {', '.join(unknown)}, which this model does "
            "not give",
            path=model,
            remedy=f"Its labels are {', '.join(sorted(labels))}.",
        )


def load(folder: Path, kind: Any, *, half: bool = True, **options: object) -> tuple[Any, Any]:
    """A model on the GPU, if there is one, and its tokenizer.

    Args:
        folder: In the Hugging Face layout.
        kind: The class of `transformers` that it is to be loaded as.
        half: Whether a GPU may hold it in bfloat16: not for training.
        options: More for `from_pretrained`.

    Raises:
        InputError: No model of that class there, or a tokenizer without offsets.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import AutoTokenizer

    cuda = torch.cuda.is_available()
    without_cudnn_attention()
    # T5 overflows in float16; on a CPU these small models gain nothing from fewer digits.
    half = half and cuda and torch.cuda.is_bf16_supported()
    dtype = torch.bfloat16 if half else torch.float32
    # Without its file, transformers would make up an empty tokenizer.
    if not any((folder / name).exists() for name in TOKENIZERS):
        raise InputError(
            "cannot load this tagger: there is no tokenizer",
            path=folder,
            remedy=f"Put one of {', '.join(TOKENIZERS)} into the folder.",
        )
    try:
        model = kind.from_pretrained(folder, dtype=dtype, **options)
        tokenizer = AutoTokenizer.from_pretrained(folder)
    except (ValueError, KeyError, OSError, SafetensorError) as error:
        raise InputError(
            f"transformers cannot load this tagger ({str(error).splitlines()[0][:300]})",
            path=folder,
            remedy="Check the tagger's `kind`, and that the folder holds the model and its "
            "tokenizer.",
        ) from error
    if not tokenizer.is_fast:
        raise InputError(
            "the tokenizer gives no offsets",
            path=folder,
            remedy="Put the model's tokenizer.json into the folder.",
        )
    return model.to("cuda" if cuda else "cpu").eval(), tokenizer


def token_offsets(tokenizer: Any, text: str) -> list[Span]:
    """The spans of a text's tokens, without marks, as many as there are."""
    encoded = tokenizer(
        text,
        add_special_tokens=False,
        return_offsets_mapping=True,
        verbose=False,  # or it warns of what is about to be cut
    )
    return encoded["offset_mapping"]


def pieces(
    text: str, limit: int, offsets_of: Callable[[str], Sequence[Span]], whole: Sequence[Span] = ()
) -> list[Span]:
    """Cut a text that is too long for a model: behind a sentence, else a word, else anywhere.

    Args:
        text: The text.
        limit: Most tokens of a piece.
        offsets_of: The tokens of a text, as code points.
        whole: Spans that a cut should not part.

    Returns:
        The pieces' spans, which join up to the whole text.
    """
    found, start = [], 0
    while len(offsets := offsets_of(text[start:])) > limit:
        most = max(start + 1, start + offsets[limit][0])
        half = (start + most) // 2
        cut = (
            _last_cut(_SENTENCE_END, text, half, most, whole)
            or _last_cut(_WORD_END, text, start, most, whole)
            or most
        )
        found.append((start, cut))
        start = cut
    return [*found, (start, len(text))]


def _last_cut(
    pattern: re.Pattern[str], text: str, after: int, most: int, whole: Sequence[Span]
) -> int | None:
    """The last end of a match in `after` < end <= `most` that is inside none of the spans."""
    ends = [match.end() for match in pattern.finditer(text, after, most)]
    free = [e for e in ends if e > after and not any(a < e < b for a, b in whole)]
    return free[-1] if free else None


def tag_with_gold(
    translations: Sequence[Row], sentences: Sequence[Row], gold: Sequence[Row]
) -> Iterator[dict[str, object]]:
    """Take the gold entities of an English corpus for those of the translations: an oracle.

    Args:
        translations: Rows of a translate TSV; its English must be the corpus's, up to white space.
        sentences: Rows of the English corpus's sentences.tsv. They are matched by sentence_id
            where the translations' are all among them, and else line by line.
        gold: Rows of its gold.tsv.

    Yields:
        A row an entity, as of `rows`, with a score of 1.

    Raises:
        InputError: Another number of sentences, or a sentence with another text.
    """
    by_id = {row["sentence_id"]: row for row in sentences}
    if all(row["sentence_id"] in by_id for row in translations):
        partners = [by_id[row["sentence_id"]] for row in translations]
    elif len(translations) == len(sentences):
        partners = list(sentences)
    else:
        raise InputError(
            f"{len(translations)} sentences are to be tagged and the English corpus has "
            f"{len(sentences)}, with other sentence ids",
            record="the tagger's corpus",
            remedy="Name the English half of the same parallel corpus, both without `sample`.",
        )
    entities: dict[str, list[Row]] = defaultdict(list)
    for row in gold:
        if row["status"] == "scored":
            entities[row["sentence_id"]].append(row)
    for row, partner in zip(translations, partners, strict=True):
        # The i-th character that is no white space is the same on both sides.
        here = [i for i, char in enumerate(row["english"]) if not char.isspace()]
        there = [i for i, char in enumerate(partner["text"]) if not char.isspace()]
        if "".join(row["english"].split()) != "".join(partner["text"].split()):
            raise InputError(
                f"the translation {row['english'][:60]!r} is not the English corpus's text "
                f"{partner['text'][:60]!r} (sentence {partner['sentence_id']})",
                record=f"sentence {row['sentence_id']}",
                remedy="Use a translator of kind `parallel` that reads the tagger's corpus.",
            )
        place = dict(zip(there, here, strict=True))
        yield from rows(
            row,
            [
                Found(place[int(e["start"])], place[int(e["end"]) - 1] + 1, e["type"], 1.0)
                for e in entities[partner["sentence_id"]]
            ],
        )


def trim(english: str, start: int, end: int) -> tuple[int, int]:
    """Take an article, a final possessive and white space off an English entity.

    Args:
        english: The text.
        start: Offset of the entity in it.
        end: Its end, exclusive.

    Returns:
        The new start and end.
    """
    while start < end and english[start].isspace():
        start += 1
    while start < end and english[end - 1].isspace():
        end -= 1
    for article in ARTICLES:
        if english[start:end].startswith(article):
            start += len(article)
            break
    for possessive in POSSESSIVES:
        if english[start:end].endswith(possessive):
            end -= len(possessive)
            break
    return start, end
