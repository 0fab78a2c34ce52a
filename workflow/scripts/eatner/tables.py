"""The tables on the way, one frozen dataclass each: its fields are the columns.

A row is parsed once, where its TSV is read (`read`), and is typed from there on; `write` writes it
back. Offsets are Unicode code points, the end is exclusive, and `text[start:end] == surface`.
A `status` or `kind` is one of the words of its type; the documentation of tables is made of this
module.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar, get_args

from eatner.codec import Span as Span
from eatner.codec import cells as cells
from eatner.codec import columns as columns
from eatner.codec import read as read
from eatner.codec import write as write
from eatner.codec import writing as writing

EntityType = Literal["PER", "LOC", "ORG"]
TYPES: tuple[EntityType, ...] = get_args(EntityType)
TAGS = ("O", *(f"{prefix}-{kind}" for kind in TYPES for prefix in "BI"))
"""Their IOB2 tags, in the order in which models and datasets number them."""

PageKind = Literal["article", "redirect", "disambiguation", "list", "oversized"]
"""The kind of a page of a wiki.

article: a page with text
redirect: another name of the page that it leads to
disambiguation: a list of pages that share a name; it has no text here
list: a list of things; it has no text here
oversized: its text is beyond all limits and was not read
"""

PairKind = Literal["anchor", "title", "negative"]
"""Where a pair comes from.

anchor: a link in a sentence
title: the page's own name in bold
negative: an English entity that the sentence does not name, with an empty surface
"""

GoldStatus = Literal["scored", "ignored"]
"""Whether a gold entity counts.

scored: it has one of the three types
ignored: the configuration maps its label to none of the three types
"""

TranslationStatus = Literal[
    "translated", "truncated", "empty", "not_english", "blank", "too_long", "original"
]
"""What became of a sentence.

translated: it has English
truncated: no end within the limit of new tokens; the English so far is kept
empty: the LLM answered nothing
not_english: most letters of the answer are not Latin; the text is tagged all the same
blank: the sentence is blank
too_long: the sentence is too long for the LLM's context
original: the sentence itself, for systems that label it directly
"""

MentionStatus = Literal[
    "tagged", "no_entity", "no_translation", "not_found", "taken", "overlaps", "other_type",
    "unknown_type", "untyped", "unparsed", "cut", "truncated", "too_long",
]  # fmt: skip
"""Whether an entity of the English is tagged. What a tagger said in vain keeps a row, too.

tagged: it has a place in the English and one of the three types
no_entity: the tagger found none in the text
no_translation: there is no text
not_found: what the tagger said is not in the text
taken: other entities of the LLM's answer have its places
overlaps: other entities of the text-to-text model's answer have its places
other_type: the LLM gave a type that is none of the three
unknown_type: the text-to-text model gave a type that is not configured
untyped: a title that the English tagger takes for no entity, or a name that an LLM takes for none
unparsed: a part of the answer that does not have the form of an entity
cut: the LLM's answer ended within the entity
truncated: the text-to-text model's answer ended within the entity
too_long: the text is too long for the LLM's context
"""

AlignmentStatus = Literal[
    "aligned", "repeat", "abstained", "taken", "no_candidate", "too_long", "no_entity",
    "no_translation", "not_found", "overlaps", "other_type", "unknown_type", "untyped", "unparsed",
    "cut", "truncated",
]  # fmt: skip
"""Whether an English entity has a phrase.

aligned: it has its phrase
repeat: a further mention of the entity in the row before
abstained: "no answer" was better than each candidate
taken: other entities have its phrases
no_candidate: the LLM ended no answer, or the answer has nothing in common with the sentence, or no
    word is linked to the entity's
too_long: the question is too long for the LLM's context, or an encoder's
The rest is passed on from the tagger: `MentionStatus`.
"""
FOUND: tuple[AlignmentStatus, ...] = ("aligned", "repeat")
"""The statuses of rows that have a span."""

ErrorKind = Literal["missed", "spurious"]
"""Which side has the entity.

missed: gold
spurious: the system
"""
Stage = Literal["translation", "tagger", "alignment", "boundary", "spurious"]
"""The step that went wrong first.

translation: the English does not name the entity, or names another one
tagger: the English names it; the tagger misses it, mistypes it, or tags what is no entity
alignment: its phrase was not found, or is elsewhere in the sentence
boundary: the phrase overlaps the right one, but begins or ends elsewhere
spurious: no step; the English names it, and gold does not have it
"""
STAGES: tuple[Stage, ...] = get_args(Stage)
ErrorDetail = Literal[
    "not named", "missed", "mistyped", "nothing", "overlap", "elsewhere", "repeated", "ignored",
    "not in gold",
]  # fmt: skip
"""What went wrong in that step.

not named: the translation does not name the entity
missed: the translation names it, and the tagger found no entity there
mistyped: the tagger gave it another type
nothing: its English entity has no phrase
overlap: its phrase shares characters with the right one
elsewhere: its English entity has a phrase at another place
repeated: a further mention that gold does not have
ignored: gold has it under a label that is ignored on purpose
not in gold: the English names something that gold does not have
"""
Evidence = Literal["title", "reading", "alignment", "oracle", "elimination", "none", ""]
"""What shows that the English names an entity.

title: an English title that the lexicon or a hint gives for it
reading: words that read like it
alignment: neither, but the aligner finds its phrase probable for an English entity
oracle: the step is right by construction
elimination: with gold English, the one entity of its type that is left over
none: nothing shows it
"""


def _span(start: int | None, end: int | None) -> Span:
    if start is None or end is None:
        raise ValueError("the row has no place: look at its status first")
    return start, end


def _column(digits: int, default: object = None) -> Any:
    """A field for numbers that are written with that many decimals; None is written as nothing."""
    return field(default=default, metadata={"digits": digits})


@dataclass(frozen=True, slots=True)
class Title:
    """A page of a wiki: `results/wiki/{language}/titles.tsv`.

    Attributes:
        page_id: The page's number in its wiki.
        title: Its title.
        kind: What kind of page it is.
        redirect: The title that a redirect leads to; `title#section` for a section of a page, which
            makes the redirect no name of the page.
        english: The title of the English page on the same thing, by langlinks.
        lead: Its first paragraphs as plain text.
        links: JSON: a list of [start, end, target] for each link of the lead, in code points; a
            fourth member marks the page's own name in bold, an empty target a hole.
    """

    page_id: int
    title: str
    kind: PageKind
    redirect: str
    english: str
    lead: str
    links: str


@dataclass(frozen=True, slots=True)
class Pair:
    """An alignment pair: `results/wiki/{language}/pairs.tsv`.

    Attributes:
        english: The English entity.
        surface: Its phrase in the sentence; empty for a negative.
        sentence: The sentence.
        start: Where the phrase begins in the sentence.
        end: Where it ends, exclusive.
        kind: Where the pair comes from.
        page_id: The page that the sentence is of.
    """

    english: str
    surface: str
    sentence: str
    start: int
    end: int
    kind: PairKind
    page_id: int


@dataclass(frozen=True, slots=True)
class RejectedPair(Pair):
    """A pair that was left out, and why: `results/wiki/{language}/pairs.rejects.tsv`.

    Attributes:
        reason: Why it was left out.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a corpus: `results/{corpus}/sentences.tsv`.

    Attributes:
        sentence_id: The same from first to last step.
        text: The sentence.
        tokens: The corpus's own tokens, as `start:end` with spaces between; none for raw text.
    """

    sentence_id: str
    text: str
    tokens: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class GoldEntity:
    """A gold entity: `results/{corpus}/gold.tsv`.

    Attributes:
        sentence_id: Its sentence.
        start: Where it begins.
        end: Where it ends, exclusive.
        surface: The sentence there.
        type: PER, LOC or ORG; empty where it is ignored.
        label: The label that the corpus gives it.
        status: Whether it is scored.
    """

    sentence_id: str
    start: int
    end: int
    surface: str
    type: EntityType | Literal[""]
    label: str
    status: GoldStatus = "scored"

    @property
    def span(self) -> Span:
        """Its place in the sentence."""
        return self.start, self.end


@dataclass(frozen=True, slots=True)
class Translation:
    """The English of a sentence: `results/{corpus}/translate/{translator}.tsv`.

    Attributes:
        sentence_id: The sentence.
        english: Its English, on one line.
        hints: JSON: the names whose English was given to the LLM, as a list of [surface, English].
        logprob: Natural log-probability of the English, where the LLM tells it.
        status: What became of it.
    """

    sentence_id: str
    english: str
    hints: tuple[tuple[str, str], ...] = ()
    logprob: float | None = _column(digits=3)
    status: TranslationStatus = "translated"


@dataclass(frozen=True, slots=True)
class Mention:
    """An entity of the English: `results/{corpus}/tag/{translator}/{tagger}.tsv`.

    A sentence without any has one row, whose status says so.

    Attributes:
        sentence_id: The sentence.
        start: Where it begins in the English; empty where it has no place.
        end: Where it ends, exclusive.
        surface: The English there; for a mention without a place, what the tagger said.
        type: PER, LOC or ORG; for a mention without a place, what the tagger said.
        score: The tagger's probability, 0 to 1, where it gives one.
        status: Whether it is tagged, and if not, why.
    """

    sentence_id: str
    start: int | None
    end: int | None
    surface: str
    type: str
    score: float | None = _column(digits=4)
    status: MentionStatus = "tagged"

    @property
    def span(self) -> Span:
        """Its place in the English; ValueError where it has none."""
        return _span(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Alignment:
    """An English entity and its phrase in the sentence.

    `results/{corpus}/align/{translator}/{tagger}/{aligner}.tsv`

    Attributes:
        sentence_id: The sentence.
        english: The English entity.
        english_start: Where it begins in the English; empty without a place there.
        english_end: Where it ends, exclusive.
        type: PER, LOC or ORG.
        start: Where its phrase begins in the sentence; empty where it has none.
        end: Where it ends, exclusive.
        surface: The sentence there.
        logprob: Natural log-probability of the LLM's answer, where there is one.
        confidence: Probability that the span is right, 0 to 1, where the aligner gives one.
        status: Whether it is aligned, and if not, why.
        candidates: JSON: the phrases that the aligner finds most probable for it, as a list of
            [phrase, probability]; empty where the aligner gives no probability.
    """

    sentence_id: str
    english: str
    english_start: int | None
    english_end: int | None
    type: str
    start: int | None
    end: int | None
    surface: str
    logprob: float | None = _column(digits=3)
    confidence: float | None = _column(digits=3)
    status: AlignmentStatus = "aligned"
    candidates: tuple[tuple[str, float], ...] = _column(digits=3, default=())

    @property
    def span(self) -> Span:
        """Its place in the sentence; ValueError where it has none."""
        return _span(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Error:
    """A missed or spurious entity.

    `results/{corpus}/score/{translator}/{tagger}/{aligner}.errors.tsv`

    Attributes:
        sentence_id: The sentence.
        kind: Whether gold has it, or the system.
        stage: The step that went wrong first.
        detail: What went wrong there.
        evidence: What tells that the English names a missed entity.
        start: Where the entity begins in the sentence.
        end: Where it ends, exclusive.
        type: PER, LOC or ORG.
        surface: The sentence there.
        english: The English that it has to do with, if any.
    """

    sentence_id: str
    kind: ErrorKind
    stage: Stage
    detail: ErrorDetail
    evidence: Evidence
    start: int
    end: int
    type: str
    surface: str
    english: str

    @property
    def span(self) -> Span:
        """Its place in the sentence."""
        return self.start, self.end


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity for people: `results/{corpus}/entities.tsv`.

    Attributes:
        sentence_id: The sentence.
        start: Where it begins in the sentence; empty where it was not found there.
        end: Where it ends, exclusive.
        surface: The sentence there.
        type: PER, LOC or ORG.
        english: The English entity.
        confidence: Probability that the span is right, 0 to 1, where the aligner gives one.
        status: As in the align table.
    """

    sentence_id: str
    start: int | None
    end: int | None
    surface: str
    type: str
    english: str
    confidence: float | None = _column(digits=3)
    status: AlignmentStatus = "aligned"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Figures of one system on one corpus and type: `results/compare/table.tsv`.

    Fractions, not per cents. The columns from `difference` on are empty for the baseline.

    Attributes:
        corpus: The corpus.
        language: Its language.
        sentences: How many it has.
        system: The system's name.
        translator: Its translator.
        tagger: Its tagger.
        aligner: Its aligner.
        type: PER, LOC, ORG, or `all` for the three together (micro average).
        precision: Strict, on entities.
        recall: Likewise.
        f1: Likewise.
        f1_low: Lower end of the 95% interval of F1 (bootstrap).
        f1_high: Its upper end.
        support: Entities in gold.
        predicted: Entities of the system.
        correct: Entities that are in both.
        baseline: The system that the others are tested against.
        difference: F1 less the baseline's.
        difference_low: Lower end of its 95% interval (paired bootstrap).
        difference_high: Its upper end.
        p_value: Of the difference, two-sided (approximate randomisation).
        p_holm: The same, adjusted for the number of systems (Holm).
    """

    corpus: str
    language: str
    sentences: int
    system: str
    translator: str
    tagger: str
    aligner: str
    type: str
    precision: float
    recall: float
    f1: float
    f1_low: float
    f1_high: float
    support: int
    predicted: int
    correct: int
    baseline: str
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    p_value: float | None = None
    p_holm: float | None = None


TABLES = (
    Title, Pair, RejectedPair, Sentence, GoldEntity, Translation, Mention, Alignment, Error, Entity,
    Comparison,
)  # fmt: skip


class _OfSentence(Protocol):
    """A row that belongs to a sentence."""

    @property
    def sentence_id(self) -> str: ...


SentenceRow = TypeVar("SentenceRow", bound=_OfSentence)


def by_sentence(rows: Iterable[SentenceRow]) -> defaultdict[str, list[SentenceRow]]:
    """Rows by the sentence that they belong to, in their order; empty for any other sentence."""
    found: defaultdict[str, list[SentenceRow]] = defaultdict(list)
    for row in rows:
        found[row.sentence_id].append(row)
    return found
