#include "capture/pcapng_interface.h"

#include <fmt/format.h>

#include "capture/pcap_header.h"

namespace rata::capture {
namespace {

constexpr std::size_t fixed_octets = 8;

enum Option : std::uint16_t { end_of_options = 0, if_tsresol = 9, if_fcslen = 13, if_tsoffset = 14 };

std::uint32_t word_of(const std::uint8_t* octets, bool swapped) {
  return swapped ? word<true>(octets) : word<false>(octets);
}

std::uint16_t half_word_of(const std::uint8_t* octets, bool swapped) {
  return swapped ? half_word<true>(octets) : half_word<false>(octets);
}

std::int64_t double_word_of(const std::uint8_t* octets, bool swapped) {
  std::uint64_t value;
  std::memcpy(&value, octets, sizeof value);
  return static_cast<std::int64_t>(swapped ? __builtin_bswap64(value) : value);
}

/// Early drafts count bits, and show the length of Ethernet's as 4: small numbers are octets.
std::uint32_t fcs_octets_of(std::uint8_t value) { return value < 8 ? value : value / 8; }

/// False: the option has another length than the format gives it.
bool apply(Interface& interface, std::uint16_t code, std::span<const std::uint8_t> value, bool swapped) {
  switch (code) {
    case if_tsresol:
      if (value.size() == 1) interface.clock.set_resolution(value[0]);
      return value.size() == 1;
    case if_fcslen:
      if (value.size() == 1) interface.fcs_octets = fcs_octets_of(value[0]);
      return value.size() == 1;
    case if_tsoffset:
      if (value.size() == 8) interface.clock.set_offset(double_word_of(value.data(), swapped));
      return value.size() == 8;
    default:
      return true;
  }
}

}  // namespace

void InterfaceClock::set_resolution(std::uint8_t resolution) {
  const unsigned exponent = resolution & 0x7f;
  factor_ = 1;
  divisor_ = 1;
  shift_ = 0;
  if ((resolution & 0x80) != 0) {
    factor_ = util::ns_per_second;
    shift_ = exponent;
    return;
  }
  for (unsigned digit = exponent; digit < 9; ++digit) factor_ *= 10;
  // Beyond 10^-28 s all that 64 bits can count is less than a nanosecond.
  for (unsigned digit = 9; digit < exponent && factor_ != 0; ++digit) {
    if (digit < 28)
      divisor_ *= 10;
    else
      factor_ = 0;
  }
}

std::optional<Interface> read_interface(std::span<const std::uint8_t> body, bool swapped, std::string& why) {
  Interface interface;
  interface.link = static_cast<LinkType>(half_word_of(body.data(), swapped));
  interface.snap_octets = word_of(body.data() + 4, swapped);
  auto options = body.subspan(fixed_octets);
  while (options.size() >= 4) {
    const std::uint16_t code = half_word_of(options.data(), swapped);
    const std::size_t size = half_word_of(options.data() + 2, swapped), padded = (size + 3) / 4 * 4;
    if (code == end_of_options) break;
    options = options.subspan(4);
    if (padded > options.size()) {
      why = fmt::format("option {} of the interface described there wants {} octets, {} are left in its block", code,
                        padded, options.size());
      return std::nullopt;
    }
    if (!apply(interface, code, options.first(size), swapped)) {
      why = fmt::format("option {} of the interface described there cannot have {} octets", code, size);
      return std::nullopt;
    }
    options = options.subspan(padded);
  }
  return interface;
}

}  // namespace rata::capture
