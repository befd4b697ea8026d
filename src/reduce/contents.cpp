#include "reduce/contents.h"

#include "dns/edns_options.h"
#include "util/cursor.h"

namespace rata::reduce {
namespace {

/// Of most messages the header says it: neither answer nor authority, and nothing additional but the OPT record.
bool only_opt(const dns::Message& message) {
  return !message.broken_records && message.answer_count == 0 && message.authority_count == 0 &&
         message.additional_count == (message.edns.present ? 1 : 0);
}

}  // namespace

CodeCounts& CodeCounts::operator+=(const CodeCounts& other) {
  for (const Row& row : other.rows()) add(row.code, row.count);
  return *this;
}

std::vector<CodeCounts::Row> CodeCounts::rows() const {
  std::vector<Row> rows;
  for (std::size_t code = 0; code < low_.size(); ++code)
    if (low_[code] != 0) rows.push_back({static_cast<std::uint16_t>(code), low_[code]});
  for (const auto& [code, count] : high_) rows.push_back({code, count});
  return rows;
}

void Contents::add(const dns::Message& message, util::MemberSet lacks) {
  if (message.question_count != 1 && !lacks.has(util::Member::queries)) qdcount_not_1.add(message.question_count);
  if (!message.edns.options.empty()) add_options(message);
  add_records(message, lacks);
}

void Contents::add_options(const dns::Message& message) {
  dns::OptionWalk walk(message.edns.options);
  dns::EdnsOption option;
  while (walk.next(option)) {
    edns_options.add(option.code);
    if (option.code == dns::option_ede && option.data.size() >= 2)
      ede.add(util::big_endian<std::uint16_t>(option.data.data()));
  }
}

/// One walk for the types and for the kind of response.
void Contents::add_records(const dns::Message& message, util::MemberSet lacks) {
  dns::KindFinder kind(message);
  bool broken = false;
  if (!only_opt(message)) {
    dns::RecordWalk walk(message, dns::Section::answer);
    dns::Record record;
    while (walk.next(record)) {
      if (record.type != dns::type_opt) rr_types.add(record.type);
      kind.add(record);
    }
    broken = walk.fault() != dns::RecordFault::none;
  }
  using enum util::Member;
  constexpr util::MemberSet needs = {flags, queries, answers, authorities};
  if (message.is_response() && (lacks & needs).empty()) ++kinds[static_cast<std::size_t>(kind.finish(broken))];
}

Contents& Contents::operator+=(const Contents& other) {
  qdcount_not_1 += other.qdcount_not_1;
  edns_options += other.edns_options;
  ede += other.ede;
  rr_types += other.rr_types;
  for (std::size_t i = 0; i < kinds.size(); ++i) kinds[i] += other.kinds[i];
  return *this;
}

}  // namespace rata::reduce
