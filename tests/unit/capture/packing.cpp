#include "packing.h"

#include <bzlib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <zstd.h>

namespace rata::capture::captures {

Octets xz(std::span<const std::uint8_t> octets) {
  Octets packed(lzma_stream_buffer_bound(octets.size()));
  std::size_t used = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, nullptr, octets.data(), octets.size(), packed.data(), &used,
                                    packed.size()),
            LZMA_OK);
  packed.resize(used);
  return packed;
}

Octets zstd(std::span<const std::uint8_t> octets) {
  Octets packed(ZSTD_compressBound(octets.size()));
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  const std::size_t used = ZSTD_compress2(context, packed.data(), packed.size(), octets.data(), octets.size());
  EXPECT_EQ(ZSTD_isError(used), 0u);
  ZSTD_freeCCtx(context);
  packed.resize(used);
  return packed;
}

Octets lz4(std::span<const std::uint8_t> octets) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  preferences.frameInfo.blockSizeID = LZ4F_max64KB;
  Octets packed(LZ4F_compressFrameBound(octets.size(), &preferences));
  const std::size_t used = LZ4F_compressFrame(packed.data(), packed.size(), octets.data(), octets.size(), &preferences);
  EXPECT_EQ(LZ4F_isError(used), 0u);
  packed.resize(used);
  return packed;
}

Octets bzip2(std::span<const std::uint8_t> octets) {
  Octets input(octets.begin(), octets.end());
  input.reserve(1);
  auto used = static_cast<unsigned>(octets.size() + octets.size() / 50 + 1000);
  Octets packed(used);
  EXPECT_EQ(
      BZ2_bzBuffToBuffCompress(reinterpret_cast<char*>(packed.data()), &used, reinterpret_cast<char*>(input.data()),
                               static_cast<unsigned>(input.size()), 1, 0, 0),
      BZ_OK);
  packed.resize(used);
  return packed;
}

}  // namespace rata::capture::captures
