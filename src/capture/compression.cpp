#include "capture/compression.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "capture/record_reader.h"

namespace rata::capture {
namespace {

constexpr std::size_t compressed_buffer_octets = 128 * 1024;

template <std::uint8_t... magic>
bool begins(std::span<const std::uint8_t> first) {
  constexpr std::array<std::uint8_t, sizeof...(magic)> octets = {magic...};
  return match_magic(first, octets) == Match::yes;
}

/// Also a skippable frame, which zstd and lz4 share: its reader skips it, and the next frame may be of the other.
bool begins_zstd(std::span<const std::uint8_t> first) {
  if (begins<0x28, 0xb5, 0x2f, 0xfd>(first)) return true;
  return first.size() >= 4 && first[0] >> 4 == 5 && first[1] == 0x2a && first[2] == 0x4d && first[3] == 0x18;
}

bool begins_bzip2(std::span<const std::uint8_t> first) {
  return begins<'B', 'Z', 'h'>(first) && first.size() >= 4 && first[3] >= '1' && first[3] <= '9';
}

constexpr Compression compressions[] = {
    {"gzip", begins<0x1f, 0x8b>, make_gzip_codec}, {"xz", begins<0xfd, '7', 'z', 'X', 'Z', 0>, make_xz_codec},
    {"zstd", begins_zstd, make_zstd_codec},        {"lz4", begins<0x04, 0x22, 0x4d, 0x18>, make_lz4_codec},
    {"bzip2", begins_bzip2, make_bzip2_codec},
};

class Decompressed final : public OctetInput {
 public:
  Decompressed(std::unique_ptr<OctetInput> compressed, std::span<const std::uint8_t> first)
      : compressed_(std::move(compressed)),
        size_(std::max(compressed_buffer_octets, first.size())),
        buffer_(std::make_unique_for_overwrite<std::uint8_t[]>(size_)) {
    std::ranges::copy(first, buffer_.get());
    filled_ = first.size();
  }

  Got read(std::span<std::uint8_t> into, std::size_t& count) override;
  const std::string& failure() const override { return failure_; }

 private:
  Got start_member();
  Got refill();
  Got failed(std::string why) {
    failure_ = std::move(why);
    return Got::failed;
  }
  std::span<const std::uint8_t> waiting() const { return {buffer_.get() + at_, filled_ - at_}; }
  void consume(std::size_t count) {
    at_ += count;
    offset_ += count;
  }

  std::unique_ptr<OctetInput> compressed_;
  std::size_t size_;
  std::unique_ptr<std::uint8_t[]> buffer_;  ///< not filled: what a small file never touches costs no memory
  std::size_t at_ = 0, filled_ = 0;
  std::uint64_t offset_ = 0;  ///< of `at_` in the compressed input
  const Compression* format_ = nullptr;
  std::unique_ptr<Codec> codec_;
  std::string failure_;
  bool in_member_ = false;
  bool input_ended_ = false;
};

OctetInput::Got Decompressed::read(std::span<std::uint8_t> into, std::size_t& count) {
  while (failure_.empty()) {
    if (!in_member_) {
      const Got next = start_member();
      if (next != Got::some) return next;
    }
    const Codec::Step step = codec_->run(waiting(), into);
    consume(step.taken);
    in_member_ = step.state == Codec::State::going;
    // What was made before the damage is still good, and goes first.
    if (step.state == Codec::State::failed)
      failure_ = fmt::format("the {} stream {}", format_->name, codec_->failure());
    if (step.made > 0) {
      count = step.made;
      return Got::some;
    }
    if (step.state != Codec::State::going || step.taken > 0) continue;
    if (waiting().size() == size_) return failed(fmt::format("the {} stream is stuck", format_->name));
    const Got more = refill();
    if (more == Got::end) return failed(fmt::format("the {} stream is cut", format_->name));
    if (more != Got::some) return more;
  }
  return Got::failed;
}

/// Another member, or the end.
OctetInput::Got Decompressed::start_member() {
  for (;;) {
    while (!waiting().empty() && waiting().front() == 0 && format_ != nullptr) consume(1);
    if (input_ended_ || waiting().size() >= compression_magic_octets) break;
    const Got more = refill();
    if (more != Got::some && more != Got::end) return more;
  }
  if (waiting().empty()) return Got::end;
  const Compression* format = compression_of(waiting());
  if (format == nullptr)
    return failed(
        fmt::format("behind the {} stream, at offset {} of the compressed file, lies \"{}\", which is "
                    "neither compressed nor padding of zeros",
                    format_ == nullptr ? "compressed" : format_->name, offset_, hex_start(waiting())));
  if (format != format_) codec_ = format->make();
  format_ = format;
  if (!codec_->start()) return failed(fmt::format("no memory to uncompress {}", format_->name));
  in_member_ = true;
  return Got::some;
}

OctetInput::Got Decompressed::refill() {
  if (input_ended_) return Got::end;
  std::copy_n(buffer_.get() + at_, filled_ - at_, buffer_.get());
  filled_ -= at_;
  at_ = 0;
  std::size_t count = 0;
  const Got got = compressed_->read({buffer_.get() + filled_, size_ - filled_}, count);
  if (got == Got::some) filled_ += count;
  if (got == Got::end) input_ended_ = true;
  if (got == Got::failed) failure_ = compressed_->failure();
  return got;
}

}  // namespace

const Compression* compression_of(std::span<const std::uint8_t> first) {
  const auto* found = std::ranges::find_if(compressions, [&](const auto& known) { return known.begins(first); });
  return found == std::end(compressions) ? nullptr : found;
}

std::string compression_names() {
  std::string text;
  for (const Compression& known : compressions)
    text += fmt::format("{}{}", text.empty() ? "" : &known == std::end(compressions) - 1 ? " or " : ", ", known.name);
  return text;
}

std::unique_ptr<OctetInput> decompressed(std::unique_ptr<OctetInput> compressed, std::span<const std::uint8_t> first) {
  return std::make_unique<Decompressed>(std::move(compressed), first);
}

}  // namespace rata::capture
