#include "reduce/speedy_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "dns/name.h"
#include "dns/rdata.h"
#include "dns/records.h"
#include "util/encoding.h"

namespace rata::reduce {
namespace {

using dns::Record;
using dns::Section;
using util::Member;

void append_number(std::uint32_t number, int base, std::string& out) {
  std::array<char, 10> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  out.append(digits.data(), end);
}

/// ,"key":"1c"
void append_member(std::string_view key, std::uint32_t number, std::string& out) {
  out += ",\"";
  out += key;
  out += "\":\"";
  append_number(number, 16, out);
  out += '"';
}

/// Escapes what stands from `begin` on, as JSON wants it inside quotes.
void escape_from(std::size_t begin, std::string& out) {
  const auto special = [](char letter) { return letter == '\\' || letter == '"' || (letter >= 0 && letter < ' '); };
  const auto first = std::find_if(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), special);
  if (first == out.end()) return;
  const std::string plain(first, out.end());
  out.erase(first, out.end());
  for (const char letter : plain) {
    if (special(letter)) out += '\\';
    if (letter == '\\' || letter == '"' || !special(letter)) {
      out += letter;
    } else {
      const auto octet = static_cast<std::uint8_t>(letter);
      out += "u00";
      util::append_hex({&octet, 1}, out);
    }
  }
}

/// "name", case kept. False when it cannot be read.
bool append_name(std::span<const std::uint8_t> message, std::size_t at, std::string& out, std::size_t* end = nullptr) {
  out += '"';
  const std::size_t begin = out.size();
  if (dns::read_name(message, at, out) != dns::NameFault::none) return false;
  escape_from(begin, out);
  out += '"';
  if (end != nullptr) *end = at;
  return true;
}

void append_address(std::string_view key, const util::Address& address, std::string_view text, std::string& out) {
  out += '"';
  out += key;
  out += "\":\"";
  if (text.empty()) {
    util::append_hex(address.bytes(), out);
  } else {
    const std::size_t begin = out.size();
    out += text;
    escape_from(begin, out);
  }
  out += "\",";
}

void append_addresses(const Packet& packet, std::string& out) {
  const bool response = packet.message.is_response();
  const auto client = [&](const char* key) { append_address(key, packet.client, packet.client_text, out); };
  const auto server = [&](const char* key) { append_address(key, packet.server, packet.server_text, out); };
  if (!packet.lacks.has(Member::source)) response ? server("source") : client("source");
  if (!packet.lacks.has(Member::dest)) response ? client("dest") : server("dest");
}

bool append_question(const dns::Message& message, const Record& question, std::string& out) {
  out += "{\"qname\":";
  if (!append_name(message.octets, question.owner_at, out)) return false;
  append_member("qtype", question.type, out);
  append_member("qclass", question.rr_class, out);
  out += '}';
  return true;
}

/// ,"ns":["a.example."] where the name is all of rdata, else ,"rdata":"..."
void append_data(const dns::Message& message, const Record& record, std::string& out) {
  const std::size_t begin = out.size();
  if (record.type == dns::type_ns) {
    out += ",\"ns\":[";
    std::size_t end = 0;
    const auto up_to_rdata = message.octets.first(record.rdata_at + record.rdata.size());
    if (append_name(up_to_rdata, record.rdata_at, out, &end) && end == up_to_rdata.size()) {
      out += ']';
      return;
    }
    out.resize(begin);
  }
  out += ",\"rdata\":\"";
  dns::append_rdata_hex({message.octets, record.rdata_at, record.rdata.size(), record.type, record.rr_class}, out);
  out += '"';
}

bool append_record(const dns::Message& message, const Record& record, std::string& out) {
  out += "{\"name\":";
  if (!append_name(message.octets, record.owner_at, out)) return false;
  append_member("type", record.type, out);
  append_member("class", record.rr_class, out);
  append_member("ttl", record.ttl, out);
  append_data(message, record, out);
  out += '}';
  return true;
}

constexpr std::array<std::string_view, 4> section_keys = {"queries", "answers", "authorities", "additionals"};
using Wanted = std::array<bool, section_keys.size()>;

/// The lists of the wanted sections, each with a comma before it. One that is known to be empty is an empty list; what
/// lies behind a broken record is not known and has none.
class SectionWriter {
 public:
  SectionWriter(const Wanted& wanted, std::string& out) : wanted_(wanted), out_(out) {}

  /// False when a name cannot be read: the records end before it.
  bool write(const dns::Message& message) {
    dns::RecordWalk walk(message, first());
    Record record;
    while (walk.next(record) && record.section <= last())
      if (wanted_[index(record.section)] && !append(message, record)) {
        end(record.section);
        return false;
      }
    end(walk.fault() == dns::RecordFault::none ? Section::count_ : walk.section());
    return true;
  }

 private:
  static std::size_t index(Section section) { return static_cast<std::size_t>(section); }
  Section first() const { return static_cast<Section>(std::ranges::find(wanted_, true) - wanted_.begin()); }
  Section last() const {
    return static_cast<Section>(std::find(wanted_.rbegin(), wanted_.rend(), true).base() - wanted_.begin() - 1);
  }

  bool append(const dns::Message& message, const Record& record) {
    advance(record.section);
    const std::size_t before = out_.size();
    open_ ? out_.push_back(',') : open();
    const bool question = record.section == Section::question;
    const bool readable = question ? append_question(message, record, out_) : append_record(message, record, out_);
    if (readable)
      open_ = true;
    else
      out_.resize(before);
    return readable;
  }

  void open() {
    out_ += ",\"";
    out_ += section_keys[section_];
    out_ += "\":[";
  }

  /// Ends the lists before `section`.
  void advance(Section section) {
    for (; section_ < index(section); ++section_) {
      if (!wanted_[section_]) continue;
      if (!open_) open();
      out_ += ']';
      open_ = false;
    }
  }

  /// `unknown`: from this section on nothing but what has been written is known.
  void end(Section unknown) {
    advance(unknown);
    if (open_) out_ += ']';
  }

  const Wanted& wanted_;
  std::string& out_;
  std::size_t section_ = 0;
  bool open_ = false;  // the list of `section_` has an item
};

Wanted wanted_sections(const Packet& packet, const SpeedyFields& fields) {
  return {fields.queries && !packet.lacks.has(Member::queries), fields.answers && !packet.lacks.has(Member::answers),
          fields.authorities && !packet.lacks.has(Member::authorities),
          fields.additionals && !packet.lacks.has(Member::additionals)};
}

}  // namespace

const std::vector<std::string>& SpeedyFields::names() {
  static const std::vector<std::string> names = {"addresses", "queries", "answers", "authorities", "additionals"};
  return names;
}

SpeedyFields SpeedyFields::from(const std::vector<std::string>& chosen) {
  const auto has = [&](const char* name) { return std::ranges::find(chosen, name) != chosen.end(); };
  return {has("addresses"), has("queries"), has("answers"), has("authorities"), has("additionals")};
}

bool append_speedy_object(const Packet& packet, const SpeedyFields& fields, std::string& out) {
  out += '{';
  if (fields.addresses) append_addresses(packet, out);
  const std::size_t before_id = out.size();
  if (!packet.lacks.has(Member::id)) append_member("id", packet.message.id, out);
  if (!packet.lacks.has(Member::flags)) append_member("flags", packet.message.flags, out);
  const Wanted wanted = wanted_sections(packet, fields);
  bool whole = true;
  if (std::ranges::find(wanted, true) != wanted.end()) whole = SectionWriter(wanted, out).write(packet.message);
  // Members bring a comma before them, addresses one behind: where they meet there is one too many.
  if (out.size() > before_id)
    out.erase(before_id, 1);
  else if (out.back() == ',')
    out.pop_back();
  out += '}';
  return whole;
}

bool append_speedy(const Packet& packet, const SpeedyFields& fields, std::string& out) {
  const std::size_t begin = out.size();
  const bool whole = append_speedy_object(packet, fields, out);
  std::string length;
  append_number(static_cast<std::uint32_t>(out.size() - begin), 10, length);
  out.insert(begin, length);
  return whole;
}

}  // namespace rata::reduce
