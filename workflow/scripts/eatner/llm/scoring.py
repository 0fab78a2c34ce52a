"""Log-probabilities of texts after prompts, one text for each prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from eatner.llm.batches import pad_left
from eatner.llm.caches import SharedBeginning, positions
from eatner.llm.loading import refuse_not_finite
from eatner.llm.local import LocalModel

if TYPE_CHECKING:
    import torch

# Width of the pieces of a vocabulary that are added up at a time.
PIECE = 4096


def score_batch(
    local: LocalModel,
    encoded: Sequence[Sequence[int]],
    answers: Sequence[Sequence[int]],
    shared: int,
    beginning: SharedBeginning,
) -> list[float]:
    """Score the answers to the prompts of a batch.

    Args:
        local: The LLM.
        encoded: The tokens of each prompt.
        answers: The tokens of each answer.
        shared: How many first tokens all prompts share.
        beginning: Cache of these tokens.

    Returns:
        For each prompt the natural log-probability of its answer.

    Raises:
        InputError: One is not finite.
    """
    import torch

    first = encoded[0][:shared]
    rows = [[*ids[shared:], *answer] for ids, answer in zip(encoded, answers, strict=True)]
    ids, mask = pad_left(rows, first, local.pad, local.device)
    longest = max(map(len, answers))
    with torch.inference_mode():
        logits = local.model(
            ids[:, shared:],
            attention_mask=mask,
            position_ids=positions(mask)[:, shared:],
            past_key_values=beginning.copy(local, first, len(rows)) if shared else None,
            # A tensor, because a slice would leave strides that torch multiplies slowly.
            logits_to_keep=torch.arange(-longest - 1, 0),
        ).logits.float()
        # The logits at a position are those of the next token.
        logprobs = logits[:, :-1].log_softmax(-1)
        targets = ids[:, -longest:].unsqueeze(-1)
        chosen = logprobs.gather(-1, targets).squeeze(-1).tolist()
    scores = [sum(row[-len(answer) :]) for answer, row in zip(answers, chosen, strict=True)]
    refuse_not_finite(scores, local.folder)
    return scores


def log_normaliser(logits: torch.Tensor) -> torch.Tensor:
    """Compute the logarithm of the sum of exponentials of each row, in float32.

    By pieces of the vocabulary, because a whole copy in float32 takes longer than the LLM itself.

    Args:
        logits: Logits of any precision, shape (rows, vocabulary).

    Returns:
        Shape (rows,).
    """
    import torch

    pieces = [piece.float().logsumexp(-1) for piece in logits.split(PIECE, -1)]
    return torch.stack(pieces).logsumexp(0)
