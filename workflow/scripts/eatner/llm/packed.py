"""Linear layers whose weights oneDNN has put into its own order.

torch orders the weights of a layer anew for every product. For the few rows of a generation this
takes longer than the product itself: with the 1.5B of Qwen 2.5 and 48 rows on two cores, a step is
twice as fast with weights that were ordered once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


def pack(model: PreTrainedModel) -> None:
    """Order the weights of all linear layers of a model, which then cannot be trained or saved.

    Args:
        model: On the CPU. It is left as it is if torch was built without oneDNN. So is its output
            layer, whose weights may be those of the embedding too and would be there twice.
    """
    import torch

    if not torch.backends.mkldnn.is_available():
        return
    packed, output = _packed_linear(), model.get_output_embeddings()
    places = [
        (module, name)
        for module in model.modules()
        for name, layer in module.named_children()
        if type(layer) is torch.nn.Linear and layer is not output
    ]
    # One after the other, so that the weights are never all there twice.
    for module, name in places:
        setattr(module, name, packed(getattr(module, name)))


@cache
def _packed_linear() -> Callable[[torch.nn.Linear], torch.nn.Module]:
    """The class of packed layers, which needs torch to be defined."""
    import torch

    class PackedLinear(torch.nn.Module):
        """A linear layer with the weights in oneDNN's order."""

        def __init__(self, layer: torch.nn.Linear) -> None:
            super().__init__()
            # Not as a parameter: a tensor in oneDNN's order has no elements that torch can reach.
            with torch.inference_mode():
                self._weight = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach(), None)
            self._bias = None if layer.bias is None else layer.bias.detach()

        def forward(self, rows: torch.Tensor) -> torch.Tensor:
            return torch.ops.mkldnn._linear_pointwise(
                rows, self._weight, self._bias, "none", [], ""
            )

    return PackedLinear
