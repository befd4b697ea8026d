#pragma once

#include <optional>

#include "captures.h"

/// pcapng files made by the tests, block by block.
namespace rata::capture::captures {

class Pcapng {
 public:
  explicit Pcapng(bool big_endian = false) : big_endian_(big_endian) {}

  /// An option of an interface.
  struct Option {
    std::uint16_t code;
    Octets value;
  };

  Pcapng& section(bool big_endian, std::uint16_t major = 1);
  Pcapng& section() { return section(big_endian_); }
  Pcapng& interface(std::uint16_t link, const std::vector<Option>& options = {}, std::uint32_t snap_octets = 0);
  Pcapng& enhanced(std::uint32_t interface, std::uint64_t ticks, const Octets& payload,
                   std::uint32_t original_length = 0, const Octets& options = {});
  Pcapng& obsolete(std::uint16_t interface, std::uint64_t ticks, const Octets& payload);
  Pcapng& simple(const Octets& payload, std::uint32_t original_length = 0);
  Pcapng& block(std::uint32_t type, const Octets& body);
  Pcapng& raw(const Octets& octets);

  const Octets& octets() const { return octets_; }
  /// Where each block begins, and the end.
  const std::vector<std::size_t>& places() const { return places_; }

  /// A number as the file has it.
  Octets number(std::uint64_t value, int octets) const;

 private:
  bool big_endian_;
  Octets octets_;
  std::vector<std::size_t> places_ = {0};
};

}  // namespace rata::capture::captures
