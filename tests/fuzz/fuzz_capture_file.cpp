#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "capture/file_source.h"

namespace {

using namespace rata::capture;

/// The octets as a file that is read in uneven pieces, sometimes without news.
class MemoryInput final : public OctetInput {
 public:
  MemoryInput(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  Got read(std::span<std::uint8_t> into, std::size_t& count) override {
    constexpr std::size_t pieces[] = {1, 23, 4096, 7};
    if (++calls_ % 5 == 0) return Got::idle;
    count = std::min({into.size(), size_, pieces[calls_ % 4]});
    std::copy_n(data_, count, into.begin());
    data_ += count;
    size_ -= count;
    return count == 0 ? Got::end : Got::some;
  }
  const std::string& failure() const override { return failure_; }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t calls_ = 0;
  std::string failure_;
};

/// Reads that end a file that was made to grow without end when uncompressed.
constexpr int enough_reads = 10'000;

}  // namespace

/// Any octets as a capture file: frames with octets that can be read, numbered without a gap, or an error that says why
/// not; and an end.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto opened = open_capture("fuzz", std::make_unique<MemoryInput>(data, size));
  if (!opened) {
    if (!opened.error().message.starts_with("fuzz: ")) std::abort();
    return 0;
  }
  Source& source = **opened;
  std::vector<Frame> batch;
  std::uint64_t frames = 0;
  unsigned sum = 0;
  for (int reads = 0; reads < enough_reads; ++reads) {
    const Read read = source.read(batch);
    if ((read == Read::frames) == batch.empty() || batch.size() > max_batch) std::abort();
    for (const Frame& frame : batch) {
      if (frame.ordinal != frames++ || frame.time.ns < 0 || frame.octets.size() > 256 * 1024) std::abort();
      if (!source.link_types().contains(frame.link)) std::abort();
      for (const std::uint8_t octet : frame.octets) sum += octet;
    }
    if (read == Read::end) break;
  }
  if (source.stats().frames != frames) std::abort();
  for (const auto& error : source.errors())
    if (!error.message.starts_with("fuzz: ")) std::abort();
  volatile unsigned keep = sum;
  static_cast<void>(keep);
  return 0;
}
