"""Oracle cases of random ops: what follows from the bits of Threefry-2x32. The statistics: test_random.py."""

import numpy as np

from .common import Cases, values

cases = Cases("random")

M = 0xFFFFFFFF


def threefry(key, counter):
    """Return the two words of Threefry-2x32 with 20 rounds, written apart from the library's."""
    ks = [*key, key[0] ^ key[1] ^ 0x1BD11BDA]
    a, b = (counter[0] + ks[0]) & M, (counter[1] + ks[1]) & M
    for r in range(20):
        a = (a + b) & M
        k = [13, 15, 26, 6, 17, 29, 16, 24][r % 8]
        b = ((b << k | b >> (32 - k)) & M) ^ a
        if r % 4 == 3:
            s = r // 4 + 1
            a, b = (a + ks[s % 3]) & M, (b + ks[(s + 1) % 3] + s) & M
    return a, b


assert threefry((0, 0), (0, 0)) == (0x6B200159, 0x99BA4EFE)
assert threefry((M, M), (M, M)) == (0x1CB996FC, 0xBB002BE7)
assert threefry((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3)) == (0xC4923A9C, 0x483DF7A0)


def bits(n, seed):
    key = threefry((0, 0), (seed & M, seed >> 32 & M))
    half = (n + 1) // 2
    blocks = [threefry(key, (i, 0)) for i in range(half)]
    return np.array([b[0] for b in blocks] + [b[1] for b in blocks], "uint64")[:n]


for seed in (0, 1, 7, 2**31, 2**40 + 3, 12345678901):
    for shape in ((), (1,), (5,), (2, 3), (2, 1, 2, 2), (0,), (3, 0, 2)):
        word = bits(int(np.prod(shape)), seed).reshape(shape)
        unit = ((word >> np.uint64(8)) / 2.0**24).astype("float32")
        cases.add("random.uniform", shape, seed=seed, expected=unit)
        if seed > 1:
            continue
        cases.add("random.uniform", shape, -1.0, 3.0, seed=seed, expected=(unit * 4.0 - 1.0).astype("float32"))
        cases.add("random_uniform", shape, 2, 10, "int32", seed=seed, expected=(unit * 8 + 2).astype("int32"))
        for low, high in ((0, 10), (-5, 100000), (-(2**31), 2**31), (-2000000000, 2000000000), (3, 4)):
            drawn = np.array([low + (int(w) * (high - low) >> 32) for w in word.reshape(-1)], "int32").reshape(shape)
            cases.add("random.randint", shape, low, high, seed=seed, expected=drawn)
            cases.add("random_uniform_int", shape, low, high, seed=seed, expected=drawn)
    x = values(3, 4, seed=2)
    keep = (bits(12, seed) >> np.uint64(8)).reshape(3, 4) / 2.0**24 >= 0.4
    cases.add("dropout", x, 0.4, seed=seed, reference=lambda x, rate, seed, keep=keep: x * keep / 0.6)
    rows = (bits(3, seed) >> np.uint64(8)).reshape(3, 1) / 2.0**24 >= 0.4
    cases.add("random.dropout", x, 0.4, (None, 1), seed=seed, reference=lambda x, rate, noise, seed, keep=rows: x * keep / 0.6)
cases.add("dropout", values(2, 3), 0.0, reference=lambda x, rate: x + 0.0)
cases.add("dropout", values(2, 3), 1.0, seed=1, expected=np.zeros((2, 3), "float32"))
for shape in ((4,), (0,), (1, 2, 1)):
    cases.add("dropout", values(*shape), 0.0, reference=lambda x, rate: x + 0.0)
