"""Grammars of a sentence's substrings, which keep an answer inside its sentence."""

from __future__ import annotations

import json

# Length of a run of tokens that is written once at most: long enough for a name or an idiom to be
# repeated, short enough to end a loop soon.
LOOP = 8


def substring_lark(sentence: str, stop: str | None, separator: str | None = None) -> str:
    """Write a grammar of a sentence's substrings, each followed by `stop`, for llguidance.

    It is in llguidance's dialect of Lark, whose `substring_chars` are all substrings, the empty one
    among them.

    Args:
        sentence: The sentence.
        stop: What ends an answer. A list may end with the LLM's own end mark alone.
        separator: What separates the substrings of a list; None: an answer is one substring.

    Raises:
        ValueError: There is no stop, or the sentence holds it.
    """
    if (stop is None and separator is None) or (stop is not None and stop in sentence):
        raise ValueError(f"the end mark {stop!r} must not stand in {sentence!r}")
    regex = json.dumps({"substring_chars": sentence}, ensure_ascii=False)
    end = "" if stop is None else f" {json.dumps(stop)}"
    more = "" if separator is None else f" ({json.dumps(separator)} SPAN)*"
    # An LLM begins its answer to a text that ends with a colon with a space.
    space = "" if separator is None else '" "? '
    return f"start: {space}SPAN{more}{end}\nSPAN: %regex {regex}\n"


def substring_gbnf(sentence: str, before: str, after: str) -> str:
    """Write a grammar of a sentence's substrings, the empty one among them, for servers.

    It is in GBNF, which vLLM (by xgrammar and by llguidance) and llama.cpp read. Its size grows
    with the sentence's length: a rule for each character, which goes on to the next or ends.

    Args:
        sentence: A text without control characters; see `one_line`.
        before: What every answer begins with.
        after: What every answer ends with.

    Raises:
        ValueError: `after` is empty or the sentence holds it: the end would not be seen.
    """
    if not after or after in sentence:
        raise ValueError(f"the end mark {after!r} must not stand in {sentence!r}")
    starts = f" ( {' | '.join(f's{i}' for i in range(len(sentence)))} )?" if sentence else ""
    rules = [f"root ::= {_literal(before)}{starts} {_literal(after)}"]
    for i, character in enumerate(sentence):
        more = f" s{i + 1}?" if i + 1 < len(sentence) else ""
        rules.append(f"s{i} ::= {_literal(character)}{more}")
    return "\n".join(rules) + "\n"


def _literal(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
