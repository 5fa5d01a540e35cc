"""The callbacks of docs/python-api.md, each in the real trainer, where its package is installed."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

import edgecompress as ec

PAGE = Path(__file__).parents[2] / "docs" / "python-api.md"
RECIPE = {"prune": {"epochs": 2, "sparsity": 0.75}, "retrain.epochs": 1, "cluster": {"epochs": 1, "bits": 3}}
X = torch.randn(64, 12, generator=torch.Generator().manual_seed(0))
Y = X[:, :3].argmax(1)


def callback(package):
    pytest.importorskip(package)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    (code,) = (each for each in blocks if each.startswith(f"import {package}"))
    assert len(code.splitlines()) < 30
    scope = {"ec": ec}
    exec(compile(code, PAGE.name, "exec"), scope)
    return scope["Compression"](RECIPE)


def check(net, made):
    weights = [each.weight for each in net.modules() if isinstance(each, nn.Linear)]
    zeros = sum(int((weight == 0).sum()) for weight in weights)
    assert zeros / sum(weight.numel() for weight in weights) == pytest.approx(0.75, abs=2e-3)
    assert all(len(weight.unique()) <= 9 for weight in weights)
    assert made.compressor.phase == "finished" and made.compressor.step == 40


def test_lightning(tmp_path):
    made = callback("lightning")
    import lightning

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.Linear(12, 48), nn.ReLU(), nn.Linear(48, 3))

        def training_step(self, batch, number):
            return functional.cross_entropy(self.net(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.AdamW(self.parameters(), 0.01)

    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, Y), batch_size=8)
    module = Module()
    trainer = lightning.Trainer(
        max_epochs=10, accumulate_grad_batches=2, gradient_clip_val=1.0, callbacks=[made], accelerator="cpu",
        logger=False, enable_checkpointing=False, enable_progress_bar=False, default_root_dir=tmp_path,
    )  # fmt: skip
    trainer.fit(module, loader)
    check(module, made)


def test_hugging_face(tmp_path):
    made = callback("transformers")
    pytest.importorskip("accelerate")
    import transformers

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.Linear(12, 48), nn.ReLU(), nn.Linear(48, 3))

        def forward(self, x, labels):
            scores = self.net(x)
            return {"loss": functional.cross_entropy(scores, labels), "logits": scores}

    samples = [{"x": x, "labels": y} for x, y in zip(X, Y, strict=True)]
    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path), max_steps=40, per_device_train_batch_size=8, gradient_accumulation_steps=2,
        learning_rate=0.01, use_cpu=True, report_to=[], save_strategy="no", disable_tqdm=True,
    )  # fmt: skip
    net = Net()
    transformers.Trainer(model=net, args=arguments, train_dataset=samples, callbacks=[made]).train()
    check(net, made)
