// What a bundle's serve.cc asks of a board, for QEMU's mps3-an547: its first UART, an Arm CMSDK one, by polling.
// QEMU has no counter of this processor's cycles, and its own would be no time: there is none here.
#include <cstddef>
#include <cstdint>

namespace board {

namespace {

struct Uart {
  volatile std::uint32_t data, state, control, interrupts, divider;
};
Uart& uart = *reinterpret_cast<Uart*>(0x59303000);  // as secure code sees it, which this is
constexpr std::uint32_t kFull = 1, kHas = 2;        // states: of the byte to send, of the one that came

}  // namespace

void Start() {
  uart.divider = 16;  // the smallest; QEMU's lines have no rate
  uart.control = 3;   // send and receive
}

int Read() {
  while (!(uart.state & kHas)) {
  }
  return static_cast<int>(uart.data & 0xFF);
}

void Write(const char* text, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    while (uart.state & kFull) {
    }
    uart.data = static_cast<unsigned char>(text[i]);
  }
}

std::uint32_t Cycles() { return 0; }
std::uint32_t CyclesPerSecond() { return 0; }
const char* Name() { return "mps3-an547 (QEMU)"; }

}  // namespace board
