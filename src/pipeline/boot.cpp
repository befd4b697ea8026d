#include "pipeline/boot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <random>

#include "util/encoding.h"
#include "util/hash.h"

namespace rata::pipeline {
namespace {

/// Thirteen letters and digits: enough that no two boots share them.
std::string boot_text(std::uint64_t number) {
  static constexpr char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
  std::string text;
  for (int i = 0; i < 13; ++i) {
    text += digits[number & 31];
    number >>= 5;
  }
  return text;
}

bool timeless(const capture::Frame& frame) {
  return frame.envelope != nullptr && frame.envelope->lacks.has(util::Member::time);
}

/// What tells inputs apart that have no times: the first message, and who sent it to whom.
void append_content(const capture::Frame& frame, std::string& out) {
  const capture::Envelope& envelope = *frame.envelope;
  out += fmt::format("|{}|{}|{}|{}|", util::text(envelope.source), util::text(envelope.destination),
                     envelope.source_text, envelope.destination_text);
  util::append_hex(frame.octets, out);
}

}  // namespace

std::string random_boot() {
  std::random_device device;
  return boot_text(static_cast<std::uint64_t>(device()) << 32 | device());
}

std::string boot_of(std::string_view fingerprint, std::span<const capture::Frame> frames) {
  const auto first = std::ranges::find_if(
      frames, [](const capture::Frame& frame) { return !timeless(frame) || !frame.octets.empty(); });
  if (first == frames.end()) return "";
  std::string what = fmt::format("{}|{}", fingerprint, first->time.ns);
  if (timeless(*first)) append_content(*first, what);
  return boot_text(util::stable_hash(what));
}

}  // namespace rata::pipeline
