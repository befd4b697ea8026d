#include "capture/speedy_record.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

#include "capture/record_buffer.h"
#include "util/domain_name.h"
#include "util/encoding.h"
#include "util/hash.h"

static_assert(rata::capture::RecordBuffer::padding_octets >= simdjson::SIMDJSON_PADDING);

namespace rata::capture {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;
using util::Member;
using Wire = std::vector<std::uint8_t>;

constexpr std::size_t header_octets = 12;
constexpr std::uint16_t type_ns = 2;

/// What a record tells, by member; what it has not is not there. A member that is null is not there either.
struct Members {
  std::optional<element> source, dest, id, flags, queries, answers, authorities, additionals;
};

std::optional<element>* member(Members& members, std::string_view key) {
  if (key == "source") return &members.source;
  if (key == "dest") return &members.dest;
  if (key == "id") return &members.id;
  if (key == "flags") return &members.flags;
  if (key == "queries") return &members.queries;
  if (key == "answers") return &members.answers;
  if (key == "authorities") return &members.authorities;
  if (key == "additionals") return &members.additionals;
  return nullptr;
}

Members members_of(const object& record) {
  Members members;
  for (const auto field : record)
    if (auto* into = member(members, field.key); into != nullptr && !field.value.is_null()) *into = field.value;
  return members;
}

/// The part of `record` with that name; nothing when it is not there or null.
std::optional<element> part(const object& record, std::string_view key) {
  element found;
  if (record.at_key(key).get(found) != simdjson::SUCCESS || found.is_null()) return std::nullopt;
  return found;
}

void put_word(Wire& wire, std::uint16_t word) {
  wire.push_back(static_cast<std::uint8_t>(word >> 8));
  wire.push_back(static_cast<std::uint8_t>(word));
}

void put_word_at(Wire& wire, std::size_t at, std::uint16_t word) {
  wire[at] = static_cast<std::uint8_t>(word >> 8);
  wire[at + 1] = static_cast<std::uint8_t>(word);
}

int digit(char character) {
  if (character >= '0' && character <= '9') return character - '0';
  const char lower = static_cast<char>(character | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool put_hex(Wire& wire, std::string_view digits) {
  if (digits.size() % 2 != 0) return false;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = digit(digits[i]), low = digit(digits[i + 1]);
    if (high < 0 || low < 0) return false;
    wire.push_back(static_cast<std::uint8_t>(high << 4 | low));
  }
  return true;
}

/// "192.0.2.1" and "2001:db8::1".
std::optional<util::Address> address_from_text(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> copy{};
  std::array<std::uint8_t, 16> octets{};
  if (text.size() >= copy.size()) return std::nullopt;
  text.copy(copy.data(), text.size());
  if (::inet_pton(AF_INET, copy.data(), octets.data()) == 1) return util::Address::v4_from(octets.data());
  if (::inet_pton(AF_INET6, copy.data(), octets.data()) == 1) return util::Address::v6_from(octets.data());
  return std::nullopt;
}

/// Equal for equal texts, on every machine: which shard a record belongs to is part of the result.
util::Address address_of_opaque(std::string_view text) {
  // As the older chain had it: what has eight characters stands for IPv4, all else for IPv6.
  util::Address address{.octets = {}, .v6 = text.size() != 8};
  for (const std::size_t half : {0, 1}) {
    const std::uint64_t hash = util::stable_hash(fmt::format("{}{}", half, text));
    std::memcpy(address.octets.data() + half * 8, &hash, sizeof hash);
  }
  if (!address.v6) std::fill(address.octets.begin() + 4, address.octets.end(), std::uint8_t{0});
  return address;
}

/// The first `most` octets of a foreign text, in whole characters, made safe to show.
std::string shown(std::string_view text, std::size_t most) {
  const auto continues = [](char octet) { return (static_cast<std::uint8_t>(octet) & 0xc0) == 0x80; };
  std::size_t size = std::min(text.size(), most);
  while (size > 0 && size < text.size() && continues(text[size])) --size;
  std::string out;
  util::append_escaped({reinterpret_cast<const std::uint8_t*>(text.data()), size}, out);
  return size < text.size() ? out + "..." : out;
}

/// Writes the message and remembers the first thing that could not be written.
class MessageMaker {
 public:
  MessageMaker(Wire& wire, std::string& reason) : wire_(wire), reason_(reason), begin_(wire.size()) { reason_.clear(); }

  bool good() const { return reason_.empty(); }

  void make(const Members& members, Envelope& envelope) {
    wire_.resize(begin_ + header_octets);
    header(members, envelope);
    questions(members.queries, envelope);
    section(members.answers, "answers", Member::answers, 6, envelope);
    section(members.authorities, "authorities", Member::authorities, 8, envelope);
    section(members.additionals, "additionals", Member::additionals, 10, envelope);
    if (size() > SpeedyRecord::max_wire_octets) refuse_size();
    // The OPT record stands among the additional ones: with these it is known whether there was one.
    if (envelope.lacks.has(Member::additionals)) envelope.lacks.add(Member::edns);
  }

  std::size_t size() const { return wire_.size() - begin_; }

  /// Behind the message. Anonymous addresses are kept as text.
  void addresses(const Members& members, Envelope& envelope) {
    address(members.source, "source", Member::source, envelope, envelope.source, envelope.source_text);
    address(members.dest, "dest", Member::dest, envelope, envelope.destination, envelope.destination_text);
  }

 private:
  void refuse(std::string why) {
    if (good()) reason_ = std::move(why);
  }

  void refuse_size() { refuse(fmt::format("the message would have over {} octets", SpeedyRecord::max_wire_octets)); }

  std::string_view text_of(const std::optional<element>& value, const char* what) {
    std::string_view text;
    if (value && value->get(text) != simdjson::SUCCESS) refuse(fmt::format("{} is no text", what));
    return text;
  }

  /// A hexadecimal number in a text.
  template <typename Number>
  Number number_of(const std::optional<element>& value, const char* what) {
    const std::string_view text = text_of(value, what);
    Number number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
    if (good() && (fault != std::errc() || end != text.data() + text.size()))
      refuse(fmt::format("{} \"{}\" is no hexadecimal number up to {:x}", what, shown(text, 20),
                         std::numeric_limits<Number>::max()));
    return number;
  }

  void name(std::string_view text) {
    if (good() && !util::append_wire_name(text, wire_))
      refuse(fmt::format("\"{}\" is no name: labels have 1 to 63 octets, names up to 255", shown(text, 80)));
    if (size() > SpeedyRecord::max_wire_octets) refuse_size();
  }

  /// Looks at the size first: nothing may be appended for which there is no room.
  void rdata(std::string_view digits) {
    if (!good()) return;
    const std::size_t octets = digits.size() / 2;
    if (octets > UINT16_MAX) return refuse(fmt::format("rdata has {} octets; a record takes {}", octets, UINT16_MAX));
    if (size() + octets > SpeedyRecord::max_wire_octets) return refuse_size();
    if (!put_hex(wire_, digits)) return refuse("rdata is no hexadecimal text");
    end_rdata();
  }

  /// The length of what stands behind the fixed part: a name, or at most UINT16_MAX octets.
  void end_rdata() { put_word_at(wire_, rdata_at_ - 2, static_cast<std::uint16_t>(wire_.size() - rdata_at_)); }

  void header(const Members& members, Envelope& envelope) {
    if (members.id)
      put_word_at(wire_, begin_, number_of<std::uint16_t>(members.id, "id"));
    else
      envelope.lacks.add(Member::id);
    if (members.flags)
      put_word_at(wire_, begin_ + 2, number_of<std::uint16_t>(members.flags, "flags"));
    else
      envelope.lacks.add(Member::flags);
  }

  /// Calls `use` with each object of the list `value`; the answer is how many messages parts it made.
  template <typename Use>
  void each(const element& value, const char* what, std::size_t count_at, Use use) {
    array list;
    if (value.get(list) != simdjson::SUCCESS) return refuse(fmt::format("{} is no list", what));
    std::size_t count = 0;
    for (const element item : list) {
      object parts;
      if (item.get(parts) != simdjson::SUCCESS) return refuse(fmt::format("an entry of {} is no object", what));
      count += use(parts);
      if (!good()) return;
    }
    if (count > UINT16_MAX) return refuse(fmt::format("{} has over {} entries", what, UINT16_MAX));
    put_word_at(wire_, begin_ + count_at, static_cast<std::uint16_t>(count));
  }

  void questions(const std::optional<element>& queries, Envelope& envelope) {
    if (!queries) return envelope.lacks.add(Member::queries);
    const std::size_t before = wire_.size();
    bool whole = true;
    each(*queries, "queries", 4, [&](const object& question) -> std::size_t {
      const auto qname = part(question, "qname"), qtype = part(question, "qtype"), qclass = part(question, "qclass");
      if (!qname || !qtype || !qclass) whole = false;
      if (!whole) return 0;
      name(text_of(qname, "qname"));
      put_word(wire_, number_of<std::uint16_t>(qtype, "qtype"));
      put_word(wire_, number_of<std::uint16_t>(qclass, "qclass"));
      return 1;
    });
    if (!whole) forget(before, 4, Member::queries, envelope);
  }

  /// Half a question or record is none, and a list of which one is missing is not known.
  void forget(std::size_t before, std::size_t count_at, Member member, Envelope& envelope) {
    wire_.resize(before);
    put_word_at(wire_, begin_ + count_at, 0);
    envelope.lacks.add(member);
  }

  void section(const std::optional<element>& records, const char* what, Member missing, std::size_t count_at,
               Envelope& envelope) {
    if (!records) return envelope.lacks.add(missing);
    const std::size_t before = wire_.size();
    bool whole = true;
    each(*records, what, count_at, [&](const object& record) -> std::size_t {
      whole = whole && part(record, "name") && part(record, "type") && part(record, "class");
      return whole ? resource_records(record) : 0;
    });
    if (!whole) forget(before, count_at, missing, envelope);
  }

  /// One record; an NS with several names is as many.
  std::size_t resource_records(const object& record) {
    const auto type = part(record, "type"), ns = part(record, "ns");
    array names;
    if (number_of<std::uint16_t>(type, "type") != type_ns || !ns) {
      fixed_part(record);
      rdata(text_of(part(record, "rdata"), "rdata"));
      return 1;
    }
    if (ns->get(names) != simdjson::SUCCESS) refuse("ns is no list");
    if (!good()) return 0;
    std::size_t count = 0;
    for (const element server : names) {
      fixed_part(record);
      name(text_of(server, "ns"));
      end_rdata();
      ++count;
      if (!good()) break;
    }
    return count;
  }

  /// All but the rdata; its length comes with `end_rdata`.
  void fixed_part(const object& record) {
    name(text_of(part(record, "name"), "name"));
    put_word(wire_, number_of<std::uint16_t>(part(record, "type"), "type"));
    put_word(wire_, number_of<std::uint16_t>(part(record, "class"), "class"));
    const auto ttl_part = part(record, "ttl");
    const std::uint32_t ttl = ttl_part ? number_of<std::uint32_t>(ttl_part, "ttl") : 0;
    put_word(wire_, static_cast<std::uint16_t>(ttl >> 16));
    put_word(wire_, static_cast<std::uint16_t>(ttl));
    rdata_at_ = wire_.size() + 2;
    put_word(wire_, 0);
  }

  void address(const std::optional<element>& value, const char* what, Member missing, Envelope& envelope,
               util::Address& address, std::string_view& opaque) {
    if (!value) return envelope.lacks.add(missing);
    const std::string_view text = text_of(value, what);
    if (!good()) return;
    if (const auto read = util::address_from_hex(text); read || text.empty()) {
      if (text.empty()) return envelope.lacks.add(missing);
      address = *read;
    } else if (const auto dotted = address_from_text(text)) {
      address = *dotted;
    } else if (text.size() > SpeedyRecord::max_address_octets) {
      refuse(fmt::format("{} has {} octets; an anonymous address has up to {}", what, text.size(),
                         SpeedyRecord::max_address_octets));
    } else {
      address = address_of_opaque(text);
      const std::size_t at = wire_.size();
      wire_.insert(wire_.end(), text.begin(), text.end());
      opaque = {reinterpret_cast<const char*>(wire_.data() + at), text.size()};
    }
  }

  Wire& wire_;
  std::string& reason_;
  std::size_t begin_;
  std::size_t rdata_at_ = 0;
};

}  // namespace

struct SpeedyRecord::Parser {
  simdjson::dom::parser json;
};

SpeedyRecord::SpeedyRecord() : parser_(std::make_unique<Parser>()) {}
SpeedyRecord::~SpeedyRecord() = default;

SpeedyRecord::Result SpeedyRecord::read(std::span<const std::uint8_t> json, std::vector<std::uint8_t>& wire,
                                        Envelope& envelope, std::size_t& message_octets) {
  const std::size_t begin = wire.size();
  assert(wire.capacity() - begin >= record_room);
  envelope = {};
  for (const Member never : {Member::time, Member::ports, Member::transport, Member::size}) envelope.lacks.add(never);
  message_octets = 0;
  object record;
  constexpr bool copy_first = false;  // the padding is there
  if (const auto fault = parser_->json.parse(json.data(), json.size(), copy_first).get(record);
      fault != simdjson::SUCCESS) {
    reason_ = simdjson::error_message(fault);
    envelope.content = Envelope::Content::unreadable;
    return Result::broken_json;
  }
  const Members members = members_of(record);
  MessageMaker maker(wire, reason_);
  maker.make(members, envelope);
  message_octets = maker.size();
  maker.addresses(members, envelope);
  assert(wire.size() - begin <= record_room);
  if (maker.good()) return Result::message;
  wire.resize(begin);
  message_octets = 0;
  envelope = {};
  envelope.content = Envelope::Content::unreadable;
  return Result::refused;
}

}  // namespace rata::capture
