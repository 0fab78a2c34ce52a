"""Prompts and answers as tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eatner.errors import InputError
from eatner.llm.base import Message, Prompt, first_line


class Tokenized:
    """What every LLM does that has its tokenizer at hand: turn prompts and answers into tokens.

    Attributes:
        tokenizer: Of the LLM, see `load_tokenizer`.
    """

    tokenizer: object

    def encode(self, prompt: Prompt) -> list[int]:
        """The tokens of a prompt, with the mark of a beginning where the LLM wants one."""
        if isinstance(prompt, str):
            # A sentence may hold the text of a special token; it is text and no end of a turn.
            return self.tokenizer.encode(prompt, split_special_tokens=True)
        asked = self.chat_prompt(prompt)
        begins = asked.startswith(self.tokenizer.bos_token or "\0")  # most templates write it
        return self.tokenizer.encode(asked, add_special_tokens=not begins)

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
        said = [{**message, "content": self._plain(message["content"])} for message in messages]
        opened = ""
        if said[-1]["role"] == "assistant":
            opened = said.pop()["content"]
        asked = self.tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True)
        return asked + opened

    def _plain(self, text: str) -> str:
        """Break up what would be read as a special token, such as the end of a turn."""
        for token in self.tokenizer.get_added_vocab():
            if token in text and len(token) > 1:
                text = text.replace(token, f"{token[0]} {token[1:]}")
        return text

    def encode_answer(self, text: str) -> list[int]:
        """The tokens of a text that goes on after a prompt."""
        return self.encode_answers([text])[0]

    def encode_answers(self, texts: Sequence[str]) -> list[list[int]]:
        """The tokens of texts that go on after a prompt; faster than one by one."""
        if not texts:
            return []
        asked = {"add_special_tokens": False, "split_special_tokens": True}
        return self.tokenizer(list(texts), **asked)["input_ids"]


def load_tokenizer(folder: str | Path) -> object:
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
        return AutoTokenizer.from_pretrained(folder)
    except (ValueError, KeyError, OSError) as error:
        raise InputError(
            f"transformers cannot load its tokenizer ({first_line(error)})",
            path=folder,
            remedy="Fetch or convert the model again; delete the folder first.",
        ) from error
