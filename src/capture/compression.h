#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "capture/octet_input.h"

namespace rata::capture {

/// Memory that the window of one compressed stream may take. 128 MiB: what zstd takes without being asked for more
/// (window log 27), and twice what `xz -9` needs. A header can claim gigabytes.
inline constexpr std::uint64_t window_limit_octets = std::uint64_t{128} << 20;

/// Undoes one compression, one member (gzip), stream (xz, bzip2) or frame (zstd, lz4) at a time.
class Codec {
 public:
  enum class State { going, member_end, failed };
  struct Step {
    std::size_t taken = 0;  ///< of the compressed octets
    std::size_t made = 0;   ///< good octets, also before a failure
    State state = State::going;
  };

  Codec() = default;
  Codec(const Codec&) = delete;
  Codec& operator=(const Codec&) = delete;
  virtual ~Codec() = default;

  /// Before each member. False: no memory.
  virtual bool start() = 0;
  virtual Step run(std::span<const std::uint8_t> from, std::span<std::uint8_t> into) = 0;
  /// Why `run` failed: "is damaged: ...".
  const std::string& failure() const { return failure_; }

 protected:
  Step failed(Step step, std::string why) {
    failure_ = std::move(why);
    step.state = State::failed;
    return step;
  }

 private:
  std::string failure_;
};

/// A compression, found by content.
struct Compression {
  const char* name;
  bool (*begins)(std::span<const std::uint8_t> first);
  std::unique_ptr<Codec> (*make)();
};

/// Octets from which every compression is known.
inline constexpr std::size_t compression_magic_octets = 6;

/// The compression of which `first` is the beginning, or nullptr.
const Compression* compression_of(std::span<const std::uint8_t> first);
/// "gzip, xz, zstd, lz4 or bzip2".
std::string compression_names();

std::unique_ptr<Codec> make_gzip_codec();
std::unique_ptr<Codec> make_xz_codec();
std::unique_ptr<Codec> make_zstd_codec();
std::unique_ptr<Codec> make_lz4_codec();
std::unique_ptr<Codec> make_bzip2_codec();

/// Uncompresses `compressed`, of which `first` has been read already and is the beginning of some compression: all
/// members one after the other, with zeros between and behind them as padding. Octets behind a member that are neither
/// are a failure.
std::unique_ptr<OctetInput> decompressed(std::unique_ptr<OctetInput> compressed, std::span<const std::uint8_t> first);

}  // namespace rata::capture
