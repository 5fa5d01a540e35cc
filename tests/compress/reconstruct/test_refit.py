import numpy as np
import torch

from edgecompress.compress.reconstruct.refit import refit


def test_centroids_are_those_of_numpy_s_least_squares_over_all_outputs(problem):
    first, x, y, w = problem(outputs=3, features=10, count=80)
    second, x2, y2, w2 = problem(outputs=2, features=10, count=80, seed=4)
    keeps = [each.abs() > 0.3 for each in (w, w2)]
    labels = [torch.randint(0, 3, each.shape, generator=torch.Generator().manual_seed(1)) for each in (w, w2)]
    rows, right = [], []
    for given, wanted, keep, label in ((x, y, keeps[0], labels[0]), (x2, y2, keeps[1], labels[1])):
        for output in range(len(keep)):
            one_hot = torch.nn.functional.one_hot(label[output], 3).double() * keep[output][:, None]
            rows.append((given @ one_hot).numpy())
            right.append(wanted[:, output].numpy())
    expected = np.linalg.lstsq(np.concatenate(rows), np.concatenate(right), rcond=None)[0]
    start = torch.tensor([-1.0, 0.5, 1.0, 9.0], dtype=torch.float64)
    found = refit([first, second], labels, keeps, start)
    assert np.allclose(found[:3].numpy(), expected, atol=1e-5)
    assert found[3] == 9.0, "nothing takes it, so it stays"
