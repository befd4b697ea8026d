#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>

#include "reduce/dimension.h"
#include "reduce/prefixes.h"

// What the tables of dimensions are made of.

namespace rata::reduce {

/// A column of codes: what `value` says of each packet, inlined.
template <std::uint32_t (*value)(const Packet&, const Look&)>
void fill(const ChosenPackets& packets, const Look& look, std::uint32_t* codes) {
  for (const std::uint16_t i : packets.which) codes[i] = value(packets[i], look);
}

/// A column of keys that lie in the packets' memory: what `value` says of each, empty for none.
template <Octets (*value)(const Packet&, const Look&)>
void refer(const ChosenPackets& packets, const Look& look, KeyColumn& keys) {
  for (const std::uint16_t i : packets.which) {
    const Octets octets = value(packets[i], look);
    if (octets.empty())
      keys.none(i);
    else
      keys.refer(i, octets);
  }
}

/// A condition; `holds` is inlined where many packets are asked about.
template <bool (*holds)(const Packet&)>
constexpr Condition condition(std::string_view name, std::string_view help, Needs needs) {
  return {.name = name,
          .help = help,
          .needs = needs,
          .holds = holds,
          .choose = [](const ChosenPackets& among, bool negated, std::uint16_t* chosen) {
            std::size_t count = 0;
            for (const std::uint16_t packet : among.which) {
              chosen[count] = packet;
              count += holds(among[packet]) != negated;
            }
            return count;
          }};
}

inline std::string decimal(std::uint32_t code, const Look&) { return std::to_string(code); }
std::string hexadecimal(std::uint32_t code, const Look&);

/// The older chain's words for a bit.
inline std::string set_or_clr(std::uint32_t code, const Look&) { return code != 0 ? "set" : "clr"; }
inline std::string yes_or_no(std::uint32_t code, const Look&) { return code != 0 ? "yes" : "no"; }

/// A whole number and nothing else.
inline std::optional<std::uint32_t> read_whole(std::string_view text, std::uint32_t low, std::uint32_t high) {
  std::uint32_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size() || number < low || number > high) return std::nullopt;
  return number;
}

/// Buckets of equal width from 0 to 65535: the width is the argument. A width of 1 tells every number apart.
inline constexpr std::string_view width_argument = "the width of a bucket, 1 to 65535";
inline std::optional<std::uint32_t> read_width(std::string_view text) { return read_whole(text, 1, 65'535); }
/// What a bucket is called, whatever the dimension: its first and its last whole number, "512-1023"; one number that is
/// alone in it, "512".
std::string range_text(std::uint64_t first, std::uint64_t last);
/// The bucket of that place, of those as wide as the argument says.
std::string bucket_text(std::uint32_t bucket, const Look& look);

/// A network of which `address` is one, as it may be shown: "192.0.2.0/24".
std::string prefix_text(const util::Address& address, unsigned bits, const Look& look);

// The tables, by theme.
std::span<const Dimension> name_dimensions();
std::span<const Dimension> header_dimensions();
std::span<const Dimension> edns_dimensions();
std::span<const Dimension> party_dimensions();
std::span<const Dimension> place_dimensions();
std::span<const Dimension> transport_dimensions();
std::span<const Dimension> edns_option_dimensions();
std::span<const Dimension> response_time_dimensions();
std::span<const Condition> name_conditions();
std::span<const Condition> header_conditions();
std::span<const Condition> edns_conditions();
std::span<const Condition> edns_option_conditions();
std::span<const Condition> transport_conditions();

}  // namespace rata::reduce
