"""What rounds of two that took turns say of both."""

import math
from statistics import median


def verdict_of(ours, theirs):
    """Ours ÷ theirs: the median of the ratios of neighbouring rounds, and the two between which half of them lie."""
    ratios = sorted(one / other for one, other in zip(ours, theirs, strict=True))
    low, high = quartile(ratios, 1), quartile(ratios, 3)
    return {
        "ours": median(ours),
        "theirs": median(theirs),
        "ratio": median(ratios),
        "spread": [low, high],
        "verdict": "faster" if high < 1 else "slower" if low > 1 else "the same",
        "rounds": len(ratios),
    }


def quartile(ascending, which):
    """The value at a quarter (1) or at three quarters (3) of them."""
    return ascending[round((len(ascending) - 1) * which / 4)]


def text_of(verdict):
    low, high = verdict["spread"]
    return f"{ratio_text(verdict['ratio'])} ({ratio_text(low)}–{ratio_text(high)})"


def ratio_text(ratio):
    """Two digits behind the point, and of small ratios two that count."""
    return f"{ratio:.{max(2, 1 - math.floor(math.log10(ratio)))}f}"
