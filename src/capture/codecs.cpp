// The five compressions, each behind the same few lines.

#define ZLIB_CONST
#include <bzlib.h>
#include <fmt/format.h>
#include <lz4frame.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <limits>

#include "capture/compression.h"

namespace rata::capture {
namespace {

std::string damaged(const char* detail) {
  return detail == nullptr || *detail == '\0' ? "is damaged" : fmt::format("is damaged: {}", detail);
}

std::string too_large() {
  return fmt::format("wants more memory than the {} MiB that one stream may take", window_limit_octets >> 20);
}

/// zlib and bzip2 count in 32 bits.
unsigned int count_of(std::size_t octets) {
  return static_cast<unsigned int>(std::min<std::size_t>(octets, std::numeric_limits<int>::max()));
}

/// RFC 1952.
class GzipCodec final : public Codec {
 public:
  ~GzipCodec() override {
    if (ready_) inflateEnd(&stream_);
  }

  bool start() override {
    constexpr int gzip_only = 16 + MAX_WBITS;
    if (ready_) return inflateReset(&stream_) == Z_OK;
    return ready_ = inflateInit2(&stream_, gzip_only) == Z_OK;
  }

  Step run(std::span<const std::uint8_t> from, std::span<std::uint8_t> into) override {
    const unsigned int room = count_of(into.size()), given = count_of(from.size());
    stream_.next_in = from.data();
    stream_.avail_in = given;
    stream_.next_out = into.data();
    stream_.avail_out = room;
    const int status = inflate(&stream_, Z_SYNC_FLUSH);
    const Step step{.taken = given - stream_.avail_in, .made = room - stream_.avail_out};
    if (status == Z_STREAM_END) return {step.taken, step.made, State::member_end};
    return status == Z_OK || status == Z_BUF_ERROR ? step : failed(step, damaged(stream_.msg));
  }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

class XzCodec final : public Codec {
 public:
  ~XzCodec() override { lzma_end(&stream_); }

  bool start() override { return lzma_stream_decoder(&stream_, window_limit_octets, 0) == LZMA_OK; }

  Step run(std::span<const std::uint8_t> from, std::span<std::uint8_t> into) override {
    stream_.next_in = from.data();
    stream_.avail_in = from.size();
    stream_.next_out = into.data();
    stream_.avail_out = into.size();
    const lzma_ret status = lzma_code(&stream_, LZMA_RUN);
    const Step step{.taken = from.size() - stream_.avail_in, .made = into.size() - stream_.avail_out};
    switch (status) {
      case LZMA_STREAM_END:
        return {step.taken, step.made, State::member_end};
      case LZMA_OK:
      case LZMA_BUF_ERROR:
      case LZMA_UNSUPPORTED_CHECK:
        return step;
      case LZMA_MEMLIMIT_ERROR:
      case LZMA_MEM_ERROR:
        return failed(step, too_large());
      case LZMA_OPTIONS_ERROR:
        return failed(step, "uses options that this version of liblzma does not know");
      default:
        return failed(step, damaged(nullptr));
    }
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

/// How to feed zstd and lz4. Both forget what they have written when a later step of the same call fails, so a call may
/// get no more than one block: they say how many octets they want next, and that is a block with the header of the one
/// behind it. Octets that did not fit go out before anything else is taken in.
class BlockFeed {
 public:
  explicit BlockFeed(std::size_t header_octets) : header_octets_(header_octets) {}

  void start() {
    wanted_ = header_octets_;
    full_ = false;
  }
  bool drains() const { return full_; }
  std::size_t take(std::size_t there) const {
    if (full_) return 0;
    return std::min(there, wanted_ > header_octets_ ? wanted_ - header_octets_ : std::max<std::size_t>(wanted_, 1));
  }
  void note(std::size_t wanted, bool full) {
    wanted_ = wanted;
    full_ = full;
  }

 private:
  std::size_t header_octets_;  ///< of a block
  std::size_t wanted_ = 0;
  bool full_ = false;
};

/// RFC 8878.
class ZstdCodec final : public Codec {
 public:
  ~ZstdCodec() override { ZSTD_freeDCtx(context_); }

  bool start() override {
    if (context_ == nullptr) context_ = ZSTD_createDCtx();
    if (context_ == nullptr) return false;
    ZSTD_DCtx_reset(context_, ZSTD_reset_session_only);
    constexpr int window_log = 27;
    static_assert(std::uint64_t{1} << window_log == window_limit_octets);
    feed_.start();
    return ZSTD_isError(ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, window_log)) == 0;
  }

  Step run(std::span<const std::uint8_t> from, std::span<std::uint8_t> into) override {
    if (from.empty() && !feed_.drains()) return {};  // several calls for nothing are an error to the library
    ZSTD_inBuffer in{from.data(), feed_.take(from.size()), 0};
    ZSTD_outBuffer out{into.data(), into.size(), 0};
    const std::size_t status = ZSTD_decompressStream(context_, &out, &in);
    const Step step{.taken = in.pos, .made = out.pos};
    if (ZSTD_isError(status) != 0) {
      const bool large = ZSTD_getErrorCode(status) == ZSTD_error_frameParameter_windowTooLarge ||
                         ZSTD_getErrorCode(status) == ZSTD_error_memory_allocation;
      return failed(step, large ? too_large() : damaged(ZSTD_getErrorName(status)));
    }
    if (status == 0) return {step.taken, step.made, State::member_end};
    const bool drained = feed_.drains() && out.pos == 0;
    feed_.note(status, out.pos == out.size);
    return drained ? run(from, into) : step;
  }

 private:
  static constexpr std::size_t block_header_octets = 3;
  ZSTD_DCtx* context_ = nullptr;
  BlockFeed feed_{block_header_octets};
};

/// The LZ4 frame format, version 1.6. Its blocks are of 4 MiB at most.
class Lz4Codec final : public Codec {
 public:
  ~Lz4Codec() override { LZ4F_freeDecompressionContext(context_); }

  bool start() override {
    if (context_ == nullptr && LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)) != 0)
      return false;
    LZ4F_resetDecompressionContext(context_);
    feed_.start();
    return true;
  }

  Step run(std::span<const std::uint8_t> from, std::span<std::uint8_t> into) override {
    if (from.empty() && !feed_.drains()) return {};
    Step step{.taken = feed_.take(from.size()), .made = into.size()};
    const std::size_t status = LZ4F_decompress(context_, into.data(), &step.made, from.data(), &step.taken, nullptr);
    if (LZ4F_isError(status) != 0) return failed({}, damaged(LZ4F_getErrorName(status)));
    if (status == 0) return {step.taken, step.made, State::member_end};
    const bool drained = feed_.drains() && step.made == 0;
    feed_.note(status, step.made == into.size());
    return drained ? run(from, into) : step;
  }

 private:
  static constexpr std::size_t block_header_octets = 4;
  LZ4F_dctx* context_ = nullptr;
  BlockFeed feed_{block_header_octets};
};

class Bzip2Codec final : public Codec {
 public:
  ~Bzip2Codec() override {
    if (ready_) BZ2_bzDecompressEnd(&stream_);
  }

  bool start() override {
    if (ready_) BZ2_bzDecompressEnd(&stream_);
    stream_ = {};
    return ready_ = BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK;
  }

  Step run(std::span<const std::uint8_t> from, std::span<std::uint8_t> into) override {
    const unsigned int room = count_of(into.size()), given = count_of(from.size());
    // The library takes no const, and does not write there.
    stream_.next_in = const_cast<char*>(reinterpret_cast<const char*>(from.data()));
    stream_.avail_in = given;
    stream_.next_out = reinterpret_cast<char*>(into.data());
    stream_.avail_out = room;
    const int status = BZ2_bzDecompress(&stream_);
    const Step step{.taken = given - stream_.avail_in, .made = room - stream_.avail_out};
    if (status == BZ_STREAM_END) return {step.taken, step.made, State::member_end};
    return status == BZ_OK ? step : failed(step, status == BZ_MEM_ERROR ? too_large() : damaged(nullptr));
  }

 private:
  bz_stream stream_{};
  bool ready_ = false;
};

}  // namespace

std::unique_ptr<Codec> make_gzip_codec() { return std::make_unique<GzipCodec>(); }
std::unique_ptr<Codec> make_xz_codec() { return std::make_unique<XzCodec>(); }
std::unique_ptr<Codec> make_zstd_codec() { return std::make_unique<ZstdCodec>(); }
std::unique_ptr<Codec> make_lz4_codec() { return std::make_unique<Lz4Codec>(); }
std::unique_ptr<Codec> make_bzip2_codec() { return std::make_unique<Bzip2Codec>(); }

}  // namespace rata::capture
