"""How much of the groups fits into one model call, worst first, and what that costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

T = TypeVar("T")

_BYTES_PER_TOKEN: Final = 3
_MILLION: Final = 1_000_000


def estimated_tokens(size: int) -> int:
    """An upper estimate for log text of `size` bytes: three bytes a token, rounded up.

    A tokenizer's tables would have to be downloaded, and differ per model.
    """
    return -(-size // _BYTES_PER_TOKEN)


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars per million tokens; 0 where unknown."""

    input: float = 0.0
    output: float = 0.0

    def cost(self, input_tokens: int, output_tokens: int) -> float:
        return (input_tokens * self.input + output_tokens * self.output) / _MILLION


def fitting(ranked: Sequence[T], measure: Callable[[Sequence[T]], int], bound: int) -> Sequence[T]:
    """The longest prefix that measures at most `bound`; a longer one must never measure less."""
    low, high = 0, len(ranked)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(ranked[:middle]) <= bound:
            low = middle
        else:
            high = middle - 1
    return ranked[:low]
