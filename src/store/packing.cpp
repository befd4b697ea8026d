#include "store/packing.h"

#include <fmt/format.h>
#include <zstd.h>

#include <new>

#include "util/owned.h"

namespace rata::store {
namespace {

// Of summaries, the lower level makes a tenth more octets in two thirds of the time.
constexpr int level_of_little = 1, level_of_more = 3;
constexpr std::uint64_t most_octets = std::uint64_t{1} << 30;  // more than any commit or pane has

/// A context costs more to make than a small pane to pack: each thread keeps one.
ZSTD_CCtx* packer() {
  thread_local const auto context = [] {
    util::Owned<ZSTD_CCtx, ZSTD_freeCCtx> made(ZSTD_createCCtx());
    if (!made) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(made.get(), ZSTD_c_checksumFlag, 1);
    return made;
  }();
  return context.get();
}

ZSTD_DCtx* unpacker() {
  thread_local const util::Owned<ZSTD_DCtx, ZSTD_freeDCtx> context(ZSTD_createDCtx());
  if (!context) throw std::bad_alloc();
  return context.get();
}

}  // namespace

std::string packed(std::string_view octets, Effort effort) {
  ZSTD_CCtx* const context = packer();
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, effort == Effort::little ? level_of_little : level_of_more);
  std::string frame(ZSTD_compressBound(octets.size()), '\0');
  const std::size_t size = ZSTD_compress2(context, frame.data(), frame.size(), octets.data(), octets.size());
  if (ZSTD_isError(size) != 0) throw std::bad_alloc();  // only memory can fail: all sizes are known beforehand
  frame.resize(size);
  return frame;
}

bool is_packed(std::string_view frame, std::uint64_t octets) {
  // RFC 8878, section 3.1.1.1.1: after the magic number one octet says what the frame has.
  constexpr std::size_t descriptor = 4;
  constexpr unsigned has_checksum = 0b100, has_dictionary = 0b11;
  if (octets > most_octets || frame.size() <= descriptor) return false;
  // Not one that is to be skipped.
  if (!frame.starts_with("\x28\xb5\x2f\xfd")) return false;
  const auto flags = static_cast<unsigned char>(frame[descriptor]);
  return (flags & has_checksum) != 0 && (flags & has_dictionary) == 0 &&
         ZSTD_getFrameContentSize(frame.data(), frame.size()) == octets &&
         ZSTD_findFrameCompressedSize(frame.data(), frame.size()) == frame.size();
}

util::Result<std::string> unpacked(std::string_view frame) {
  const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size > most_octets) return util::Error{"is no zstd frame of a size that is written here"};
  std::string octets(static_cast<std::size_t>(size), '\0');
  const std::size_t got = ZSTD_decompressDCtx(unpacker(), octets.data(), octets.size(), frame.data(), frame.size());
  if (ZSTD_isError(got) != 0) return util::Error{fmt::format("is a damaged zstd frame: {}", ZSTD_getErrorName(got))};
  if (got != octets.size()) return util::Error{"is a zstd frame that ends early"};
  return octets;
}

}  // namespace rata::store
