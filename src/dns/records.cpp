#include "dns/records.h"

#include "dns/name.h"

namespace rata::dns {
namespace {

/// Reads one after the other; false ends the reading.
class SectionReader {
 public:
  explicit SectionReader(const Message& message) : octets_(message.octets) {}

  bool question(Question& question) {
    if (!read_name(octets_, at_, question.qname) || octets_.size() - at_ < 4) return false;
    question.qtype = word();
    question.qclass = word();
    return true;
  }

  bool record(Record& record) {
    if (!read_name(octets_, at_, record.owner) || octets_.size() - at_ < 10) return false;
    record.type = word();
    record.rr_class = word();
    record.ttl = static_cast<std::uint32_t>(word()) << 16;
    record.ttl |= word();
    const std::size_t rdlength = word();
    if (rdlength > octets_.size() - at_) return false;
    record.rdata = octets_.subspan(at_, rdlength);
    if (record.type == type_ns) read_name_server(record, rdlength);
    at_ += rdlength;
    return true;
  }

 private:
  std::uint16_t word() {
    const auto value = static_cast<std::uint16_t>(octets_[at_] << 8 | octets_[at_ + 1]);
    at_ += 2;
    return value;
  }

  void read_name_server(Record& record, std::size_t rdlength) const {
    std::size_t at = at_;
    if (!read_name(octets_, at, record.name_in_rdata) || at != at_ + rdlength) record.name_in_rdata.clear();
  }

  std::span<const std::uint8_t> octets_;
  std::size_t at_ = 12;
};

/// The counts come from the wire: nothing is reserved for them, a record has to be there to take room.
template <typename Item, typename Read>
bool read_all(unsigned count, std::vector<Item>& into, Read read) {
  for (unsigned i = 0; i < count; ++i) {
    Item item;
    if (!read(item)) return false;
    into.push_back(std::move(item));
  }
  return true;
}

}  // namespace

Sections read_sections(const Message& message) {
  Sections sections;
  SectionReader reader(message);
  const auto record = [&reader](Record& item) { return reader.record(item); };
  read_all(message.question_count, sections.questions, [&reader](Question& item) { return reader.question(item); }) &&
      read_all(message.answer_count, sections.answers, record) &&
      read_all(message.authority_count, sections.authorities, record) &&
      read_all(message.additional_count, sections.additionals, record);
  return sections;
}

}  // namespace rata::dns
