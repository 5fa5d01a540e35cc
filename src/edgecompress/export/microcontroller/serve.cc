// What a board gives. Arduino, ESP-IDF and Zephyr are served below; for any other define these six in a file of yours.
namespace board {

void Start();                                    // called once: opens the serial line
int Read();                                      // the next byte of it, waited for
void Write(const char* text, std::size_t size);  // returns when all of it is on its way
std::uint32_t Cycles();                          // a counter that goes on from 0 after 2^32 - 1
std::uint32_t CyclesPerSecond();                 // its rate
const char* Name();                              // of the board

#if defined(ARDUINO)

constexpr char kSystem[] = "Arduino";
#ifndef EDGECOMPRESS_BAUD
#define EDGECOMPRESS_BAUD 115200
#endif
void Start() { Serial.begin(EDGECOMPRESS_BAUD); }
int Read() {
  while (Serial.available() <= 0) yield();
  return Serial.read();
}
void Write(const char* text, std::size_t size) {
  Serial.write(reinterpret_cast<const std::uint8_t*>(text), size);
}
std::uint32_t Cycles() { return micros(); }
std::uint32_t CyclesPerSecond() { return 1000000; }
const char* Name() {
#if defined(EDGECOMPRESS_BOARD)
  return EDGECOMPRESS_BOARD;
#elif defined(ARDUINO_BOARD)
  return ARDUINO_BOARD;
#else
  return "Arduino";
#endif
}

#elif defined(ESP_PLATFORM)

constexpr char kSystem[] = "ESP-IDF";
constexpr int kBuffer = 2048;
#if CONFIG_ESP_CONSOLE_USB_SERIAL_JTAG
void Start() {
  usb_serial_jtag_driver_config_t wanted = {};
  wanted.tx_buffer_size = kBuffer;
  wanted.rx_buffer_size = kBuffer;
  usb_serial_jtag_driver_install(&wanted);
}
int Read() {
  std::uint8_t byte = 0;
  while (usb_serial_jtag_read_bytes(&byte, 1, portMAX_DELAY) != 1) {
  }
  return byte;
}
void Write(const char* text, std::size_t size) { usb_serial_jtag_write_bytes(text, size, portMAX_DELAY); }
#else
constexpr uart_port_t kPort = static_cast<uart_port_t>(CONFIG_ESP_CONSOLE_UART_NUM);
void Start() { uart_driver_install(kPort, kBuffer, 0, 0, nullptr, 0); }
int Read() {
  std::uint8_t byte = 0;
  while (uart_read_bytes(kPort, &byte, 1, portMAX_DELAY) != 1) {
  }
  return byte;
}
void Write(const char* text, std::size_t size) { uart_write_bytes(kPort, text, size); }
#endif
std::uint32_t Cycles() { return static_cast<std::uint32_t>(esp_cpu_get_cycle_count()); }
std::uint32_t CyclesPerSecond() { return esp_rom_get_cpu_ticks_per_us() * 1000000; }
const char* Name() {
#if defined(EDGECOMPRESS_BOARD)
  return EDGECOMPRESS_BOARD;
#else
  return CONFIG_IDF_TARGET;
#endif
}

#elif defined(__ZEPHYR__)

constexpr char kSystem[] = "Zephyr";
const struct device* const kConsole = DEVICE_DT_GET(DT_CHOSEN(zephyr_console));
void Start() {}
int Read() {
  unsigned char byte = 0;
  while (uart_poll_in(kConsole, &byte) != 0) {
  }
  return byte;
}
void Write(const char* text, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) uart_poll_out(kConsole, static_cast<unsigned char>(text[i]));
}
std::uint32_t Cycles() { return k_cycle_get_32(); }
std::uint32_t CyclesPerSecond() { return static_cast<std::uint32_t>(sys_clock_hw_cycles_per_sec()); }
const char* Name() {
#if defined(EDGECOMPRESS_BOARD)
  return EDGECOMPRESS_BOARD;
#else
  return CONFIG_BOARD;
#endif
}

#else

constexpr char kSystem[] = "other";

#endif

}  // namespace board

// Where this runs in an emulator: its cycles are no time, and edgecompress keeps none of them.
#ifndef EDGECOMPRESS_EMULATED
#define EDGECOMPRESS_EMULATED 0
#endif

namespace {

// The protocol, version 1: a line is '@', a body, '*', and the CRC-32 of the body in 8 digits. A body is an id of two
// characters, which its answer repeats, a word, and what belongs to it, with a space between. Numbers are hexadecimal.
constexpr std::uint32_t kVersion = 1;
constexpr char kBegin = '@';
constexpr char kCheck = '*';
constexpr int kOver = -1;
constexpr std::uint32_t kMostRuns = 32;   // of one line
constexpr std::uint32_t kMostBytes = 240;  // of outputs in one line

std::uint32_t AddToCrc(std::uint32_t crc, std::uint8_t byte) {
  crc ^= byte;
  for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
  return crc;
}

std::uint32_t Crc(const std::uint8_t* data, std::size_t size) {
  std::uint32_t crc = ~0u;
  for (std::size_t i = 0; i < size; ++i) crc = AddToCrc(crc, data[i]);
  return ~crc;
}

int HexDigit(int character) {
  if (character >= '0' && character <= '9') return character - '0';
  if (character >= 'a' && character <= 'f') return character - 'a' + 10;
  return -1;
}

// The value of a digit of base64; -1: it is none.
int Sextet(int character) {
  if (character >= 'A' && character <= 'Z') return character - 'A';
  if (character >= 'a' && character <= 'z') return character - 'a' + 26;
  if (character >= '0' && character <= '9') return character - '0' + 52;
  return character == '+' ? 62 : character == '/' ? 63 : -1;
}

// A line from the host, taken character by character as it comes: none of it is kept here.
class Request {
 public:
  // Waits for the beginning of the next line. One that begins within another puts an end to that.
  void Begin() {
    while (last_ != kBegin) last_ = board::Read();
    crc_ = ~0u;
    last_ = 0;
    over_ = false;
  }

  // The next character of the body; kOver at its end.
  int Next() {
    if (over_) return kOver;
    last_ = board::Read();
    over_ = last_ == kBegin || last_ == kCheck || last_ < ' ' || last_ > '~';
    if (over_) return kOver;
    crc_ = AddToCrc(crc_, static_cast<std::uint8_t>(last_));
    return last_;
  }

  // The next word, cut to what `text` holds.
  template <std::size_t size>
  void Word(char (&text)[size]) {
    std::size_t length = 0;
    for (int c = Next(); c != kOver && c != ' '; c = Next()) {
      if (length + 1 < size) text[length++] = static_cast<char>(c);
    }
    text[length] = 0;
  }

  std::uint32_t Number() {
    std::uint32_t value = 0;
    for (int c = Next(); HexDigit(c) >= 0; c = Next()) value = value << 4 | static_cast<std::uint32_t>(HexDigit(c));
    return value;
  }

  // Whether the line is whole and its checksum right, once it has been read to its end.
  bool IsIntact() {
    while (Next() != kOver) {
    }
    if (last_ != kCheck) return false;
    std::uint32_t given = 0;
    for (int i = 0; i < 8; ++i) {
      last_ = board::Read();
      if (HexDigit(last_) < 0) return false;
      given = given << 4 | static_cast<std::uint32_t>(HexDigit(last_));
    }
    return given == ~crc_;
  }

 private:
  std::uint32_t crc_ = 0;
  int last_ = 0;
  bool over_ = true;
};

// A line to the host. It is written in parts: a packet of USB for every character would be slow.
class Answer {
 public:
  Answer(const char* id, const char* word) {
    part_[size_++] = kBegin;
    Text(id);
    Put(' ');
    Text(word);
  }

  void Number(std::uint32_t value) {
    int digits = 1;
    while (digits < 8 && value >> 4 * digits) ++digits;
    Put(' ');
    Digits(value, digits);
  }

  void Word(const char* text) {
    Put(' ');
    Text(text);
  }

  void Base64(const std::uint8_t* data, std::size_t size) {
    constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    Put(' ');
    for (std::size_t i = 0; i < size; i += 3) {
      std::uint32_t bits = 0;
      for (std::size_t j = i; j < i + 3; ++j) bits = bits << 8 | (j < size ? data[j] : 0);
      for (std::size_t j = 0; j < 4; ++j) Put(i + j <= size ? kDigits[bits >> (18 - 6 * j) & 63] : '=');
    }
  }

  void End() {
    const std::uint32_t crc = ~crc_;
    Put(kCheck);
    Digits(crc, 8);
    Put('\n');
    Flush();
  }

 private:
  void Digits(std::uint32_t value, int count) {
    while (count-- > 0) Put("0123456789abcdef"[value >> 4 * count & 15]);
  }

  void Text(const char* text) {
    for (; *text; ++text) Put(*text < ' ' || *text > '~' || *text == kBegin || *text == kCheck ? '?' : *text);
  }

  void Put(char character) {
    if (size_ == sizeof part_) Flush();
    crc_ = AddToCrc(crc_, static_cast<std::uint8_t>(character));
    part_[size_++] = character;
  }

  void Flush() {
    board::Write(part_, size_);
    size_ = 0;
  }

  std::uint32_t crc_ = ~0u;
  std::size_t size_ = 0;
  char part_[64];
};

class Firmware {
 public:
  Firmware(tflite::MicroInterpreter& interpreter, bool ready) : interpreter_(interpreter), ready_(ready) {
    if (!ready_) return;
    input_ = reinterpret_cast<std::uint8_t*>(interpreter.input(0)->data.f);
    output_ = reinterpret_cast<const std::uint8_t*>(interpreter.output(0)->data.f);
    ready_ = interpreter.input(0)->bytes == kInputBytes && interpreter.output(0)->bytes == kOutputBytes;
  }

  // Waits for a request and answers it.
  void AnswerNext() {
    char word[8];
    request_.Begin();
    request_.Word(id_);
    request_.Word(word);
    if (!std::strcmp(word, "hello")) return Hello();
    if (!std::strcmp(word, "input")) return Input();
    if (!std::strcmp(word, "run")) return Run();
    if (!std::strcmp(word, "output")) return Output();
    if (!std::strcmp(word, "time")) return Time();
    if (Accepted()) Fail("word");
  }

 private:
  static constexpr std::uint32_t kInputBytes = kInputs * sizeof(float);
  static constexpr std::uint32_t kOutputBytes = kOutputs * sizeof(float);

  // "hello": all that there is to know about the firmware.
  void Hello() {
    if (!Accepted()) return;
    Answer answer(id_, "hello");
    answer.Number(kVersion);
    answer.Number(model_);
    answer.Number(kModelDataSize);
    answer.Number(kInputs);
    answer.Number(kOutputs);
    answer.Number(static_cast<std::uint32_t>(interpreter_.arena_used_bytes()));
    answer.Number(kArenaSize);
    answer.Number(board::CyclesPerSecond());
    answer.Number(EDGECOMPRESS_EMULATED);
    answer.Word(board::kSystem);
    answer.Word(board::Name());
    answer.End();
  }

  // "input PLACE DATA": bytes of the inputs, float32, from that byte on.
  void Input() {
    std::uint32_t place = request_.Number();
    std::uint32_t bits = 0;
    int held = 0;
    bool fits = ready_;
    for (int c = request_.Next(); c != kOver; c = request_.Next()) {
      if (Sextet(c) < 0) continue;
      bits = bits << 6 | static_cast<std::uint32_t>(Sextet(c));
      held += 6;
      if (held < 8) continue;
      held -= 8;
      fits = fits && place < kInputBytes;
      if (fits) input_[place++] = static_cast<std::uint8_t>(bits >> held);
    }
    if (!Accepted()) return;
    if (!fits) return Fail("range");
    Answer(id_, "input").End();
  }

  // "run CRC": one inference of the inputs, if that is their checksum. The answer has its cycles.
  void Run() {
    const std::uint32_t crc = request_.Number();
    if (!Accepted()) return;
    if (Crc(input_, kInputBytes) != crc) return Fail("input");
    std::uint32_t cycles = 0;
    if (!Invoke(&cycles)) return Fail("invoke");
    Answer answer(id_, "run");
    answer.Number(cycles);
    answer.End();
  }

  // "output PLACE": bytes of the outputs of the last run, float32, from that byte on.
  void Output() {
    const std::uint32_t place = request_.Number();
    if (!Accepted()) return;
    if (place >= kOutputBytes) return Fail("range");
    Answer answer(id_, "output");
    answer.Base64(output_ + place, kOutputBytes - place < kMostBytes ? kOutputBytes - place : kMostBytes);
    answer.End();
  }

  // "time COUNT": so many inferences of noise, and the cycles of each. The memory of inputs is used anew in a run.
  void Time() {
    const std::uint32_t count = request_.Number();
    if (!Accepted()) return;
    if (count > kMostRuns) return Fail("range");
    std::uint32_t cycles[kMostRuns];
    for (std::uint32_t i = 0; i < count; ++i) {
      float* values = reinterpret_cast<float*>(input_);
      for (int j = 0; j < kInputs; ++j) {
        noise_ = noise_ * 1664525u + 1013904223u;
        values[j] = static_cast<float>(static_cast<std::int32_t>(noise_)) / 2147483648.0f;
      }
      if (!Invoke(&cycles[i])) return Fail("invoke");
    }
    Answer answer(id_, "time");
    for (std::uint32_t i = 0; i < count; ++i) answer.Number(cycles[i]);
    answer.End();
  }

  bool Invoke(std::uint32_t* cycles) {
    const std::uint32_t before = board::Cycles();
    const bool done = interpreter_.Invoke() == kTfLiteOk;
    *cycles = board::Cycles() - before;
    return done;
  }

  // Whether the request came as it was sent, and there is a network to serve; the host is told if not.
  bool Accepted() {
    if (!request_.IsIntact()) return Fail("checksum"), false;
    if (!ready_) return Fail("arena"), false;
    return true;
  }

  void Fail(const char* why) {
    Answer answer(id_, "error");
    answer.Word(why);
    answer.End();
  }

  tflite::MicroInterpreter& interpreter_;
  bool ready_;
  std::uint8_t* input_ = nullptr;
  const std::uint8_t* output_ = nullptr;
  const std::uint32_t model_ = Crc(kModelData, kModelDataSize);
  std::uint32_t noise_ = 0;
  Request request_;
  char id_[3];
};

[[noreturn]] void Serve() {
  tflite::InitializeTarget();
  board::Start();
  Resolver resolver;
  const bool added = AddOperators(resolver);
  tflite::MicroInterpreter interpreter(tflite::GetModel(kModelData), resolver, arena, kArenaSize);
  Firmware firmware(interpreter, added && interpreter.AllocateTensors() == kTfLiteOk);
  for (;;) firmware.AnswerNext();
}

}  // namespace

#if defined(ARDUINO)
void setup() { Serve(); }
void loop() {}
#elif defined(ESP_PLATFORM)
extern "C" void app_main() { Serve(); }
#else
int main() { Serve(); }
#endif
