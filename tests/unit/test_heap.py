"""The heap of compiled backends on a source that only counts: sizes, recycling, bounds, exhaustion, threads."""

import gc
import random
import threading
from itertools import pairwise

import pytest

from tensorweb import errors
from tensorweb.backends.heap import ALIGNMENT, Heap, count_derived, derived_bytes, size_class

MIB = 1 << 20


class Source:
    """Gives addresses out, and takes them back unless it is `lasting`; `limit` bytes at most at once."""

    def __init__(self, limit=1 << 62, lasting=False):
        self.limit, self.lasting = limit, lasting
        self.next, self.sizes, self.calls = ALIGNMENT, {}, 0

    def reserve(self, nbytes):
        self.calls += 1
        if sum(self.sizes.values()) + nbytes > self.limit:
            raise MemoryError
        address = self.next
        self.next += nbytes
        self.sizes[address] = nbytes
        return address

    def release(self, address):
        if not self.lasting:
            del self.sizes[address]
        return not self.lasting

    @property
    def total(self):
        return sum(self.sizes.values())


def take(heap, nbytes):
    return heap.take(size_class(nbytes))


def overlap(buffers):
    spans = sorted((b.address, b.address + b.capacity) for b in buffers)
    return any(end > begin for (_, end), (begin, _) in pairwise(spans))


def test_size_classes():
    numbers = [0, 1, 127, 128, 129, 1023, 1024, 1025, *random.Random(0).sample(range(1 << 34), 2000)]
    for n in numbers:
        made = size_class(n)
        assert made >= max(n, 1) and made % ALIGNMENT == 0 and size_class(made) == made
        assert made - n <= max(ALIGNMENT, n / 8)
    assert len({size_class(n) for n in range(1 << 20, 1 << 21, 1 << 10)}) <= 9


@pytest.mark.parametrize("lasting", [False, True])
def test_memory_is_recycled_by_size(lasting):
    source = Source(lasting=lasting)
    heap = Heap(source, "test")
    sizes = [0, 1, 128, 5000, 200_000, 300_000, 5 * MIB, 5 * MIB]
    held = [take(heap, n) for n in sizes]
    assert not overlap(held) and all(b.address % ALIGNMENT == 0 for b in held)
    before, calls = {b.address for b in held}, source.calls
    held.clear()
    held = [take(heap, n) for n in sizes]
    assert {b.address for b in held} == before and source.calls == calls
    assert heap.reserved == source.total


def test_large_memory_that_is_free_can_be_given_back():
    source = Source()
    heap = Heap(source, "test")
    held, kept = [take(heap, 10 * MIB) for _ in range(5)], take(heap, 3 * MIB)
    small = take(heap, 1000)
    held.clear()
    heap.trim()
    assert source.total == heap.reserved == size_class(3 * MIB) + MIB  # what is in use, and the slab of small pieces
    del small, kept
    heap.trim()
    assert source.total == heap.reserved == MIB


def test_varying_sizes_do_not_pile_up():
    source = Source()
    heap = Heap(source, "test")
    for i in range(1000):
        x, y = take(heap, (i + 1) * MIB), take(heap, (i + 1) * MIB)
        used = x.capacity + y.capacity
        assert heap.reserved == source.total <= used + max(used / 2, 64 * MIB)
        del x, y


def test_a_program_that_comes_back_to_its_sizes_reserves_nothing():
    source = Source()
    heap = Heap(source, "test")

    def step():
        held = [take(heap, (1 + i % 7) * MIB) for i in range(50)]
        del held[::2]
        return held + [take(heap, 9 * MIB)]

    step()
    calls = source.calls
    for _ in range(10):
        step()
    assert source.calls == calls


def test_out_of_memory_and_after():
    source = Source(limit=10 * MIB)
    heap = Heap(source, "test")
    held = [take(heap, MIB) for _ in range(10)]
    with pytest.raises(errors.OutOfMemoryError, match="expected 1048576 bytes of free memory, got none beside 10485760 reserved"):
        take(heap, MIB)
    with pytest.raises(MemoryError):
        take(heap, 1)  # not even a slab
    del held[3]
    take(heap, MIB)
    held.clear()
    assert take(heap, 10 * MIB).capacity == 10 * MIB  # free memory of other sizes was given back


def test_a_block_that_is_too_large_is_better_than_none():
    heap = Heap(Source(limit=10 * MIB, lasting=True), "test")
    large, other = take(heap, 6 * MIB), take(heap, 4 * MIB)
    address = other.address
    del large, other
    made = take(heap, 3 * MIB)
    assert (made.address, made.capacity) == (address, 4 * MIB)
    del made
    assert take(heap, 4 * MIB).address == address  # it went back to its own size


def test_garbage_is_collected_before_memory_is_out():
    heap = Heap(Source(limit=8 * MIB), "test")
    gc.disable()
    try:
        cycle = [take(heap, 8 * MIB)]
        cycle.append(cycle)
        del cycle
        take(heap, 8 * MIB)
    finally:
        gc.enable()


def test_memory_may_be_taken_while_memory_is_taken():
    """As a finalizer does that a collection runs in the middle of `take`."""
    source, inner = Source(), []
    heap = Heap(source, "test")
    reserve = source.reserve

    def reserve_and_take(nbytes):
        source.reserve = reserve
        inner.append(take(heap, 100))
        inner.append(take(heap, MIB))
        return reserve(nbytes)

    for size in (200, 2 * MIB):
        source.reserve = reserve_and_take
        inner.append(take(heap, size))
    assert len(inner) == 6 and not overlap(inner)


def test_threads_never_get_the_same_memory():
    heap, failures, owners = Heap(Source(limit=400 * MIB), "test"), [], {}

    def work(seed):
        rng, held = random.Random(seed), []
        for _ in range(3000):
            if len(held) > 20:
                gone = held.pop(rng.randrange(len(held)))
                if owners.pop(gone.address) != seed:
                    failures.append(gone)
                del gone
            made = take(heap, rng.choice([100, 1000, 50_000, MIB, 2 * MIB, 5 * MIB]))
            if owners.setdefault(made.address, seed) != seed or any(b.address == made.address for b in held):
                failures.append(made)
            held.append(made)
            del made
        for b in held:
            del owners[b.address]

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures and not owners


def test_derived_bytes_are_counted_while_they_live():
    heap, before = Heap(Source(), "test"), derived_bytes()
    forms = [take(heap, 1000), take(heap, 5000)]
    for form in forms:
        count_derived(form)
    assert derived_bytes() - before == sum(b.capacity for b in forms)
    del form, forms[0]
    assert derived_bytes() - before == forms[0].capacity
    forms.clear()
    assert derived_bytes() == before
