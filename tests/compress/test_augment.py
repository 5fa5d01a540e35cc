import torch

from edgecompress.compress.augment import mirror, shift


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_each_shifted_image_is_one_of_the_possible_shifts():
    batch = torch.arange(2 * 3 * 5 * 6, dtype=torch.float32).view(2, 3, 5, 6)
    shifted = shift(batch, 1, generator())
    padded = torch.nn.functional.pad(batch, [1, 1, 1, 1], mode="replicate")
    for image in range(2):
        possible = [padded[image, :, i : i + 5, j : j + 6] for i in range(3) for j in range(3)]
        assert any(torch.equal(shifted[image], one) for one in possible)


def test_windows_are_shifted_in_time_all_channels_alike():
    batch = torch.arange(40.0).repeat(8, 2, 1)
    shifted = shift(batch, 4, generator())
    assert torch.equal(shifted[:, 0], shifted[:, 1])
    starts = {int(x) for x in (shifted[:, 0, 20] - batch[:, 0, 20]).tolist()}
    assert len(starts) > 2
    assert starts <= set(range(-4, 5))


def test_nothing_is_shifted_by_zero_and_a_seed_repeats():
    batch = torch.randn(4, 1, 6, 6)
    assert torch.equal(shift(batch, 0, generator()), batch)
    assert torch.equal(shift(batch, 2, generator(7)), shift(batch, 2, generator(7)))


def test_about_half_the_samples_are_mirrored_along_the_last_axis():
    batch = torch.randn(400, 1, 2, 3)
    mirrored = mirror(batch, generator())
    same = (mirrored == batch).flatten(1).all(1)
    assert 150 < int(same.sum()) < 250
    assert torch.equal(mirrored[~same], batch[~same].flip(-1))
