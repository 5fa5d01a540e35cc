"""The coders: sequences of small numbers as bits. Gaps between stored elements, and indices into a codebook."""
