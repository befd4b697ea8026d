#include <algorithm>
#include <cstring>

#include "dns/codes.h"
#include "dns/labels.h"
#include "dns/name.h"
#include "reduce/dimensions/columns.h"
#include "reduce/query_classes.h"
#include "util/rr_types.h"

namespace rata::reduce {
namespace {

using util::Member;

constexpr Needs question{.members = {Member::queries}};

/// What only a message with a question has.
template <std::uint16_t dns::Message::* member>
std::uint32_t of_question(const Packet& packet, const Look&) {
  return packet.message.has_question() ? packet.message.*member : no_code;
}

void qnames(const ChosenPackets& packets, const Look&, KeyColumn& keys) {
  for (const std::uint16_t i : packets.which) {
    if (packets[i].qname.empty())
      keys.none(i);
    else
      keys.refer(i, packets[i].qname);
  }
}

Octets tld(const Packet& packet, const Look&) { return tld_of(packet); }

template <std::size_t labels>
Octets last_labels(const Packet& packet, const Look&) {
  return dns::Labels(packet.qname).last(labels);
}

Octets some_last_labels(const Packet& packet, const Look& look) {
  return dns::Labels(packet.qname).last(look.argument);
}

constexpr std::uint32_t most_labels = 127;  // a name of 255 octets has no more (RFC 1035 section 2.3.4)
std::optional<std::uint32_t> read_labels(std::string_view text) { return read_whole(text, 1, most_labels); }

const PublicSuffixes no_list;

std::size_t suffix_labels(const dns::Labels& labels, const Look& look) {
  const PublicSuffixes* const list = look.context.public_suffixes.get();
  return (list == nullptr ? no_list : *list).labels_of(labels);
}
Octets public_suffix(const Packet& packet, const Look& look) {
  const dns::Labels labels(packet.qname);
  return labels.last(suffix_labels(labels, look));
}
/// One label more; a suffix itself is nobody's.
Octets registered_domain(const Packet& packet, const Look& look) {
  const dns::Labels labels(packet.qname);
  const std::size_t count = suffix_labels(labels, look);
  return count == labels.count() ? Octets{} : labels.last(count + 1);
}

std::string key_text(Octets key, const Look&) { return dns::name_text(key); }
std::string text_without_dot(Octets key, const Look&) {
  std::string text = dns::name_text(key);
  text.pop_back();
  return text;
}

/// Each label and its dot have as many octets as the label and its length; the root label has no text but in ".".
std::uint32_t qname_length(const Packet& packet, const Look&) {
  if (packet.qname.empty()) return no_code;
  return static_cast<std::uint32_t>(std::max<std::size_t>(1, packet.qname.size() - 1));
}
std::uint32_t label_count(const Packet& packet, const Look&) {
  return static_cast<std::uint32_t>(dns::Labels(packet.qname).count());
}

/// Labels that RFC 5891 reserves for names that are not in ASCII, valid or not.
bool ace_prefix(Octets label) { return label.size() >= 4 && std::memcmp(label.data(), "xn--", 4) == 0; }

/// Whether "--" stands in eight octets.
bool has_two_hyphens(const std::uint8_t* eight) {
  constexpr std::uint64_t each = 0x0101010101010101;
  std::uint64_t octets;
  std::memcpy(&octets, eight, sizeof octets);
  const std::uint64_t differs = octets ^ ('-' * each);
  const std::uint64_t hyphens = ~(((differs & (0x7f * each)) + 0x7f * each) | differs) & (0x80 * each);
  return (hyphens & (hyphens >> 8)) != 0;
}

/// Nearly every name has no "--", and walking the labels costs more than looking for one. True: perhaps.
bool may_have_ace_prefix(Octets name) {
  constexpr std::size_t word_octets = 8, step = word_octets - 1;  // a pair may lie across
  if (name.size() < word_octets) return true;
  bool found = has_two_hyphens(name.data() + name.size() - word_octets);
  for (std::size_t at = 0; at + word_octets < name.size(); at += step) found |= has_two_hyphens(name.data() + at);
  return found;
}

bool is_idn(const Packet& packet) {
  const Octets name = packet.qname;
  if (!may_have_ace_prefix(name)) [[likely]]
    return false;
  for (std::size_t at = 0; at < name.size() && name[at] != 0; at += 1u + name[at])
    if (ace_prefix(name.subspan(at + 1, name[at]))) return true;
  return false;
}
bool begins_as_idn(const Packet& packet) {
  return !packet.qname.empty() && ace_prefix(packet.qname.subspan(1, packet.qname[0]));
}

bool is_localhost(const Packet& packet) {
  constexpr std::uint8_t localhost[] = {9, 'l', 'o', 'c', 'a', 'l', 'h', 'o', 's', 't', 0};
  return std::ranges::equal(packet.qname, localhost);
}

/// One octet and then ".root-servers.net": a.root-servers.net to m.root-servers.net are the root's own servers.
bool is_root_server(const Packet& packet) {
  constexpr std::string_view zone("\x0croot-servers\x03net\0", 18);
  return packet.qname.size() == 2 + zone.size() && packet.qname[0] == 1 &&
         std::memcmp(packet.qname.data() + 2, zone.data(), zone.size()) == 0;
}

enum CertainName : std::uint32_t { localhost, root_servers, other };

template <bool (*of_root_servers)(const Packet&)>
std::uint32_t certain_name(const Packet& packet, const Look&) {
  if (is_localhost(packet)) return localhost;
  return of_root_servers(packet) ? root_servers : other;
}
bool under_root_servers(const Packet& packet) { return ends_with_root_servers_net(packet.qname); }

std::uint32_t classification(const Packet& packet, const Look& look) {
  // Not among the needs: a message without question has a class.
  if (packet.lacks.has(Member::queries)) return no_code;
  return static_cast<std::uint32_t>(classify(packet, look.context));
}

bool popular_type(std::uint16_t qtype) {
  // DSC's choice: A, NS, CNAME, SOA, PTR, MX, AAAA, SRV, A6, ANY.
  constexpr std::uint16_t any = 255;
  constexpr std::uint64_t popular = [] {
    std::uint64_t types = 0;
    for (const unsigned type : {1, 2, 5, 6, 12, 15, 28, 33, 38}) types |= std::uint64_t{1} << type;
    return types;
  }();
  return qtype < 64 ? (popular >> qtype & 1) != 0 : qtype == any;
}
bool aaaa_or_a6(std::uint16_t qtype) { return qtype == 28 || qtype == 38; }

bool is_root(const Packet& packet) { return packet.qname.size() == 1; }

constexpr Dimension table[] = {
    {.name = "qname",
     .help = "name of the first question, lower case, with the final dot",
     .example = "www.example.",
     .needs = question,
     .keys = qnames,
     .key_text = key_text},
    {.name = "tld",
     .help = "the last label of the name",
     .example = "example.",
     .needs = question,
     .keys = refer<tld>,
     .key_text = key_text,
     .older_key_text = text_without_dot},
    {.name = "second_level",
     .help = "the last two labels of the name",
     .example = "a.example.",
     .needs = question,
     .keys = refer<last_labels<2>>,
     .key_text = key_text,
     .older_key_text = text_without_dot},
    {.name = "third_level",
     .help = "the last three labels of the name",
     .example = "www.a.example.",
     .needs = question,
     .keys = refer<last_labels<3>>,
     .key_text = key_text,
     .older_key_text = text_without_dot},
    {.name = "levels",
     .help = "the last labels of the name, as many as the argument says",
     .example = "a.example.",
     .needs = question,
     .argument = "how many labels, 1 to 127",
     .read_argument = read_labels,
     .default_argument = 2,
     .keys = refer<some_last_labels>,
     .key_text = key_text},
    {.name = "public_suffix",
     .help = "the end of the name under which one can register, by [lists] public_suffixes; without: the last label",
     .example = "co.example.",
     .needs = question,
     .keys = refer<public_suffix>,
     .key_text = key_text,
     .older_key_text = text_without_dot,
     .knowledge = Knowledge::public_suffixes},
    {.name = "registered_domain",
     .help = "the public suffix and one label more; names that are public suffixes do not count",
     .example = "a.co.example.",
     .needs = question,
     .keys = refer<registered_domain>,
     .key_text = key_text,
     .older_key_text = text_without_dot,
     .knowledge = Knowledge::public_suffixes},
    {.name = "qname_length",
     .help = "octets of the name as text without escapes, with the final dot",
     .example = "12",
     .needs = question,
     .bits = 8,
     .codes = fill<qname_length>,
     .code_text = decimal,
     .quantity = Quantity::code},
    {.name = "label_count",
     .help = "labels of the name; the root has none",
     .example = "2",
     .needs = question,
     .bits = 7,
     .codes = fill<label_count>,
     .code_text = decimal,
     .quantity = Quantity::code},
    {.name = "qtype",
     .help = "type of the first question by its IANA mnemonic",
     .example = "AAAA",
     .needs = question,
     .bits = 16,
     .codes = fill<of_question<&dns::Message::qtype>>,
     .code_text = [](std::uint32_t code, const Look&) { return util::rr_type_text(static_cast<std::uint16_t>(code)); },
     .older_code_text = hexadecimal},
    {.name = "qclass",
     .help = "class of the first question",
     .example = "IN",
     .needs = question,
     .bits = 16,
     .codes = fill<of_question<&dns::Message::qclass>>,
     .code_text = [](std::uint32_t code, const Look&) { return dns::class_text(static_cast<std::uint16_t>(code)); },
     .older_code_text = hexadecimal},
    {.name = "idn",
     .help = "idn when a label begins with xn--, else normal",
     .example = "idn",
     .needs = question,
     .bits = 1,
     .codes = fill<[](const Packet& packet, const Look&) -> std::uint32_t { return is_idn(packet); }>,
     .code_text = [](std::uint32_t code, const Look&) { return std::string(code != 0 ? "idn" : "normal"); }},
    {.name = "certain_names",
     .help = "localhost, root-servers.net (whatever ends with it) or else",
     .example = "localhost",
     .needs = question,
     .bits = 2,
     .codes = fill<certain_name<under_root_servers>>,
     .code_text =
         [](std::uint32_t code, const Look&) {
           return std::string(code == localhost ? "localhost" : code == root_servers ? "root-servers.net" : "else");
         }},
    {.name = "certain_names_dsc",
     .help = "localhost, X.root-servers.net for any one octet X, or else",
     .example = "X.root-servers.net",
     .needs = question,
     .bits = 2,
     .codes = fill<certain_name<is_root_server>>,
     .code_text =
         [](std::uint32_t code, const Look&) {
           return std::string(code == localhost ? "localhost" : code == root_servers ? "X.root-servers.net" : "else");
         }},
    {.name = "known_tld",
     .help = "whether the last label is a top-level domain: yes or no",
     .example = "yes",
     .needs = question,
     .bits = 1,
     .codes = fill<[](const Packet& packet, const Look& look) -> std::uint32_t {
       return packet.qname.empty() || look.context.top_level_domains->contains(tld_of(packet));
     }>,
     .code_text = yes_or_no},
    {.name = "classification",
     .help = "what is wrong with a query, the first that fits: src-port-zero, funny-qclass, funny-qtype, a-for-a, "
             "a-for-root, localhost, root-servers.net, non-auth-tld, rfc1918-ptr; else ok",
     .example = "non-auth-tld",
     .needs = {.members = {Member::flags}},
     .bits = 4,
     .codes = fill<classification>,
     .code_text = [](std::uint32_t code, const Look&) { return std::string(name(static_cast<QueryClass>(code))); },
     .older_code_text = [](std::uint32_t code,
                           const Look&) { return std::string(older_name(static_cast<QueryClass>(code))); }},
};

constexpr Condition condition_table[] = {
    condition<is_idn>("idn", "a label of the name begins with xn--", question),
    condition<begins_as_idn>("idn_first", "the name begins with xn--", question),
    condition<is_localhost>("localhost", "the name is localhost.", question),
    condition<under_root_servers>("root_servers_net", "the name ends with root-servers.net.", question),
    condition<is_root_server>("root_server", "the name is one octet and .root-servers.net.", question),
    condition<is_underscored>(
        "underscored", "the name has a \"_\", which host names must not, and the type is A, NS, SOA or MX", question),
    condition<[](const Packet& packet) { return popular_type(packet.message.qtype); }>(
        "popular_qtype", "type A, NS, CNAME, SOA, PTR, MX, AAAA, SRV, A6 or ANY", question),
    condition<[](const Packet& packet) { return aaaa_or_a6(packet.message.qtype); }>("aaaa_or_a6", "type AAAA or A6",
                                                                                     question),
    condition<[](const Packet& packet) { return packet.message.qtype == dns::type_ns && is_root(packet); }>(
        "priming", "type NS and the name is the root (RFC 8109)", question),
    condition<[](const Packet& packet) { return packet.message.qtype == dns::type_ns && !is_root(packet); }>(
        "ns_not_root", "type NS and the name is not the root: what DSC's filter priming-query passes", question),
};

}  // namespace

std::span<const Dimension> name_dimensions() { return table; }
std::span<const Condition> name_conditions() { return condition_table; }

}  // namespace rata::reduce
