"""Random numbers and the tree of priorities, by docs/sampling.md, with numpy alone."""

import math

import numpy as np

MASK32, MASK64 = 2**32 - 1, 2**64 - 1

# --- Random numbers ---------------------------------------------------------------------------------------------------


def philox(counter, key):
    """Philox4x32-10: four words of 32 bits from a counter of four and a key of two."""
    (a, b, c, d), (left, right) = counter, key
    for _ in range(10):
        even, odd = a * 0xD2511F53, c * 0xCD9E8D57
        a, b, c, d = (odd >> 32) ^ b ^ left, odd & MASK32, (even >> 32) ^ d ^ right, even & MASK32
        left, right = (left + 0x9E3779B9) & MASK32, (right + 0xBB67AE85) & MASK32
    return a, b, c, d


def bits(seed, stream, index, attempt=0):
    """64 random bits for draw `index`."""
    counter = (index & MASK32, index >> 32, attempt, stream)
    low, high, _, _ = philox(counter, (seed & MASK32, seed >> 32))
    return high << 32 | low


def unit(seed, stream, index):
    """A float64 in [0, 1)."""
    return (bits(seed, stream, index) >> 11) * 2.0**-53


def below(seed, stream, index, bound):
    """A whole number from 0 to bound - 1."""
    threshold = 2**64 % bound
    attempt = 0
    while True:
        product = bits(seed, stream, index, attempt) * bound
        if product & MASK64 >= threshold:
            return product >> 64
        attempt += 1


def geometric(seed, stream, index, bound, decay):
    """A whole number from 0 to bound - 1, of which k has a probability proportional to decay ** k."""
    log_decay = math.log1p(decay - 1) if decay >= 0.5 else -math.log1p(1 / decay - 1)
    covered = -math.expm1(log_decay * bound)
    number = math.floor(math.log1p(-unit(seed, stream, index) * covered) / log_decay)
    return max(0, min(number, bound - 1))


PERMUTATION_STREAM = 2**32 - 1


def permuted(seed, epoch, count, place):
    """The number that stands at a place of the epoch's order of the numbers from 0 to count - 1."""
    left_size = math.isqrt(count - 1) + 1  # the square root, rounded up
    right_size = -(-count // left_size)
    keys = [bits(seed, PERMUTATION_STREAM, epoch, number) for number in range(12)]
    number = place
    while True:
        left, right = number % left_size, number // left_size
        for even, odd in zip(keys[::2], keys[1::2]):
            left = (left + scaled(even, right, left_size)) % left_size
            right = (right + scaled(odd, left, right_size)) % right_size
        number = right * left_size + left
        if number < count:
            return number


def scaled(key, half, size):
    """SplitMix64's element number `half` of the sequence that begins at `key`, scaled to [0, size)."""
    mixed = (key + half * 0x9E3779B97F4A7C15) & MASK64
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & MASK64
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & MASK64
    return (mixed ^ mixed >> 31) * size >> 64


def power(base, exponent):
    """By multiplications alone, from the lowest bit of the exponent up."""
    result = 1.0
    while exponent > 0:
        if exponent % 2 == 1:
            result *= base
        base *= base
        exponent //= 2
    return result


# --- Priorities ------------------------------------------------------------------------------------------------------

FANOUT = 16


class Priorities:
    """The sum tree over the leaves of a file that `savePriorities` wrote."""

    def __init__(self, path):
        content = np.fromfile(path, "<f8")
        self.base, count = int(content[2]), int(content[3])
        self.levels = [content[6 : 6 + count]]
        while len(self.levels[-1]) > 1:
            children = self.levels[-1]
            blocks = np.append(children, np.zeros(-len(children) % FANOUT)).reshape(-1, 4, 4)
            self.levels[-1] = blocks.reshape(-1)
            lanes = blocks[:, 0] + blocks[:, 1] + blocks[:, 2] + blocks[:, 3]
            self.levels.append((lanes[:, 0] + lanes[:, 1]) + (lanes[:, 2] + lanes[:, 3]))

    def draw(self, unit):
        """The position into whose share the unit falls."""
        share, node = unit * self.levels[-1][0], 0
        for level in reversed(self.levels[:-1]):
            children = level[FANOUT * node : FANOUT * (node + 1)]
            for child, value in enumerate(children):
                if share < value:
                    break
                share -= value
            else:
                child = int(np.argmax(children))
                share = children[child]
            node = FANOUT * node + child
        return self.base + node
