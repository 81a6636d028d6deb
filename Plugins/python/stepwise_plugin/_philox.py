"""Uniform draws: the function that `stepwise_host.uniform` in <stepwise/host.h> defines, bit for bit."""

_MASK = 0xFFFFFFFF
# "STEPWIS" keeps these draws apart from any other use of the run's seed.
_DOMAIN = 0x53544550574953


def philox4x32(counter, key):
    """One block of Philox4x32-10 (Salmon, Moraes, Dror and Shaw, SC 2011): four words from four and two."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        first = c0 * 0xD2511F53
        second = c2 * 0xCD9E8D57
        c0, c1, c2, c3 = (
            (second >> 32) ^ c1 ^ k0,
            second & _MASK,
            (first >> 32) ^ c3 ^ k1,
            first & _MASK,
        )
        k0 = (k0 + 0x9E3779B9) & _MASK
        k1 = (k1 + 0xBB67AE85) & _MASK
    return c0, c1, c2, c3


def uniform(seed, step, item, draw=0):
    """A draw in [0, 1): a pure function of its arguments, the same in every process and on every machine.

    `seed` and `step` are those of the batch at hand, `item` is the item's or row's id, `draw` counts the draws made for it.
    """
    key = seed ^ _DOMAIN
    words = philox4x32(
        (item & _MASK, (item >> 32) & _MASK, step & _MASK, (draw >> 1) & _MASK),
        (key & _MASK, (key >> 32) & _MASK),
    )
    low, high = words[:2] if draw & 1 == 0 else words[2:]
    return ((low | high << 32) >> 11) * 2.0**-53
