"""A LiteRT delegate, compiled here: it takes every operator of one kind and computes nothing; and a small graph."""

import shutil
import subprocess

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

# The wheel has no headers. These are the parts of TensorFlow Lite's C interface (lite/core/c/common.h) that a delegate
# needs, up to the last member that it uses.
SOURCE = r"""
#include <stdint.h>
#include <stdlib.h>
typedef struct { int size; int data[]; } IntArray;
struct Context; struct Delegate; struct Node;
typedef struct {
  void *(*init)(struct Context *, const char *, size_t);
  void (*free)(struct Context *, void *);
  int (*prepare)(struct Context *, struct Node *);
  int (*invoke)(struct Context *, struct Node *);
  const char *(*profiling_string)(const struct Context *, const struct Node *);
  int32_t builtin_code; const char *custom_name; int version;
  void *external; void *async; uint64_t inplace;
} Registration;
typedef struct Context {
  size_t tensors_size;
  int (*plan)(struct Context *, IntArray **);
  void *tensors, *impl, *resize, *report, *add;
  int (*node)(struct Context *, int, struct Node **, Registration **);
  int (*replace)(struct Context *, Registration, const IntArray *, struct Delegate *);
} Context;
typedef struct Delegate {
  void *data;
  int (*prepare)(Context *, struct Delegate *);
  void *from, *to, *release; int64_t flags; void *opaque;
} Delegate;
static int ok(struct Context *context, struct Node *node) { return 0; }
static int prepare(Context *context, Delegate *delegate) {
  IntArray *plan;
  if (context->plan(context, &plan)) return 1;
  IntArray *taken = malloc(sizeof(int) * (plan->size + 1));
  taken->size = 0;
  for (int i = 0; i < plan->size; i++) {
    struct Node *node; Registration *registration;
    if (context->node(context, plan->data[i], &node, &registration)) return 1;
    if (registration->builtin_code == KIND) taken->data[taken->size++] = plan->data[i];
  }
  Registration own = {.prepare = ok, .invoke = ok, .custom_name = "own", .version = 1};
  int code = taken->size ? context->replace(context, own, taken, delegate) : 0;
  free(taken);
  return code;
}
Delegate *tflite_plugin_create_delegate(char **keys, char **values, size_t count, void (*report)(const char *)) {
  Delegate *made = calloc(1, sizeof *made);
  made->prepare = prepare;
  return made;
}
void tflite_plugin_destroy_delegate(Delegate *delegate) { free(delegate); }
"""


@pytest.fixture(scope="session")
def delegate(tmp_path_factory):
    """Compiles a delegate that takes the operators of one builtin code."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler here")
    folder = tmp_path_factory.mktemp("delegates")

    def make(kind):
        (folder / "delegate.c").write_text(SOURCE)
        library = folder / f"takes-{kind}.so"
        command = [compiler, "-shared", "-fPIC", f"-DKIND={kind}", "-o", str(library), str(folder / "delegate.c")]
        subprocess.run(command, check=True, capture_output=True)
        return str(library)

    return make


@pytest.fixture
def write(tmp_path):
    """Writes a padding and a convolution with float16 weights, a padding that two read, and a RELU.

    Tensors by number: 0 the input, 1 the padded one, 2 and 3 the weights in float16 and float32, 4 to 6 the outputs of
    the convolution, the second padding and the last; 7 the widths of a padding, 8 the bias.
    """
    rows = [[0, 0], [1, 1], [1, 1], [0, 0]]
    random = np.random.default_rng(5)
    data = {2: random.standard_normal((2, 3, 3, 2)).astype(np.float16), 7: np.array(rows, np.int32)}
    data[8] = random.standard_normal(2).astype(np.float32)
    padded = (1, 8, 8, 2)
    shapes = [(1, 6, 6, 2), padded, (2, 3, 3, 2), (2, 3, 3, 2), (1, 6, 6, 2), padded, padded, (4, 2), (2,)]
    kinds = {2: schema.TensorType.FLOAT16, 7: schema.TensorType.INT32}
    operators = [
        ("DEQUANTIZE", [2], [3]),
        ("PAD", [0, 7], [1]),
        ("CONV_2D", [1, 3, 8], [4]),
        ("PAD", [4, 7], [5]),
        ("RELU", [5], [6]),
    ]

    def made(graphs=1, kind=None):
        model, graph = schema.ModelT(), schema.SubGraphT()
        model.version, model.buffers, model.operatorCodes = 3, [schema.BufferT()], []
        graph.tensors, graph.operators, graph.inputs, graph.outputs = [], [], [0], [6]
        for number, shape in enumerate(shapes):
            tensor, buffer = schema.TensorT(), schema.BufferT()
            tensor.name, tensor.shape = f"t{number}".encode(), list(shape)
            tensor.type = kinds.get(number, schema.TensorType.FLOAT32)
            if number == 5 and kind is not None:
                tensor.type = kind
            if number in data:
                buffer.data = np.frombuffer(data[number].tobytes(), np.uint8)
                tensor.buffer = len(model.buffers)
                model.buffers.append(buffer)
            graph.tensors.append(tensor)
        for number, (name, takes, gives) in enumerate(operators):
            operator, code = schema.OperatorT(), schema.OperatorCodeT()
            code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, name)
            code.version = 3 if name == "DEQUANTIZE" else 1
            operator.inputs, operator.outputs, operator.opcodeIndex = takes, gives, number
            if name == "CONV_2D":
                options = schema.Conv2DOptionsT()
                options.padding, options.strideW, options.strideH = schema.Padding.VALID, 1, 1
                operator.builtinOptionsType, operator.builtinOptions = schema.BuiltinOptions.Conv2DOptions, options
            graph.operators.append(operator)
            model.operatorCodes.append(code)
        metadata = schema.MetadataT()
        metadata.name, metadata.buffer = b"kept", 0
        model.metadata, model.subgraphs = [metadata], [graph] * graphs
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        path = tmp_path / "padded.tflite"
        path.write_bytes(bytes(builder.Output()))
        return path

    return made


@pytest.fixture
def graph(write):
    """That graph."""
    return write()
