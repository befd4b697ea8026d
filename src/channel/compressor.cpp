#include "channel/compressor.h"

#include <zlib.h>
#include <zstd.h>

#include <limits>
#include <new>

namespace rata::channel {
namespace {

// Lines are alike and a batch is small: higher levels take twice the time for a few percent.
constexpr int zstd_level = 3, gzip_level = 6;

/// Only memory can fail: all sizes are known beforehand.
void demand(bool done) {
  if (!done) throw std::bad_alloc();
}

std::string gzip_member(const std::string& octets) {
  constexpr int gzip_window = 15 + 16, memory_level = 8;
  z_stream stream{};
  demand(deflateInit2(&stream, gzip_level, Z_DEFLATED, gzip_window, memory_level, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string member(deflateBound(&stream, octets.size()), '\0');
  demand(octets.size() <= std::numeric_limits<uInt>::max() && member.size() <= std::numeric_limits<uInt>::max());
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(octets.data()));
  stream.avail_in = static_cast<uInt>(octets.size());
  stream.next_out = reinterpret_cast<Bytef*>(member.data());
  stream.avail_out = static_cast<uInt>(member.size());
  const int result = deflate(&stream, Z_FINISH);
  member.resize(stream.total_out);
  deflateEnd(&stream);
  demand(result == Z_STREAM_END);
  return member;
}

std::string zstd_frame(ZSTD_CCtx* context, const std::string& octets) {
  std::string frame(ZSTD_compressBound(octets.size()), '\0');
  const std::size_t size = ZSTD_compress2(context, frame.data(), frame.size(), octets.data(), octets.size());
  demand(ZSTD_isError(size) == 0);
  frame.resize(size);
  return frame;
}

}  // namespace

Compressor::Compressor(Compression kind) : kind_(kind) {
  if (kind_ != Compression::zstd) return;
  zstd_ = ZSTD_createCCtx();
  demand(zstd_ != nullptr);
  ZSTD_CCtx_setParameter(zstd_, ZSTD_c_compressionLevel, zstd_level);
  ZSTD_CCtx_setParameter(zstd_, ZSTD_c_checksumFlag, 1);
}

Compressor::~Compressor() { ZSTD_freeCCtx(zstd_); }

std::string Compressor::compress(std::string octets) {
  if (kind_ == Compression::gzip) return gzip_member(octets);
  if (kind_ == Compression::zstd) return zstd_frame(zstd_, octets);
  return octets;
}

std::string_view Compressor::suffix() const {
  return kind_ == Compression::gzip ? ".gz" : kind_ == Compression::zstd ? ".zst" : "";
}

}  // namespace rata::channel
