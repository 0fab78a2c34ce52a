"""Zero-shot cross-lingual named entity recognition through entity-aligned translation.

    import eatner

    labeller = eatner.load(language="ko")
    for entity in labeller("김철수는 어제 서울에서 열린 회의에 참석했다."):
        print(entity.text, entity.type, entity.start, entity.end, entity.confidence, entity.english)

`load` and what it returns are in `eatner.labeller`. The other rooms do the steps of the method; see
docs/architecture.md. Source of the method: Zhang, Lee, Zhang, Li, Zhou: entity-aligned translation
(EAT), Findings of EMNLP 2025, arXiv 2509.01147.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eatner.errors import InputError
    from eatner.labeller import Entity, Labeller, load

__version__ = "0.1.0"
__all__ = ["Entity", "InputError", "Labeller", "load"]


def __getattr__(name: str) -> object:
    # Importing what labels takes a second; `import eatner` alone should not.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from eatner.errors import InputError
    from eatner.labeller import Entity, Labeller, load

    return {"Entity": Entity, "InputError": InputError, "Labeller": Labeller, "load": load}[name]


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
