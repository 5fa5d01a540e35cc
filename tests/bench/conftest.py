"""A bundle that was measured once, and files that kill or refuse to run in their runtime."""

import shutil

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgecompress import bundle, target
from edgecompress.bench.run import bench


@pytest.fixture(scope="session")
def measured(small_bundle, tmp_path_factory):
    """A copy of the small bundle, measured in mode quick: (record, its file, the bundle's folder)."""
    folder = shutil.copytree(small_bundle, tmp_path_factory.mktemp("measured") / "bundle")
    said = []
    record, path = bench(folder, mode="quick", threads=1, progress=lambda *told: said.append(told))
    assert said
    return record, path, folder


def replace(folder, name, content):
    """Put another file into a bundle, as if build had written it."""
    (folder / name).write_bytes(content)
    manifest = bundle.Manifest.from_file(folder / bundle.MANIFEST)
    entry = manifest.models[name].model_copy(update={"bytes": len(content), "sha256": bundle.digest(folder / name)})
    bundle.write_manifest(folder, manifest.model_copy(update={"models": {**manifest.models, name: entry}}))


@pytest.fixture(scope="session")
def for_a_board(small_bundle, tmp_path_factory):
    """The record of the small bundle as one for a Raspberry Pi 4, measured here with the default threads."""
    folder = shutil.copytree(small_bundle, tmp_path_factory.mktemp("board") / "bundle")
    manifest = bundle.load(folder)
    bundle.write_manifest(folder, manifest.model_copy(update={"target": target.load("rpi4")}))
    return bench(folder, mode="quick")[0]


@pytest.fixture
def broken(small_bundle, tmp_path):
    """A copy of the small bundle in which some files hold something else."""

    def make(**contents):
        folder = shutil.copytree(small_bundle, tmp_path / "broken")
        for name, content in contents.items():
            replace(folder, name.replace("_", "."), content)
        return folder

    return make


@pytest.fixture(scope="session")
def killer():
    """A TFLite file whose graph calls itself without end: LiteRT dies of its stack, with SIGSEGV."""

    def tensor(name, shape, buffer, kind):
        made = schema.TensorT()
        made.name, made.shape, made.buffer, made.type = name.encode(), shape, buffer, kind
        return made

    def graph():
        made = schema.SubGraphT()
        made.tensors = [
            tensor("x", [1, 8, 8, 1], 1, schema.TensorType.FLOAT32),
            tensor("condition", [1], 2, schema.TensorType.BOOL),
            tensor("y", [1, 8, 8, 1], 1, schema.TensorType.FLOAT32),
        ]
        operator = schema.OperatorT()
        operator.inputs, operator.outputs, operator.opcodeIndex = [1, 0], [2], 0
        operator.builtinOptionsType = schema.BuiltinOptions.IfOptions
        operator.builtinOptions = schema.IfOptionsT()
        operator.builtinOptions.thenSubgraphIndex = operator.builtinOptions.elseSubgraphIndex = 1
        made.inputs, made.outputs, made.operators = [0], [2], [operator]
        return made

    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.IF
    code.version = 1
    model = schema.ModelT()
    model.version, model.subgraphs, model.operatorCodes = 3, [graph(), graph()], [code]
    model.buffers = [schema.BufferT() for _ in range(3)]
    model.buffers[2].data = np.array([1], np.uint8)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
