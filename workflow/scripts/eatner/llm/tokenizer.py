"""Prompts and answers as tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eatner.errors import InputError, quoted, shortened
from eatner.foreign import one_error
from eatner.llm.base import LLM, Message, Prompt

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# A model's folder has at least one of these files of a tokenizer.
TOKENIZERS = (
    "tokenizer.json",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "vocab.txt",
    "vocab.json",
    "tekken.json",
    "tiktoken.model",
)
_TEMPLATE_REMEDY = (
    "Correct the template in the model's folder (chat_template.jinja, or `chat_template` in "
    "tokenizer_config.json), or set `prompt: few-shot` for the model in the configuration."
)


class TokenizedLLM(LLM):
    """An LLM whose tokenizer is at hand.

    Attributes:
        tokenizer: The tokenizer, see `load_tokenizer`.
    """

    tokenizer: PreTrainedTokenizerBase

    def encode(self, prompt: Prompt) -> list[int]:
        """Turn a prompt into tokens, with the mark of a beginning where the LLM wants one."""
        if isinstance(prompt, str):
            # A sentence may hold the text of a special token; it is text and no end of a turn.
            return self.tokenizer.encode(prompt, split_special_tokens=True)
        text = self.chat_prompt(prompt)
        begins = text.startswith(str(self.tokenizer.bos_token or "\0"))  # most templates write it
        return self.tokenizer.encode(text, add_special_tokens=not begins)

    def chat_prompt(self, messages: Sequence[Message]) -> str:
        """Write a conversation in the form that this LLM was trained on, for its answer to follow.

        Raises:
            InputError: The tokenizer has no chat template: the LLM is a base model; or the template
                is broken, or refuses the conversation.
        """
        folder = str(self.tokenizer.name_or_path)
        if self.tokenizer.chat_template is None:
            raise InputError(
                "this LLM has no chat template",
                record=folder,
                remedy="Set `prompt: few-shot` for it in the configuration, under models.",
            )
        plain = [{**message, "content": self._plain(message["content"])} for message in messages]
        opening = plain.pop()["content"] if plain[-1]["role"] == "assistant" else ""
        try:
            text = str(
                self.tokenizer.apply_chat_template(
                    plain, tokenize=False, add_generation_prompt=True
                )
            )
        except Exception as error:  # a template is a program, which may fail in any way
            roles = shortened(", ".join(message["role"] for message in plain), 80)
            # What a template says itself by its raise_exception().
            says = "" if type(error).__name__ == "TemplateError" else "it has an error: "
            raise InputError(
                f"its chat template refuses a conversation of {roles} ({says}{quoted(error)})",
                record=folder,
                remedy=_TEMPLATE_REMEDY,
            ) from error
        if not text.strip():
            raise InputError(
                "its chat template writes nothing", record=folder, remedy=_TEMPLATE_REMEDY
            )
        return f"{text}{opening}"

    def _plain(self, text: str) -> str:
        """Break up what would be read as a special token, such as the end of a turn."""
        for token in self.tokenizer.get_added_vocab():
            if token in text and len(token) > 1:
                text = text.replace(token, f"{token[0]} {token[1:]}")
        return text

    def encode_answer(self, text: str) -> list[int]:
        """Turn a text into tokens that go on after a prompt."""
        return self.encode_answers([text])[0]

    def encode_answers(self, texts: Sequence[str]) -> list[list[int]]:
        """Turn texts into tokens that go on after a prompt; faster than one by one."""
        if not texts:
            return []
        encoded = self.tokenizer(list(texts), add_special_tokens=False, split_special_tokens=True)
        return encoded["input_ids"]


def load_tokenizer(folder: str | Path) -> PreTrainedTokenizerBase:
    """Load the tokenizer of a model folder.

    Raises:
        InputError: The folder is missing, its configuration cannot be read, or it holds no
            tokenizer, or one that makes nothing of a word.
    """
    from transformers import AutoConfig, AutoTokenizer

    folder = Path(folder)
    if not (folder / "config.json").is_file():
        raise InputError(
            "cannot load this model: no Hugging Face layout (config.json is missing)",
            path=folder,
            remedy="Point the model's `folder` at a folder saved with save_pretrained().",
        )
    # Without such a file, transformers would make up an empty tokenizer.
    if not any((folder / name).is_file() for name in TOKENIZERS):
        raise InputError(
            "cannot load this model: there is no tokenizer",
            path=folder,
            remedy=f"Put one of {', '.join(TOKENIZERS)} into the folder.",
        )
    with one_error(folder, "transformers cannot load this model's config.json"):
        AutoConfig.from_pretrained(folder, trust_remote_code=False)
    with one_error(folder, "transformers cannot load its tokenizer"):
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        if not tokenizer.encode("Rome", add_special_tokens=False):
            raise ValueError("it makes no token of a word")
    return tokenizer
