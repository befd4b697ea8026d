#include "pcapng.h"

namespace rata::capture::captures {
namespace {

Octets padded(Octets octets) {
  octets.resize((octets.size() + 3) / 4 * 4);
  return octets;
}

}  // namespace

Octets Pcapng::number(std::uint64_t value, int octets) const {
  Octets result;
  for (int i = 0; i < octets; ++i)
    result.push_back(static_cast<std::uint8_t>(value >> 8 * (big_endian_ ? octets - 1 - i : i)));
  return result;
}

Pcapng& Pcapng::raw(const Octets& octets) {
  octets_.insert(octets_.end(), octets.begin(), octets.end());
  places_.push_back(octets_.size());
  return *this;
}

Pcapng& Pcapng::block(std::uint32_t type, const Octets& body) {
  const Octets inside = padded(body), length = number(12 + inside.size(), 4);
  return raw(joined({number(type, 4), length, inside, length}));
}

Pcapng& Pcapng::section(bool big_endian, std::uint16_t major) {
  big_endian_ = big_endian;
  return block(0x0a0d0d0a, joined({number(0x1a2b3c4d, 4), number(major, 2), number(0, 2), number(UINT64_MAX, 8)}));
}

Pcapng& Pcapng::interface(std::uint16_t link, const std::vector<Option>& options, std::uint32_t snap_octets) {
  Octets body = joined({number(link, 2), number(0, 2), number(snap_octets, 4)});
  for (const Option& option : options)
    body = joined({body, number(option.code, 2), number(option.value.size(), 2), padded(option.value)});
  if (!options.empty()) body = joined({body, number(0, 4)});
  return block(1, body);
}

Pcapng& Pcapng::enhanced(std::uint32_t interface, std::uint64_t ticks, const Octets& payload,
                         std::uint32_t original_length, const Octets& options) {
  return block(
      6, joined({number(interface, 4), number(ticks >> 32, 4), number(ticks & UINT32_MAX, 4), number(payload.size(), 4),
                 number(original_length == 0 ? payload.size() : original_length, 4), padded(payload), options}));
}

Pcapng& Pcapng::obsolete(std::uint16_t interface, std::uint64_t ticks, const Octets& payload) {
  return block(2, joined({number(interface, 2), number(7, 2), number(ticks >> 32, 4), number(ticks & UINT32_MAX, 4),
                          number(payload.size(), 4), number(payload.size(), 4), payload}));
}

Pcapng& Pcapng::simple(const Octets& payload, std::uint32_t original_length) {
  return block(3, joined({number(original_length == 0 ? payload.size() : original_length, 4), payload}));
}

}  // namespace rata::capture::captures
