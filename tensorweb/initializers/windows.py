"""SciPy's window functions that need no parameter, by the names and short names scipy.signal.get_window knows, as lists of floats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import acosh, cos, exp, floor, pi, prod, sin

from ..errors import ArgumentError, message

# Each takes a sample's place i and the number n of samples (2 or more) of the symmetric window.
Formula = Callable[[int, int], float]


def _cosines(*weights: float) -> Formula:
    return lambda i, n: sum(a * cos(k * (2 * pi * i / (n - 1) - pi)) for k, a in enumerate(weights))


def _from_middle(i: int, n: int) -> float:
    """Return the distance from the middle: 0 there, 1 at both ends."""
    return abs(2.0 * i / (n - 1) - 1.0)


def _triangle(i: int, n: int) -> float:
    nearer = min(i, n - 1 - i) + 1
    return 2.0 * nearer / (n + 1) if n % 2 else (2.0 * nearer - 1.0) / n


def _parzen(i: int, n: int) -> float:
    off = abs(i - (n - 1) / 2.0)
    x = off / (n / 2.0)
    return 1 - 6 * x**2 + 6 * x**3 if off <= (n - 1) / 4.0 else 2 * (1 - x) ** 3


def _bohman(i: int, n: int) -> float:
    x = _from_middle(i, n)
    return 0.0 if i in (0, n - 1) else (1 - x) * cos(pi * x) + sin(pi * x) / pi


def _tukey(i: int, n: int) -> float:
    """Return cosine slopes over a quarter of the window at each end."""
    nearer = min(i, n - 1 - i)
    return 1.0 if nearer > floor((n - 1) / 4) else 0.5 * (1 + cos(pi * (4.0 * nearer / (n - 1) - 1)))


def _barthann(i: int, n: int) -> float:
    x = abs(i / (n - 1.0) - 0.5)
    return 0.62 - 0.48 * x + 0.38 * cos(2 * pi * x)


def _lanczos(i: int, n: int) -> float:
    x = pi * (2.0 * i / (n - 1) - 1.0)
    return sin(x) / x if x else 1.0


def _taylor(nbar: int = 4, level: float = 30.0) -> Formula:
    """Return Taylor's window with nbar near sidelobes at -level dB, 1 in the middle."""
    a = acosh(10 ** (level / 20)) / pi
    stretch = nbar**2 / (a**2 + (nbar - 0.5) ** 2)
    places = range(1, nbar)

    def weight(m: int) -> float:
        above = prod(1 - m * m / stretch / (a**2 + (k - 0.5) ** 2) for k in places)
        return (-1) ** (m + 1) * above / (2 * prod(1 - m * m / (k * k) for k in places if k != m))

    weights = [weight(m) for m in places]

    def at(x: float, n: int) -> float:
        return 1 + 2 * sum(w * cos(2 * pi * m * (x - n / 2.0 + 0.5) / n) for m, w in zip(places, weights, strict=True))

    return lambda i, n: at(i, n) / at((n - 1) / 2, n)


_FORMULAS: dict[str, Formula] = {
    "barthann brthan bth": _barthann,
    "bartlett bart brt": lambda i, n: 1.0 - _from_middle(i, n),
    "blackman black blk": _cosines(0.42, 0.50, 0.08),
    "blackmanharris blackharr bkh": _cosines(0.35875, 0.48829, 0.14128, 0.01168),
    "bohman bman bmn": _bohman,
    "boxcar box ones rect rectangular": lambda i, n: 1.0,
    "cosine halfcosine": lambda i, n: sin(pi / n * (i + 0.5)),
    "exponential poisson": lambda i, n: exp(-abs(i - (n - 1) / 2)),
    "flattop flat flt": _cosines(0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368),
    "hamming hamm ham": _cosines(0.54, 0.46),
    "hann han": _cosines(0.5, 0.5),
    "lanczos sinc": _lanczos,
    "nuttall nutl nut": _cosines(0.3635819, 0.4891775, 0.1365995, 0.0106411),
    "parzen parz par": _parzen,
    "taylor taylorwin": _taylor(),
    "triangle triang tri": _triangle,
    "tukey tuk": _tukey,
}
_BY_NAME = {name: formula for names, formula in _FORMULAS.items() for name in names.split()}


def check_window(name: str) -> None:
    """Raise ArgumentError unless `name` is a window's."""
    if name.removesuffix("_periodic").removesuffix("_symmetric") not in _BY_NAME:
        known = ", ".join(names.split()[0] for names in _FORMULAS)
        raise ArgumentError(message("STFT", "the name of a window without parameters", repr(name), f"Known are {known}."))


def window(name: str, length: int, periodic: bool) -> Sequence[float]:
    """Return a window's values; a periodic one is the symmetric one of a sample more, without its last."""
    check_window(name)
    periodic = (periodic or name.endswith("_periodic")) and not name.endswith("_symmetric")
    formula = _BY_NAME[name.removesuffix("_periodic").removesuffix("_symmetric")]
    if length <= 1:
        return [1.0] * length
    n = length + 1 if periodic else length
    return [formula(i, n) for i in range(length)]
