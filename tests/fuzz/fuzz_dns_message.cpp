#include <cstdint>
#include <cstdlib>
#include <string>

#include "dns/message.h"
#include "dns/name.h"
#include "dns/records.h"

/// Any octets: they read or name a reason, and what is read lies inside them and prints as ASCII.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rata::dns::Message message;
  const auto reason = rata::dns::parse({data, size}, message);
  if (rata::dns::name(reason).empty()) std::abort();
  if (reason != rata::dns::Malformed::none) return 0;
  if (message.has_question()) {
    if (message.qname.data() < data || message.qname.data() + message.qname.size() + 4 > data + size) std::abort();
    std::uint8_t folded[256];
    rata::dns::fold_case(message.qname, folded);
    for (const char letter : rata::dns::name_text({folded, message.qname.size()}))
      if (letter < '!' || letter > '~' || (letter >= 'A' && letter <= 'Z')) std::abort();
  }
  const auto sections = rata::dns::read_sections(message);
  if (sections.answers.size() > message.answer_count) std::abort();
  for (const auto& record : sections.answers)
    if (record.owner.size() > 4 * 255 + 1) std::abort();
  return 0;
}
