"""What was read of a corpus, in words: shown at once, so that its user sees a misreading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from eatner.corpora.formats import RAW
from eatner.corpora.gold import AnnotatedSentence
from eatner.tables import EntityType

# A sentence of more tokens is probably several, and its translation may not fit an LLM's answer.
LONGEST = 512
# Words of more characters on average are none: the script has no spaces.
_LONG_WORD = 15
# The first sentence is shown up to so many characters.
_SHOWN = 300


def count_tokens(sentence: AnnotatedSentence) -> int:
    """The tokens of a sentence: the corpus's own, else words, or characters where no space is."""
    if sentence.tokens:
        return len(sentence.tokens)
    words, length = len(sentence.text.split()), len(sentence.text)
    # In scripts without spaces an LLM takes about a token a character.
    return words if _LONG_WORD * words >= length else length


class Summary:
    """Counts the sentences that pass through `watch`, and describes them.

    Args:
        types: From the corpus's labels to PER, LOC or ORG, or to None: ignored.
    """

    def __init__(self, types: Mapping[str, EntityType | None]) -> None:
        self.types = types
        self.sentences = self.tokens = self.empty = self.long = 0
        self.labels: Counter[str] = Counter()
        self.first: AnnotatedSentence | None = None
        self.longest: tuple[int, str] = (0, "")

    def watch(self, sentences: Iterable[AnnotatedSentence]) -> Iterator[AnnotatedSentence]:
        """Pass the sentences on and count them."""
        for sentence in sentences:
            tokens = count_tokens(sentence)
            self.sentences += 1
            self.tokens += tokens
            self.empty += not sentence.entities
            self.long += tokens > LONGEST
            self.labels.update(entity.label for entity in sentence.entities)
            if tokens > self.longest[0]:
                self.longest = tokens, sentence.sentence_id
            # One with an entity shows more.
            if self.first is None or (sentence.entities and not self.first.entities):
                self.first = sentence
            yield sentence

    def describe(self, read_as: str) -> str:
        """A few lines on what was read.

        Args:
            read_as: The format and the columns.
        """
        if read_as in RAW:
            lines = [f"read as {read_as}", f"{self.sentences} sentences, without gold"]
        else:
            lines = [
                f"read as {read_as}",
                f"{self.sentences} sentences, {self.tokens} tokens; {self.empty} sentences without "
                "an entity",
                f"entities: {self._entities()}",
            ]
        if not self.labels and read_as not in RAW:
            lines.append(
                "WARNING: no sentence has an entity, so there is no gold. If the file has some, "
                "they are not where they are looked for"
            )
        if self.long:
            tokens, name = self.longest
            lines.append(
                f"WARNING: {self.long} sentences of more than {LONGEST} tokens, the longest of "
                f"{tokens} ({name}): an LLM may not take them. Check that sentences end where they "
                "should"
            )
        if self.first is not None:
            lines.append(f"for example {self.first.sentence_id}: {show(self.first)}")
        return "\n  ".join(lines)

    def _entities(self) -> str:
        kinds: Counter[str] = Counter()
        ignored: Counter[str] = Counter()
        for label, count in self.labels.items():
            kind = self.types.get(label)
            if kind is None:
                ignored[label] += count
            else:
                kinds[kind] += count
        said = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "none"
        if ignored:
            left_out = ", ".join(f"{count} {label}" for label, count in sorted(ignored.items()))
            said += f"; ignored: {left_out}"
        return said


def show(sentence: AnnotatedSentence) -> str:
    """A sentence with its entities in brackets: `[Anna PER] wohnt in [Bonn LOC].`"""
    shown, end = "", 0
    for entity in sorted(sentence.entities, key=lambda entity: entity.start):
        if entity.end > _SHOWN:
            break
        surface = sentence.text[entity.start : entity.end]
        shown += f"{sentence.text[end : entity.start]}[{surface} {entity.label}]"
        end = entity.end
    rest = sentence.text[end : max(end, _SHOWN)]
    return shown + rest + (" ..." if len(sentence.text) > max(end, _SHOWN) else "")
