from hypothesis import strategies as st

from edgecompress.formats.tflite.lowering.views import View


@st.composite
def views_of(draw, elements):
    factors, rest = [], elements
    while rest > 1:
        size = draw(st.sampled_from([d for d in range(2, rest + 1) if rest % d == 0]))
        factors.append(size)
        rest //= size
    for _ in range(draw(st.integers(0, 2))):
        factors.insert(draw(st.integers(0, len(factors))), 1)
    factors = factors or [1]
    return View(tuple(factors), tuple(draw(st.permutations(range(len(factors))))))


# Two views of tensors of as many elements.
VIEW_PAIRS = st.sampled_from([1, 6, 8, 12, 24, 36]).flatmap(lambda n: st.tuples(views_of(n), views_of(n)))
