#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "script/description.h"
#include "script/mailbox.h"
#include "script/result_octets.h"
#include "summary/merge.h"
#include "summary/summary.h"

namespace {

using namespace rata;
using Octets = std::span<const std::uint8_t>;

std::vector<std::uint8_t> written(const summary::Data& data) {
  std::vector<std::uint8_t> octets;
  script::append_result(data, octets);
  return octets;
}

/// What is read is written to one line of JSON, goes back to the same octets, and merges with itself.
void check_result(Octets octets) {
  auto data = script::read_result(octets);
  if (!data) return;
  const auto again = written(*data);
  const auto reread = script::read_result(again);
  if (!reread || written(*reread) != again) std::abort();
  for (const summary::Form form : {summary::Form::own, summary::Form::older}) {
    std::string text;
    summary::append_data(*data, form, text);
    if (!nlohmann::json::accept(text) || text.find('\n') != std::string::npos) std::abort();
    static_cast<void>(summary::data_json(*data, form));
  }
  static_cast<void>(summary::merge_json(*data));
  static_cast<void>(summary::left_out(*data) + summary::key_error(*data) + summary::octets_of(*data));
  if (!summary::merge(*data, summary::Data(*reread), summary::Relation::side_by_side)) std::abort();
  static_cast<void>(summary::data_json(*data));
}

void check_description(std::string_view text) {
  const auto description = script::read_description(text);
  if (!description) {
    if (description.error().message.empty()) std::abort();
    return;
  }
  const script::Description copy = *description;
  static_cast<void>(copy.parameters.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

/// What a process may write on its socket: letters, as many as there are. The monitor's own take is no larger than
/// that.
void check_letters(Octets octets) {
  constexpr std::size_t most_letter_octets = 4096, most_sent = 65'536;
  std::array<int, 2> ends;
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) std::abort();
  script::Mailbox mailbox(ends[0], most_letter_octets);
  const Octets sent = octets.first(std::min(octets.size(), most_sent));
  if (::send(ends[1], sent.data(), sent.size(), MSG_DONTWAIT) < 0 && !sent.empty()) std::abort();
  ::close(ends[1]);
  std::size_t taken = 0;
  while (const auto letter = mailbox.next()) {
    if (letter->octets.size() > most_letter_octets) std::abort();
    taken += letter->octets.size() + sizeof(std::uint32_t) + sizeof letter->kind;
    if (letter->kind == script::LetterKind::description) check_description(letter->text());
    if (letter->kind == script::LetterKind::result) check_result(letter->octets);
  }
  if (taken > sent.size() || !mailbox.is_closed()) std::abort();
}

}  // namespace

/// Any octets as a result, as a description, and as all that the process of a script says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Octets octets(data, size);
  check_result(octets);
  check_description({reinterpret_cast<const char*>(data), size});
  check_letters(octets);
  return 0;
}
