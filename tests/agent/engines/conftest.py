"""A LiteRT delegate, compiled here: it takes every operator of one kind and computes nothing."""

import shutil
import subprocess

import pytest

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
