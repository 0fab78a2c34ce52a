"""Prompts and answers as tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eatner.errors import InputError
from eatner.llm.base import LLM, Message, Prompt, first_line

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


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
            InputError: The tokenizer has no chat template: the LLM is a base model.
        """
        if self.tokenizer.chat_template is None:
            raise InputError(
                "this LLM has no chat template",
                record=str(self.tokenizer.name_or_path),
                remedy="Set `prompt: few-shot` for it in the configuration, under models.",
            )
        plain = [{**message, "content": self._plain(message["content"])} for message in messages]
        opening = plain.pop()["content"] if plain[-1]["role"] == "assistant" else ""
        text = self.tokenizer.apply_chat_template(plain, tokenize=False, add_generation_prompt=True)
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
        InputError: The folder is missing or holds no tokenizer.
    """
    from transformers import AutoTokenizer

    if not (Path(folder) / "config.json").is_file():
        raise InputError(
            "no model in the Hugging Face layout (config.json is missing)",
            path=folder,
            remedy="Point the model's `folder` at a folder saved with save_pretrained().",
        )
    try:
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except (ValueError, KeyError, OSError) as error:
        raise InputError(
            f"transformers cannot load its tokenizer ({first_line(error)})",
            path=folder,
            remedy="Fetch or convert the model again; delete the folder first.",
        ) from error
