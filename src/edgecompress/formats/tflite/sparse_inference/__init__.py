"""XNNPACK's sparse inference: what LiteRT does with sparse weights on processors without AVX, which is all of Arm.

There a file with a DENSIFY makes XNNPACK look for runs of operators that it can compute channels first, multiplying
with the nonzeros of 1x1 convolutions alone. A run begins at one form of convolution, the entry, and ends where the
places of a map are averaged. In such a run sparsity is faster. Where one is broken in between, ai-edge-litert 1.1 to
2.3 compute wrong numbers and say nothing.
"""
