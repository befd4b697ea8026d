#pragma once

#include <cstdint>
#include <string_view>

#include "reduce/context.h"
#include "reduce/packet.h"

namespace rata::reduce {

/// What is wrong with a query. The order is that of DSC's output.
enum class QueryClass : std::uint8_t {
  ok,
  unknown_tld,
  root_servers_net,
  localhost,
  a_for_a,
  a_for_root,
  rfc1918_ptr,
  funny_qclass,
  funny_qtype,
  source_port_zero,
  malformed,  ///< by name only: malformed messages are no packets
  count_
};

/// "non-auth-tld", "funny-qclass": DSC's words.
std::string_view name(QueryClass of);
/// The older chain's: "funny-class".
std::string_view older_name(QueryClass of);

/// The first class that fits, by DSC's rules in DSC's order. A message without question has class 0: `funny_qclass`.
QueryClass classify(const Packet& packet, const Context& context);

/// A set of classes: bit i stands for QueryClass i.
using QueryClasses = std::uint16_t;
constexpr bool has(QueryClasses set, QueryClass one) { return (set >> static_cast<unsigned>(one) & 1) != 0; }

/// All classes that fit, by the older chain's rules; `ok` alone where none does. `packet` has a question. What a source
/// does not know (ports, transport) puts a query into no class.
QueryClasses older_classes(const Packet& packet, const Context& context);

/// The underscore rule: a "_" anywhere in the name, asked for with a type that host names have (A, NS, SOA, MX).
bool is_underscored(const Packet& packet);

/// The name, as text, ends with "root-servers.net.", with or without a label boundary before it.
bool ends_with_root_servers_net(std::span<const std::uint8_t> qname);

}  // namespace rata::reduce
