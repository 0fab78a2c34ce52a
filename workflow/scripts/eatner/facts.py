"""What the data tables say of one language, as a string that a rule's params can hold.

A step of one language that has this string as a param runs again when the tables say something else
of that language, and of no other. The tables themselves are then no inputs of the rule.
"""

from __future__ import annotations

import json
from dataclasses import asdict

from eatner import prompts
from eatner.text import languages


def language_facts(code: str) -> str:
    """Everything that the tables of languages, scripts and examples say of a language.

    - its row of `languages.tsv`; without one, what CLDR and `scripts.tsv` say
    - the examples that its prompts show (`prompts.yaml`); without its own, those of `FALLBACK`

    The rows of `answers/phrasing.tsv` are left out. An LLM answers in its own language as well as
    in the sentence's, so all rows are read for every language, and an edit of one concerns all.

    Args:
        code: The language's code.

    Returns:
        JSON on one line, the same for the same tables.

    Raises:
        InputError: No such language, or a broken table.
    """
    shown = [
        {"language": own.name, "text": text, "english": english, "names": names}
        for own, text, english, names in prompts.examples(code)
    ]
    facts = {"language": asdict(languages.get(code)), "examples": shown}
    return json.dumps(facts, ensure_ascii=False, sort_keys=True)
