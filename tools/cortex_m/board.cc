// What a bundle's main.cc leaves to a board's maker, for QEMU's mps3-an547: start, text output, and the end of the program.
// Text and exit code go to QEMU by semihosting (Arm's specification, operations 0x04 and 0x20).
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>

int main();

namespace {

std::uint32_t Host(std::uint32_t operation, const void* given) {
  register std::uint32_t r0 asm("r0") = operation;
  register const void* r1 asm("r1") = given;
  asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

[[noreturn]] void End(std::uint32_t code) {
  constexpr std::uint32_t kApplicationExit = 0x20026;
  const std::uint32_t given[2] = {kApplicationExit, code};
  Host(0x20, given);
  for (;;) {
  }
}

}  // namespace

extern "C" {

extern std::uint32_t data_begin, data_end, data_stored, bss_begin, bss_end, stack_top;
extern void (*init_begin)();
extern void (*init_end)();

[[noreturn]] void Reset() {
  volatile std::uint32_t& coprocessors = *reinterpret_cast<volatile std::uint32_t*>(0xE000ED88);
  coprocessors = coprocessors | 0xFu << 20;  // floating point and vectors
  asm volatile("dsb\n\tisb");
  const std::uint32_t* from = &data_stored;
  for (std::uint32_t* to = &data_begin; to < &data_end;) *to++ = *from++;
  for (std::uint32_t* to = &bss_begin; to < &bss_end;) *to++ = 0;
  for (void (**made)() = &init_begin; made < &init_end; ++made) (*made)();
  End(static_cast<std::uint32_t>(main()));
}

[[noreturn]] void Fault() {
  Host(0x04, "the processor stopped at a fault\n");
  End(99);
}

[[gnu::section(".vectors"), gnu::used]] const void* const vectors[7] = {
    &stack_top,
    reinterpret_cast<const void*>(Reset),
    reinterpret_cast<const void*>(Fault),
    reinterpret_cast<const void*>(Fault),
    reinterpret_cast<const void*>(Fault),
    reinterpret_cast<const void*>(Fault),
    reinterpret_cast<const void*>(Fault),
};

// TensorFlow Lite Micro's two functions for text.
void DebugLog(const char* format, va_list values) {
  char line[256];
  std::vsnprintf(line, sizeof line, format, values);
  Host(0x04, line);
}

int DebugVsnprintf(char* to, std::size_t size, const char* format, va_list values) {
  return std::vsnprintf(to, size, format, values);
}

// newlib's calls of an operating system, of which there is none.
void _exit(int code) { End(static_cast<std::uint32_t>(code)); }
int _kill(int, int) { return -1; }
int _getpid() { return 1; }
void* _sbrk(std::ptrdiff_t) { return reinterpret_cast<void*>(-1); }
int _write(int, const void*, int size) { return size; }
int _read(int, void*, int) { return 0; }
int _close(int) { return -1; }
int _lseek(int, int, int) { return 0; }
int _fstat(int, void*) { return 0; }
int _isatty(int) { return 1; }

}
