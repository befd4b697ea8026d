#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "reduce/context.h"
#include "reduce/key_column.h"
#include "reduce/needs.h"
#include "reduce/packet.h"

namespace rata::reduce {

using Octets = std::span<const std::uint8_t>;

/// The key of a party, to be counted by what `Anonymizer::counted` gives: the 4 or 16 octets of an address or, where
/// that was made anonymous, its text with an octet or two behind it, so that it is no address's.
void party_key(const util::Address& address, std::string_view text, KeyBuffer& key);
std::string party_text(Octets key);
/// The same as it may leave.
std::string shown_party_text(Octets key, const Anonymizer& anonymizer);
/// The same with addresses in hexadecimal, the older chain's form.
std::string older_party_text(Octets key, const Anonymizer& anonymizer);

/// How a dimension looks at packets: with what is known beside them, and with the number that stands behind its name
/// in the configuration ("message_size:512").
struct Look {
  const Context& context;
  std::uint32_t argument = 0;
};

/// Those packets of a batch that somebody asks about.
struct ChosenPackets {
  std::span<const Packet> batch;
  std::span<const std::uint16_t> which;  ///< their places, ascending

  const Packet& operator[](std::size_t i) const { return batch[i]; }
};

/// What a dimension wants to know beside packets, and says less without.
enum class Knowledge : std::uint8_t { none, public_suffixes, countries, networks };

/// What a code is as a number, of which quantiles can be told.
enum class Quantity : std::uint8_t {
  none,        ///< it names something
  code,        ///< the number itself
  after_none,  ///< one more than the number; 0 says that there is none
};

/// The code of a packet that has none: a message without question has no qtype.
inline constexpr std::uint32_t no_code = 0xffffffff;

/// A way to look at packets. Most give a small number, a *code*; names, addresses and the like give octets, a *key*.
/// Either way a column of values for a batch of packets at a time, computed once however many reducers look at it, each
/// value at the packet's place in the batch.
struct Dimension {
  std::string_view name;
  std::string_view help;
  std::string_view example;  ///< a value as text
  Needs needs;               ///< of packets that lack something of it the value means nothing

  /// What may stand behind the name and a colon, for people; "": nothing. `read_argument`: nullopt when it cannot be.
  std::string_view argument = "";
  std::optional<std::uint32_t> (*read_argument)(std::string_view) = nullptr;
  std::uint32_t default_argument = 0;

  /// Coded: how many bits codes have, 1 to 32; all ones in 32 bits is `no_code`. 0: keyed.
  unsigned bits = 0;
  void (*codes)(const ChosenPackets&, const Look&, std::uint32_t* codes) = nullptr;
  std::string (*code_text)(std::uint32_t code, const Look&) = nullptr;
  std::string (*older_code_text)(std::uint32_t code, const Look&) = nullptr;  ///< nullptr: as code_text

  /// Keyed: at most 255 octets each.
  void (*keys)(const ChosenPackets&, const Look&, KeyColumn& keys) = nullptr;
  std::string (*key_text)(Octets key, const Look&) = nullptr;
  std::string (*older_key_text)(Octets key, const Look&) = nullptr;  ///< nullptr: as key_text

  Quantity quantity = Quantity::none;  ///< where there are buckets: of those with one number each
  bool pairs = false;  ///< looks at Packet::response_ns, for which queries and responses have to be paired
  Knowledge knowledge = Knowledge::none;

  bool coded() const { return bits != 0; }
};

std::span<const Dimension> dimensions();
/// nullptr when there is none of that name.
const Dimension* find_dimension(std::string_view name);

/// A yes or no about a packet, for `where`.
struct Condition {
  std::string_view name;
  std::string_view help;
  Needs needs;  ///< only packets that have them are asked about
  bool (*holds)(const Packet&);
  /// Puts those of which it holds into `chosen` (`negated`: of which it does not), which has room for all. Returns how
  /// many they are.
  std::size_t (*choose)(const ChosenPackets& among, bool negated, std::uint16_t* chosen);
};

std::span<const Condition> conditions();
const Condition* find_condition(std::string_view name);

}  // namespace rata::reduce
