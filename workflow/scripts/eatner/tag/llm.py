"""The LLM asked for the entities of a text directly: one turn, without translation or alignment.

A system to compare with, on the sentence itself; it tags English as well. The answer is free text:
every name of it is located in the sentence, and what does not stand there keeps its row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from eatner import prompts
from eatner.answers.locate import locate
from eatner.llm.base import LLM, Completion, Prompt, one_line
from eatner.llm.journal import Journal
from eatner.progress import counter
from eatner.tables import Mention, Translation
from eatner.tag.base import Found, mention_rows
from eatner.text.languages import Language

# The types of the names in prompts.yaml.
EXAMPLE_TYPES = {
    "Angela Merkel": "PER",
    "Barack Obama": "PER",
    "Maria Silva": "PER",
    "Washington": "LOC",
    "London": "LOC",
    "Hungary": "LOC",
    "Sony": "ORG",
    "University of Vienna": "ORG",
}
_TYPES = {
    **dict.fromkeys(("per", "person", "persons", "people"), "PER"),
    **dict.fromkeys(("loc", "location", "locations", "place", "places", "gpe"), "LOC"),
    **dict.fromkeys(("org", "organisation", "organisations"), "ORG"),
    **dict.fromkeys(("organization", "organizations"), "ORG"),
}
# A type of ours in any writing, or another one in capitals: "**Person**:", "MISC:".
_LABEL = re.compile(rf"(?<![^\W\d_])((?i:{'|'.join(_TYPES)})|[A-Z]{{3,}})[*_`]*\s*[:：][*_`]*")
_COMMAS = re.compile(r"[,，、،]")
_NOTHING = re.compile(
    r"\W*(?:none|nothing|nil|null|no|n/?a|なし|無し?|无|没有|沒有|없음|нет)?\W*", re.IGNORECASE
)


def tag_with_llm(
    texts: Sequence[Translation],
    llm: LLM,
    language: Language,
    *,
    form: str,
    max_new_tokens: int,
    journal: Journal | None = None,
) -> Iterator[Mention]:
    """Tag texts with an LLM.

    Args:
        texts: Rows of a translate TSV.
        llm: The LLM.
        language: The texts' language.
        form: How the LLM is asked, `few-shot` or `chat`.
        max_new_tokens: Most tokens of an answer.
        journal: Keeps what the LLM has answered, for a job that is killed and run again.

    Yields:
        A row an entity, as of `tag.rows`, without scores; a name that stands in the text several
        times has a row for each. What the LLM names in vain keeps a row: `not_found` (it does not
        stand in the text), `taken` (longer names have its places), `other_type` (none of ours),
        `cut` (the answer ended within it). A text that is too long for the LLM's context has one
        row, `too_long`.
    """
    asked: dict[int, Prompt] = {}
    for place, row in enumerate(texts):
        prompt = question(row.english, language, form)
        if row.english.strip() and len(llm.encode(prompt)) + max_new_tokens <= llm.context:
            asked[place] = prompt
    with counter("tagging", "sentence", len(asked)) as bar:
        answers = llm.complete(
            list(asked.values()),
            max_new_tokens=max_new_tokens,
            stop=prompts.LINE_END if form == "few-shot" else None,
            no_repeat=True,
            journal=journal,
            progress=bar.update,
        )
    # An endpoint has no answer to what it finds too long itself.
    answered = {place: several for place, several in zip(asked, answers, strict=True) if several}
    for place, row in enumerate(texts):
        found: list[Found] = []
        if place in answered:
            found = place_names(answered[place][0], row.english)
        elif row.english.strip():
            found = [Found(None, None, "", status="too_long")]
        yield from mention_rows(row, found)


def question(text: str, language: Language, form: str) -> Prompt:
    """Ask for the entities of a text; in the few-shot form the answer is the rest of the line.

    Args:
        text: The text.
        language: Its language.
        form: `few-shot` or `chat`.
    """
    task = (
        f"List the persons (PER), places (LOC) and organisations (ORG) that each {language.name} "
        "sentence names, copied from the sentence letter by letter."
    )
    shots = []
    for own, example, _, names in prompts.examples(language.code):
        listed = "; ".join(f"{EXAMPLE_TYPES[english]}: {surface}" for surface, english in names)
        shots.append(f"{_asked(example, own)} {listed}")
    asked = "\n\n".join([task, *shots, _asked(text, language)])
    return [{"role": "user", "content": asked}] if form == "chat" else asked


def _asked(text: str, language: Language) -> str:
    return f"{language.name}: {one_line(text)}\nNames:"


def names(answer: str) -> list[tuple[str, str]]:
    """The (type, name) pairs of an answer such as "PER: Ōe; LOC: Kyoto, Nara".

    A type holds for what follows it, until the next; it is PER, LOC or ORG, or else as the LLM
    wrote it, and empty where it wrote none. Names are parted by semicolons and line breaks. Commas
    are left in them: see `place_names`.
    """
    found, kind = [], ""
    for piece in re.split(r"[;；\n]", answer):
        # Text, type, text, type, text ...; what stands before a type, such as a number, is no name.
        first, *rest = _LABEL.split(piece)
        said = zip(rest[::2], rest[1::2], strict=True) if rest else [(kind, first)]
        for label, name in said:
            kind = _TYPES.get(label.lower(), label)
            if not _NOTHING.fullmatch(name):
                found.append((kind, name.strip()))
    return found


def place_names(answer: Completion, text: str) -> list[Found]:
    """The entities that an answer names, at their places in the text.

    A name with commas is looked for as a whole ("Washington, D.C.") and then in its parts. Longer
    names are placed first, so that "Paris" does not take the place of "Paris Hilton".

    Args:
        answer: What the LLM answered.
        text: The text.

    Returns:
        The entities, and what was not placed, with the statuses of `tag_with_llm`.
    """
    named: dict[tuple[str, str], None] = {}
    lost = []
    pairs = names(answer.text)
    for number, (kind, name) in enumerate(pairs, 1):
        if number == len(pairs) and not answer.finished:
            lost.append(Found(None, None, kind, status="cut", answer=name))
            continue
        whole = locate(name, text)
        is_whole = any(text[start:end] == name for start, end in whole)
        parts = [part.strip() for part in _COMMAS.split(name) if part.strip()]
        for part in [name] if is_whole or len(parts) < 2 else parts:
            named[kind, part] = None
    places = []
    for kind, name in named:
        spans = locate(name, text) if kind in ("PER", "LOC", "ORG") else []
        if spans:
            places.append((kind, name, spans))
        else:
            status = "not_found" if kind in ("PER", "LOC", "ORG") else "other_type"
            lost.append(Found(None, None, kind, status=status, answer=name))
    found: list[Found] = []
    for kind, name, spans in sorted(places, key=lambda p: p[2][0][0] - p[2][0][1]):
        free = [
            span for span in spans if all(span[1] <= e.start or e.end <= span[0] for e in found)
        ]
        found += [Found(start, end, kind) for start, end in free]
        if not free:
            lost.append(Found(None, None, kind, status="taken", answer=name))
    return found + lost
