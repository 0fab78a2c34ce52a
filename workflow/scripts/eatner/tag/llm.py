"""Ask an LLM for the entities of a text directly: one turn, without translation or alignment.

A system to compare with, on the sentence itself; it tags English as well. The answer is free text:
each of its names is located in the sentence, and a name that is not there keeps a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from eatner import prompts
from eatner.answers.locate import locate
from eatner.llm.base import LLM, Completion, Prompt, one_line
from eatner.llm.journal import Journal
from eatner.progress import counter
from eatner.tables import TYPES, Mention, MentionStatus, Span, Translation
from eatner.tag.base import Found, mention_rows
from eatner.tag.step import LLMStep
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
# One of the three types in any spelling, or another type in capitals: "**Person**:", "MISC:".
_LABEL = re.compile(rf"(?<![^\W\d_])((?i:{'|'.join(_TYPES)})|[A-Z]{{3,}})[*_`]*\s*[:：][*_`]*")
_COMMAS = re.compile(r"[,，、،]")
_NOTHING = re.compile(
    r"\W*(?:none|nothing|nil|null|no|n/?a|なし|無し?|无|没有|沒有|없음|нет)?\W*", re.IGNORECASE
)


def run(step: LLMStep) -> Iterator[Mention]:
    """Tag the texts of a step."""
    journal = step.open_journal()
    yield from tag_with_llm(
        step.translations,
        step.open_llm(),
        step.language,
        form=step.form,
        max_new_tokens=step.settings["max_new_tokens"],
        journal=journal,
    )
    journal.close()


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
        max_new_tokens: Upper limit on the tokens of an answer.
        journal: Keeps what the LLM has answered, for a job that is killed and run again.

    Yields:
        Rows as of `mention_rows`, without scores. A name has one row for each of its places in the
        text, or one that says why it has none: `not_found`, `taken`, `other_type` or `cut`. A text
        that is too long for the LLM's context has one row, `too_long`.
    """
    prompt_of: dict[int, Prompt] = {}
    for index, row in enumerate(texts):
        prompt = question(row.english, language, form)
        if row.english.strip() and len(llm.encode(prompt)) + max_new_tokens <= llm.context:
            prompt_of[index] = prompt
    with counter("tagging", "sentence", len(prompt_of)) as bar:
        answers = llm.complete(
            list(prompt_of.values()),
            max_new_tokens=max_new_tokens,
            stop=prompts.LINE_END if form == "few-shot" else None,
            no_repeat=True,
            journal=journal,
            progress=bar.update,
        )
    answers_of = dict(zip(prompt_of, answers, strict=True))
    for index, row in enumerate(texts):
        entities: list[Found] = []
        # An endpoint has no answer to what it finds too long itself.
        if completions := answers_of.get(index):
            entities = place_names(completions[0], row.english, language.code)
        elif row.english.strip():
            entities = [Found(None, None, "", status="too_long")]
        yield from mention_rows(row, entities)


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
    prompt = "\n\n".join([task, *shots, _asked(text, language)])
    return [{"role": "user", "content": prompt}] if form == "chat" else prompt


def _asked(text: str, language: Language) -> str:
    return f"{language.name}: {one_line(text)}\nNames:"


def names(answer: str) -> list[tuple[str, str]]:
    """The (type, name) pairs of an answer such as "PER: Ōe; LOC: Kyoto, Nara".

    A type applies to all names up to the next type. It is PER, LOC or ORG; or what the LLM wrote,
    if that is another type; or empty, if the LLM wrote none. Semicolons and line breaks separate
    names; commas do not, see `place_names`.
    """
    pairs, kind = [], ""
    for piece in re.split(r"[;；\n]", answer):
        # Text, type, text, type, text ...; text before a type, such as a number, is no name.
        first, *rest = _LABEL.split(piece)
        for label, name in zip(rest[::2], rest[1::2], strict=True) if rest else [(kind, first)]:
            kind = _TYPES.get(label.lower(), label)
            if not _NOTHING.fullmatch(name):
                pairs.append((kind, name.strip()))
    return pairs


def place_names(answer: Completion, text: str, language: str | None = None) -> list[Found]:
    """The entities that an answer names, at their places in the text.

    A name with commas is looked for as a whole ("Washington, D.C.") and then in its parts. Longer
    names are placed first, so that "Paris" does not take the place of "Paris Hilton".

    Args:
        answer: What the LLM answered.
        text: The text.
        language: Code of the text's language, see `locate`.

    Returns:
        The entities, and then the names that were not placed, with the statuses of `tag_with_llm`.
    """
    lost: list[Found] = []

    def lose(kind: str, name: str, status: MentionStatus) -> None:
        lost.append(Found(None, None, kind, status=status, answer=name))

    named: dict[tuple[str, str], None] = {}
    pairs = names(answer.text)
    for number, (kind, name) in enumerate(pairs, 1):
        if number == len(pairs) and not answer.finished:
            lose(kind, name, "cut")
            continue
        is_whole = any(text[start:end] == name for start, end in locate(name, text, language))
        parts = [part.strip() for part in _COMMAS.split(name) if part.strip()]
        for part in [name] if is_whole or len(parts) < 2 else parts:
            named[kind, part] = None
    located: list[tuple[str, str, list[Span]]] = []
    for kind, name in named:
        if kind not in TYPES:
            lose(kind, name, "other_type")
        elif spans := locate(name, text, language):
            located.append((kind, name, spans))
        else:
            lose(kind, name, "not_found")
    located.sort(key=lambda item: item[2][0][0] - item[2][0][1])  # the longest first
    placed: list[Found] = []
    for kind, name, spans in located:
        taken = [entity.span for entity in placed]
        free = [span for span in spans if all(span[1] <= a or b <= span[0] for a, b in taken)]
        placed += [Found(start, end, kind) for start, end in free]
        if not free:
            lose(kind, name, "taken")
    return placed + lost
