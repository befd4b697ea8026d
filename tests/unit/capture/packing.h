#pragma once

#include "captures.h"

/// Compressed octets made by the tests, with the libraries that undo them.
namespace rata::capture::captures {

struct Packing {
  const char* name;
  Octets (*pack)(std::span<const std::uint8_t>);
};

Octets xz(std::span<const std::uint8_t> octets);
Octets zstd(std::span<const std::uint8_t> octets);
Octets lz4(std::span<const std::uint8_t> octets);
Octets bzip2(std::span<const std::uint8_t> octets);

inline constexpr Packing packings[] = {{"gzip", gzip}, {"xz", xz}, {"zstd", zstd}, {"lz4", lz4}, {"bzip2", bzip2}};

}  // namespace rata::capture::captures
