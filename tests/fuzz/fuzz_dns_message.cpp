#include <cstdint>
#include <cstdlib>
#include <string>

#include "dns/edns_options.h"
#include "dns/message.h"
#include "dns/message_text.h"
#include "dns/name.h"
#include "dns/records.h"
#include "dns/response_kind.h"
#include "reduce/contents.h"

namespace {

using namespace rata::dns;

void require(bool holds) {
  if (!holds) std::abort();
}

bool lies_in(std::span<const std::uint8_t> part, std::span<const std::uint8_t> whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

void check_question(const Message& message) {
  require(lies_in(message.qname, message.octets));
  std::uint8_t folded[256];
  fold_case(message.qname, folded);
  for (const char letter : name_text({folded, message.qname.size()}))
    require(letter >= '!' && letter <= '~' && (letter < 'A' || letter > 'Z'));
}

void check_records(const Message& message) {
  RecordWalk walk(message);
  Record record;
  unsigned count = 0;
  while (walk.next(record)) {
    ++count;
    require(lies_in(record.rdata, message.octets));
    require(record.rdata.data() == message.octets.data() + record.rdata_at);
  }
  const unsigned expected =
      message.question_count + message.answer_count + message.authority_count + message.additional_count;
  require((walk.fault() == RecordFault::none) == (count == expected));
  require((walk.fault() != RecordFault::none) == message.broken_records);
  require(walk.position() <= message.octets.size());
}

void check_text(const Message& message) {
  std::string text;
  append_message(message, {}, text);
  require(text.ends_with('\n'));
  for (const char letter : text) require(letter == '\n' || (letter >= ' ' && letter <= '~'));
}

void check_kind(const Message& message) {
  const auto kind = response_kind(message);
  require(kind.has_value() == message.is_response());
  rata::reduce::Contents contents;
  contents.add(message);
  if (kind) require(contents.kinds[static_cast<std::size_t>(*kind)] == 1);
}

}  // namespace

/// Any octets: they read or name a reason, and all that is read lies inside them and prints as ASCII.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Message message;
  const auto reason = parse({data, size}, message);
  require(!name(reason).empty());
  if (reason != Malformed::none) return 0;
  if (message.has_question()) check_question(message);
  check_records(message);
  check_kind(message);
  check_text(message);
  return 0;
}
