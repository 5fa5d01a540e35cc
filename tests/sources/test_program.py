import io
import pickle
import zipfile

import pytest
import torch

from edgecompress.errors import InputError
from edgecompress.sources.program import check, program


def exported(here, training, name="m.pt2"):
    import nets

    network = nets.make().train(training)
    batch = {0: torch.export.Dim("batch")}
    made = torch.export.export(network, (torch.randn(2, 1, 8, 8),), dynamic_shapes=(batch,))
    torch.export.save(made, here / name)
    return network.eval()


@pytest.fixture
def archive(here):
    """``archive(name, content)``: a program with one entry put in, or in place of another."""
    import sys

    sys.path.insert(0, str(here))
    exported(here, training=False, name="sound.pt2")

    def make(name, content):
        with zipfile.ZipFile(here / "sound.pt2") as old, zipfile.ZipFile(here / "m.pt2", "w") as new:
            for entry in old.namelist():
                if entry != f"sound/{name}":
                    new.writestr(entry, old.read(entry))
            new.writestr(f"sound/{name}", content)
        return here / "m.pt2"

    return make


@pytest.mark.parametrize("training", [True, False])
def test_a_program_becomes_a_network_that_trains_whichever_mode_it_was_exported_in(here, monkeypatch, training):
    monkeypatch.syspath_prepend(here)
    network = exported(here, training)
    model = program(here / "m.pt2", ())
    x = torch.randn(5, 1, 8, 8)
    torch.testing.assert_close(model.module.eval()(x), network(x))
    assert model.module.state_dict().keys() >= {"conv.weight", "norm.running_mean", "head.bias"}
    before = model.module.norm.running_mean.clone()
    first, second = (model.module.train()(x) for _ in range(2))
    assert torch.equal(first, second) != training  # dropout drops, unless the export left it out
    assert not torch.equal(model.module.norm.running_mean, before)  # and statistics are taken
    assert [end.name for end in model.signature.inputs] == ["x"]


class Bomb:
    def __reduce__(self):
        return (open, ("/tmp/edgecompress-bomb", "w"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data/constants/custom_obj_0", pickle.dumps(Bomb())),
        ("data/constants/opaque_obj_0", pickle.dumps(Bomb())),
        ("data/weights/model.pt", pickle.dumps(Bomb())),
        ("data/aotinductor/model/x.so", b""),
        ("data/sample_inputs/model.pt", "pickle"),
        ("data/weights/model_weights_config.json", '{"config": {"w": {"use_pickle": true}}}'),
    ],
)
def test_nothing_is_unpickled_or_run(archive, monkeypatch, name, content):
    if content == "pickle":
        buffer = io.BytesIO()
        torch.save(Bomb(), buffer)
        content = buffer.getvalue()
    path = archive(name, content)
    monkeypatch.setattr(pickle, "loads", pytest.fail)
    monkeypatch.setattr(torch.export, "load", pytest.fail)
    with pytest.raises(InputError, match="pickle"):
        program(path, ())


def test_what_is_no_program_is_one_line(here):
    (here / "m.pt2").write_bytes(b"nonsense")
    with pytest.raises(InputError, match="cannot read"):
        check(here / "m.pt2")
