#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "channel/channel.h"

struct ZSTD_CCtx_s;

namespace rata::channel {

/// Makes whole gzip members or zstd frames, one a call. Strung together they are one compressed file, which can be read
/// up to the last of them at any time.
class Compressor {
 public:
  explicit Compressor(Compression kind);
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  /// `octets` themselves with Compression::none.
  std::string compress(std::string octets);

  /// What names of such files end with: ".zst", ".gz", "".
  std::string_view suffix() const;
  Compression kind() const { return kind_; }

 private:
  Compression kind_;
  ZSTD_CCtx_s* zstd_ = nullptr;
};

}  // namespace rata::channel
