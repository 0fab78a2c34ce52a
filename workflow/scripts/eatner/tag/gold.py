"""Tag a parallel English corpus with its own gold: a tagger that makes no mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eatner import tables
from eatner.errors import InputError
from eatner.tables import GoldEntity, Mention, Sentence, Translation, by_sentence
from eatner.tag.base import Found, mention_rows
from eatner.tag.step import Step


def run(step: Step) -> Iterator[Mention]:
    """Tag the texts of a step."""
    return tag_with_gold(
        step.translations,
        list(tables.read(step.inputs["sentences"], Sentence)),
        list(tables.read(step.inputs["gold"], GoldEntity)),
    )


def tag_with_gold(
    translations: Sequence[Translation], sentences: Sequence[Sentence], gold: Sequence[GoldEntity]
) -> Iterator[Mention]:
    """Take the gold entities of an English corpus as those of the translations: an oracle.

    Args:
        translations: Rows of a translate TSV, whose English is the corpus's but for white space.
        sentences: Rows of the English corpus's sentences.tsv. They are matched by sentence_id if
            they have all ids of the translations, and otherwise line by line.
        gold: Rows of its gold.tsv.

    Yields:
        Rows as of `mention_rows`, with a score of 1.

    Raises:
        InputError: The corpus has another number of sentences, or a sentence with another text.
    """
    sentence_of = {row.sentence_id: row for row in sentences}
    if all(row.sentence_id in sentence_of for row in translations):
        partners = [sentence_of[row.sentence_id] for row in translations]
    elif len(translations) == len(sentences):
        partners = list(sentences)
    else:
        raise InputError(
            f"{len(translations)} sentences are to be tagged and the English corpus has "
            f"{len(sentences)}, with other sentence ids",
            record="the tagger's corpus",
            remedy="Name the English half of the same parallel corpus, both without `sample`.",
        )
    gold_of = by_sentence(row for row in gold if row.status == "scored")
    for row, partner in zip(translations, partners, strict=True):
        # The i-th character that is no white space is the same on both sides.
        english_offsets = [i for i, char in enumerate(row.english) if not char.isspace()]
        corpus_offsets = [i for i, char in enumerate(partner.text) if not char.isspace()]
        if "".join(row.english.split()) != "".join(partner.text.split()):
            raise InputError(
                f"the translation {row.english[:60]!r} is not the English corpus's text "
                f"{partner.text[:60]!r} (sentence {partner.sentence_id})",
                record=f"sentence {row.sentence_id}",
                remedy="Use a translator of kind `parallel` that reads the tagger's corpus.",
            )
        offset_of = dict(zip(corpus_offsets, english_offsets, strict=True))
        yield from mention_rows(
            row,
            [
                Found(offset_of[entity.start], offset_of[entity.end - 1] + 1, entity.type, 1.0)
                for entity in gold_of[partner.sentence_id]
            ],
        )
