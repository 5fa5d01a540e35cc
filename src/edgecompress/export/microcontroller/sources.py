"""The C++ sources beside a model file: the file as an array, a program that runs it once, and one that serves it.

The first program includes headers of TensorFlow Lite Micro alone; what a board needs to start and to print is its
maker's. The second answers requests on a serial line, see docs/serial.md.
"""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from edgecompress.export.microcontroller.operators import ETHOS_U, method
from edgecompress.record import write_atomically

SERVE = "serve.cc"
_ROW = 16
# Of the arena: what the interpreter takes for a while, and versions that need a little more than the proved one.
_SPARE = 1024


def write_sources(
    folder: Path, model: Path, *, arena: int, operators: Sequence[str], shapes: tuple[int, int], suffix: str = ""
) -> dict[str, str]:
    """Write ``model_data.h``, ``model_data.cc``, ``main.cc`` and ``serve.cc`` for a model file; what each is, by name.

    Args:
        folder: where.
        model: the file.
        arena: bytes that it needs.
        operators: those that it has.
        shapes: the numbers of values that it takes and gives.
        suffix: after each name, before its dot.
    """
    data = model.read_bytes()
    header, array, main = f"model_data{suffix}.h", f"model_data{suffix}.cc", f"main{suffix}.cc"
    serve = Path(SERVE).stem + f"{suffix}.cc"
    size = -(-(arena + _SPARE) // _ROW) * _ROW
    network = _network(operators, size, shapes, header)
    texts = {
        header: _header(len(data)),
        array: _array(data, model.name, header),
        main: _main(network),
        serve: _serve(network),
    }
    for name, text in texts.items():
        write_atomically(folder / name, text)
    return {
        header: "declares the array",
        array: f"{model.name} as a constant array, aligned to 16 bytes",
        main: "a program to begin with: it runs the model once (C++17, TensorFlow Lite Micro); not compiled by build",
        serve: "a program that 'edgecompress bench --device serial:PORT' measures the board with, instead of main's",
    }


def _header(size: int) -> str:
    return (
        "// The model file as an array in flash.\n"
        "#ifndef MODEL_DATA_H_\n#define MODEL_DATA_H_\n\n"
        "#include <cstddef>\n\n"
        f"constexpr std::size_t kModelDataSize = {size};\n"
        "extern const unsigned char kModelData[kModelDataSize];\n\n"
        "#endif  // MODEL_DATA_H_\n"
    )


def _array(data: bytes, name: str, header: str) -> str:
    rows = (", ".join(f"0x{byte:02x}" for byte in data[at : at + _ROW]) for at in range(0, len(data), _ROW))
    body = ",\n    ".join(rows)
    return (
        f'// {name}, byte by byte.\n#include "{header}"\n\n'
        f"alignas(16) const unsigned char kModelData[kModelDataSize] = {{\n    {body}}};\n"
    )


def _network(operators: Sequence[str], arena: int, shapes: tuple[int, int], header: str) -> str:
    """The part that both programs have: the headers, the arena, and a resolver with exactly the operators."""
    added = sorted({method(each) for each in operators})
    lines = "\n".join(f"  if (resolver.{each}() != kTfLiteOk) return false;" for each in added)
    taken, given = shapes
    driver = (
        "// The Ethos-U driver must be initialised before (ethosu_init), see its documentation.\n"
        if ETHOS_U in operators
        else ""
    )
    return f"""\
#include "{header}"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_log.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/micro/system_setup.h"
#include "tensorflow/lite/schema/schema_generated.h"

namespace {{

{driver}// What the model needed where it was built, and some room: make it smaller until AllocateTensors fails.
constexpr std::size_t kArenaSize = {arena};
constexpr int kInputs = {taken};
constexpr int kOutputs = {given};
alignas(16) std::uint8_t arena[kArenaSize];

using Resolver = tflite::MicroMutableOpResolver<{len(added)}>;

bool AddOperators(Resolver& resolver) {{
{lines}
  return true;
}}

}}  // namespace
"""


def _main(network: str) -> str:
    return f"""\
// Runs the model once on zeros. Put your samples where it says so; channels are last in them.
#include <cstdint>

{network}
int main() {{
  tflite::InitializeTarget();
  Resolver resolver;
  if (!AddOperators(resolver)) return 1;
  const tflite::Model* model = tflite::GetModel(kModelData);
  tflite::MicroInterpreter interpreter(model, resolver, arena, kArenaSize);
  if (interpreter.AllocateTensors() != kTfLiteOk) return 2;

  float* input = interpreter.input(0)->data.f;
  for (int i = 0; i < kInputs; ++i) input[i] = 0.0f;  // your sample, scaled as in training
  if (interpreter.Invoke() != kTfLiteOk) return 3;

  const float* output = interpreter.output(0)->data.f;
  int best = 0;
  for (int i = 1; i < kOutputs; ++i) {{
    if (output[i] > output[best]) best = i;
  }}
  MicroPrintf("class %d, arena %d of %d bytes", best, static_cast<int>(interpreter.arena_used_bytes()),
              static_cast<int>(kArenaSize));
  return 0;
}}
"""


def _serve(network: str) -> str:
    served = resources.files(__package__).joinpath(SERVE).read_text(encoding="utf-8")
    return f"""\
// Serves the model on a serial line, for 'edgecompress bench --device serial:PORT'. It stands in place of main.cc.
#include <cstdint>
#include <cstring>

#if defined(ARDUINO)
#include <Arduino.h>
#elif defined(ESP_PLATFORM)
#include "driver/uart.h"
#include "esp_cpu.h"
#include "esp_rom_sys.h"
#include "sdkconfig.h"
#if CONFIG_ESP_CONSOLE_USB_SERIAL_JTAG
#include "driver/usb_serial_jtag.h"
#endif
#elif defined(__ZEPHYR__)
#include <zephyr/device.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/kernel.h>
#endif

{network}
{served}"""
