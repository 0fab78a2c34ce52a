"""What an LLM writes around its answer: thoughts, control tokens, polite phrases, wrappings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eatner.llm.base import Completion, Prompt

# What opens and closes a thought: most models' tags (DeepSeek, Qwen, Seed), the same as control
# tokens (Cohere, OpenThinker), Kimi's, Magistral's, Gemma's, and what ends Apriel's.
_NAME = r"(?:\w{1,10}:)?(?:think|thinking|thoughts?|reasoning|reflection|scratchpad)\s*"
_OPEN = (
    rf"<\|?(?:(?:start|begin)_(?:of_)?)?{_NAME}\|?>|◁think▷|\[THINK\]"
    r"|<\|channel>thought|<unused94>thought"
)
_CLOSE = (
    rf"<(?:\|?/|/?\|?end_(?:of_)?){_NAME}\|?>|◁/think▷|\[/THINK\]"
    r"|<channel\|>|<unused95>|\[BEGIN FINAL RESPONSE\]"
)
_THOUGHT = re.compile(rf"(?:{_OPEN})(?:(?!{_OPEN}).)*?(?:{_CLOSE})", re.DOTALL | re.IGNORECASE)
_OPENS = re.compile(_OPEN, re.IGNORECASE)
_CLOSES = re.compile(_CLOSE, re.IGNORECASE)
# The channels of OpenAI's Harmony format: thoughts in `analysis`, the answer in `final`; the second
# pattern is the same where a server drops the control tokens between them.
_CHANNEL = re.compile(
    r"<\|channel\|>\s*(\w+)(?:(?!<\|(?:message|channel)\|>).)*<\|message\|>", re.DOTALL
)
_BARE_CHANNELS = re.compile(r"\Aanalysis.*?assistant(?:commentary.*?assistant)?final", re.DOTALL)
_BARE_ANALYSIS = re.compile(r"\Aanalysis(?=[A-Z])")
# Tokens by which a conversation is written down, of the formats ChatML, Llama, Gemma, Mistral,
# DeepSeek (with other bars), Cohere, EXAONE, GLM and Baichuan.
_CONTROL = re.compile(
    r"<[|｜][\w▁ ./-]{1,40}[|｜]>|<\|\w{1,20}>|<\w{1,20}\|>|\[\|\w{1,20}\|\]"
    r"|</?s>|<(?:bos|eos|pad|unk)>|<(?:start|end|begin)_of_\w{1,20}>|<(?:unused|reserved_)\d+>"
    r"|\[/?INST\]|<</?SYS>>|\[gMASK\]|\[END FINAL RESPONSE\]"
)
# The name of the one who speaks: after a control token, and at the beginning of an answer.
_SPEAKER = re.compile(r"\A\s*(?:assistant|model)\s*(?:\n\s*|\Z)", re.IGNORECASE)
_ROLE = re.compile(r"\A\s*assistant\s*[:\n]\s*", re.IGNORECASE)
_POLITE = re.compile(
    r"\A[*_]*(?:"
    r"(?:sure|certainly|of course|okay|ok)\b[,.!:]*\s+(?:here|this is|these are|the)\b[^:\n]{0,80}"
    r"|here(?: is|'s|’s| are) (?:the|your|a|an)\b[^:\n]{0,40}\b(?:translat|answer)[^:\n]{0,40}"
    r"):[*_]*\s*",
    re.IGNORECASE,
)
# All that is no word before a polite end, in one go: an answer may be a thousand line feeds.
_CLOSING = re.compile(
    r"(?<!\W)\W++(?=(?:let me know|i hope|note|please note|feel free|explanation"
    r"|if you (?:need|have|would|want))\b)",
    re.IGNORECASE,
)
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
# "Translation:" in the languages that LLMs slip into, alone or at the end of a polite line.
_TRANSLATION = (
    r"(?:translation|übersetzung|traduction|traducción|tradução|traduzione|перевод|переклад"
    r"|翻译|翻譯|译文|譯文|翻訳|번역|الترجمة|ترجمة|ترجمه|अनुवाद|çeviri|tłumaczenie|vertaling)"
)
_ANNOUNCED = re.compile(
    rf"\A[*_]*(?:(?:english )?{_TRANSLATION}[*_ ]*[:：][*_]*\s*"
    rf"|[^:：\n]{{0,60}}{_TRANSLATION}[^:：\n]{{0,40}}[:：][*_]*[ \t]*\n\s*)(?=\S)",
    re.IGNORECASE,
)
_FENCE = re.compile(r"\A```[a-z]*\n(.*?)\n?```\Z", re.DOTALL)
_WRAPPED = re.compile(r"\A<(answer|response|translation|output)>(.*)</\1>\Z", re.DOTALL | re.I)


def without_thoughts(text: str) -> tuple[str, bool]:
    """Cut the reasoning out of an answer.

    Args:
        text: What the LLM wrote.

    Returns:
        The answer, and whether there is none because the reasoning never ended.
    """
    if channels := list(_CHANNEL.finditer(text)):
        final = [match for match in channels if match[1] == "final"]
        return (text[final[-1].end() :].lstrip(), False) if final else ("", True)
    answer = _BARE_CHANNELS.sub("", text)
    if _BARE_ANALYSIS.match(answer):
        return "", True
    answer = _THOUGHT.sub("", answer)
    # The opening tag may be in the prompt, so that the answer has only the closing one.
    answer = answer[max((match.end() for match in _CLOSES.finditer(answer)), default=0) :]
    if (opened := _OPENS.search(answer)) is not None:
        answer = answer[: opened.start()]
    if answer == text:
        return text, False
    answer = answer.lstrip()
    return answer, opened is not None and not answer


def without_control_tokens(text: str) -> str:
    """Cut an answer at the first token that ends it; tokens before its first word go.

    What an LLM writes after the end of its turn is a turn that it invents.
    """
    begin = 0
    for mark in _CONTROL.finditer(text):
        before = _SPEAKER.sub("", text[begin : mark.start()])
        if before.strip():
            return before.strip()
        begin = mark.end()
    return _SPEAKER.sub("", text[begin:]).lstrip() if begin else text


def _without_closing(answer: str) -> str:
    """Cut an answer before the blank line that a polite end follows."""
    for before in _CLOSING.finditer(answer):
        if (blank := _BLANK_LINE.search(before[0])) is not None:
            return answer[: before.start() + blank.start()]
    return answer


def tidy(text: str, *, chat: bool) -> tuple[str, bool]:
    """Reduce what an LLM wrote to its answer; an answer with nothing around it stays as it is.

    Args:
        text: What the LLM wrote.
        chat: Whether it answered a conversation: then the name of the one who speaks, a polite
            phrases and a code block around the whole go, too.

    Returns:
        The answer, and whether there is none because its reasoning never ended.
    """
    answer, only_thought = without_thoughts(text)
    answer = without_control_tokens(answer)
    if chat:
        answer = _ROLE.sub("", answer)
        answer = _without_closing(_ANNOUNCED.sub("", _POLITE.sub("", answer)))
        if (wrapped := _WRAPPED.match(answer.strip())) is not None:
            answer = wrapped[2].strip()
        if (fenced := _FENCE.match(answer.strip())) is not None:
            answer = fenced[1]
    return answer, only_thought


def tidied(prompt: Prompt, completions: Sequence[Completion]) -> list[Completion]:
    """Reduce the free answers to a prompt, see `tidy`."""
    reduced = []
    for completion in completions:
        text, only_thought = tidy(completion.text, chat=not isinstance(prompt, str))
        reduced.append(replace(completion, text=text, only_thought=only_thought))
    return reduced
