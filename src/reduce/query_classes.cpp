#include "reduce/query_classes.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "dns/codes.h"
#include "dns/labels.h"
#include "util/rr_types.h"

namespace rata::reduce {
namespace {

using Octets = std::span<const std::uint8_t>;

constexpr std::uint16_t type_ptr = 12;
constexpr std::uint16_t class_hs = 4;
constexpr std::string_view reverse_tree = ".in-addr.arpa";

std::string_view view(Octets octets) { return {reinterpret_cast<const char*>(octets.data()), octets.size()}; }

/// 10/8, 172.16/12, 192.168/16 (RFC 1918 section 3). `address`: the first octet is the most significant.
bool is_private(std::uint32_t address) {
  return address >> 24 == 10 || address >> 20 == 0xac1 || address >> 16 == 0xc0a8;
}

bool unknown_tld(const Packet& packet, const Context& context) {
  return !packet.qname.empty() && !context.top_level_domains->contains(tld_of(packet));
}

bool is_root(Octets qname) { return qname.size() == 1; }

std::uint16_t source_port(const Packet& packet) {
  return packet.message.is_response() ? packet.server_port : packet.client_port;
}

/// A name as DSC has it: labels with dots between, no final dot, no escapes.
class DscText {
 public:
  explicit DscText(Octets qname) {
    const dns::Labels labels(qname);
    for (std::size_t i = labels.count(); i-- > 0;) {
      if (size_ != 0) text_[size_++] = '.';
      for (const std::uint8_t octet : labels.from_right(i))
        text_[size_++] = octet == '\r' || octet == '\n' ? ' ' : static_cast<char>(octet);
    }
    text_[size_] = '\0';
  }
  /// Up to the first NUL.
  char* c_str() { return text_.data(); }

 private:
  std::array<char, 256> text_;
  std::size_t size_ = 0;
};

/// With everything that inet_aton takes for an address: "17", "0x7f.1".
bool dsc_a_for_a(Octets qname) {
  if (qname.size() < 2 || qname[1] < '0' || qname[1] > '9') return false;
  in_addr ignored;
  return inet_aton(DscText(qname).c_str(), &ignored) != 0;
}

/// Whatever stands in front of the first ".in-addr.arpa", its last four labels read as numbers.
bool dsc_rfc1918_ptr(Octets qname) {
  DscText text(qname);
  char* const tree = std::strstr(text.c_str(), std::string(reverse_tree).c_str());
  if (tree == nullptr) return false;
  *tree = '\0';
  std::uint32_t address = 0;
  char* rest = nullptr;
  for (char* label = strtok_r(text.c_str(), ".", &rest); label != nullptr; label = strtok_r(nullptr, ".", &rest))
    address = address >> 8 | static_cast<std::uint32_t>(std::strtol(label, nullptr, 10) & 0xff) << 24;
  return is_private(address);
}

bool dsc_known_qtype(std::uint16_t qtype) {
  return (qtype >= 1 && qtype <= 35) || qtype == 38 || qtype == 41 || (qtype >= 251 && qtype <= 255);
}
bool dsc_known_qclass(std::uint16_t qclass) {
  return qclass == dns::class_in || qclass == dns::class_ch || qclass == class_hs || qclass == dns::class_none ||
         qclass == dns::class_any;
}

/// "0" to "255", in up to three digits.
std::optional<std::uint8_t> octet_of(Octets label) {
  if (label.empty() || label.size() > 3) return std::nullopt;
  unsigned value = 0;
  for (const std::uint8_t digit : label) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value = value * 10 + (digit - '0');
  }
  if (value > 255) return std::nullopt;
  return static_cast<std::uint8_t>(value);
}

bool dotted_address(const dns::Labels& labels) {
  if (labels.count() != 4) return false;
  for (std::size_t i = 0; i < 4; ++i)
    if (!octet_of(labels.from_right(i))) return false;
  return true;
}

/// A whole reverse name: d.c.b.a.in-addr.arpa.
bool private_reverse(const dns::Labels& labels) {
  if (labels.count() != 6 || view(labels.from_right(0)) != "arpa" || view(labels.from_right(1)) != "in-addr")
    return false;
  std::uint32_t address = 0;
  for (std::size_t i = 2; i < 6; ++i) {
    const auto octet = octet_of(labels.from_right(i));
    if (!octet) return false;
    address = address << 8 | *octet;
  }
  return is_private(address);
}

/// Neither assigned nor reserved nor for private use (RFC 6895 section 3.2).
bool funny_class(std::uint16_t qclass) {
  return qclass == 2 || (qclass >= 5 && qclass <= 253) || (qclass >= 256 && qclass <= 65'279);
}

}  // namespace

std::string_view name(QueryClass of) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(QueryClass::count_)> names = {
      "ok",          "non-auth-tld", "root-servers.net", "localhost",     "a-for-a",  "a-for-root",
      "rfc1918-ptr", "funny-qclass", "funny-qtype",      "src-port-zero", "malformed"};
  return names[static_cast<std::size_t>(of)];
}

std::string_view older_name(QueryClass of) { return of == QueryClass::funny_qclass ? "funny-class" : name(of); }

bool is_underscored(const Packet& packet) {
  const std::uint16_t qtype = packet.message.qtype;
  if (qtype != dns::type_a && qtype != dns::type_ns && qtype != dns::type_soa && qtype != dns::type_mx) return false;
  const Octets name = packet.qname;
  return !name.empty() && std::memchr(name.data(), '_', name.size()) != nullptr;  // 95: no label's length
}

bool ends_with_root_servers_net(Octets qname) {
  constexpr std::string_view first = "root-servers", second = "net";
  constexpr std::size_t least = 1 + first.size() + 1 + second.size() + 1;
  if (qname.size() < least || view(qname.subspan(qname.size() - second.size() - 1, second.size())) != second)
    return false;
  const dns::Labels labels(qname);
  return labels.count() >= 2 && view(labels.from_right(0)) == second && view(labels.from_right(1)).ends_with(first);
}

QueryClass classify(const Packet& packet, const Context& context) {
  const dns::Message& message = packet.message;
  const Octets qname = packet.qname;
  if (!packet.lacks.has(util::Member::ports) && source_port(packet) == 0) return QueryClass::source_port_zero;
  if (!message.has_question() || !dsc_known_qclass(message.qclass)) return QueryClass::funny_qclass;
  if (!dsc_known_qtype(message.qtype)) return QueryClass::funny_qtype;
  if (message.qtype == dns::type_a && dsc_a_for_a(qname)) return QueryClass::a_for_a;
  if (message.qtype == dns::type_a && is_root(qname)) return QueryClass::a_for_root;
  // As text: "notlocalhost" too. No letter is a length, so that the last octets lie in one label.
  constexpr std::string_view localhost = "localhost";
  if (view(qname.first(qname.size() - 1)).ends_with(localhost)) return QueryClass::localhost;
  if (ends_with_root_servers_net(qname)) return QueryClass::root_servers_net;
  if (unknown_tld(packet, context)) return QueryClass::unknown_tld;
  if (message.qtype == type_ptr && dsc_rfc1918_ptr(qname)) return QueryClass::rfc1918_ptr;
  return QueryClass::ok;
}

QueryClasses older_classes(const Packet& packet, const Context& context) {
  const dns::Message& message = packet.message;
  const dns::Labels labels(packet.qname);
  const bool knows_ports = !packet.lacks.has(util::Member::ports) && !packet.lacks.has(util::Member::transport);
  QueryClasses set = 0;
  const auto put = [&set](QueryClass one, bool fits) {
    set = static_cast<QueryClasses>(set | unsigned{fits} << static_cast<unsigned>(one));
  };
  put(QueryClass::unknown_tld, unknown_tld(packet, context));
  put(QueryClass::root_servers_net, ends_with_root_servers_net(packet.qname));
  put(QueryClass::localhost, labels.count() == 1 && view(labels.from_right(0)) == "localhost");
  put(QueryClass::a_for_a, message.qtype == dns::type_a && dotted_address(labels));
  put(QueryClass::a_for_root, message.qtype == dns::type_a && labels.count() == 0);
  put(QueryClass::rfc1918_ptr, message.qtype == type_ptr && private_reverse(labels));
  put(QueryClass::funny_qclass, funny_class(message.qclass));
  put(QueryClass::funny_qtype, !util::rr_type_is_assigned(message.qtype));
  put(QueryClass::source_port_zero,
      knows_ports && packet.transport == util::Transport::udp && source_port(packet) == 0);
  if (set == 0) put(QueryClass::ok, true);
  return set;
}

}  // namespace rata::reduce
