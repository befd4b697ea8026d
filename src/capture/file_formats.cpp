#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "capture/compression.h"
#include "capture/record_reader.h"

namespace rata::capture {
namespace {

/// A new format is a line here.
constexpr FileFormat formats[] = {
    {"pcap", match_pcap, make_pcap_reader},
    {"pcapng", match_pcapng, make_pcapng_reader},
    {"dnstap", match_dnstap, make_dnstap_reader},
};

/// Formats that are not read, to name them in the refusal.
struct Stranger {
  std::array<std::uint8_t, 4> magic;
  std::size_t octets;
  const char* what;
};

constexpr Stranger strangers[] = {
    {{0x02, 0x21, 0x4c, 0x18}, 4, "compressed with lz4 in its legacy format; \"lz4 -dc FILE | ...\" undoes it"},
    {{0x1f, 0x9d}, 2, "compressed with compress; \"gzip -dc FILE | ...\" undoes it"},
    {{'P', 'K', 3, 4}, 4, "a ZIP archive"},
    {{'s', 'n', 'o', 'o'}, 4, "a snoop capture; \"editcap -F pcap IN OUT\" turns it into one that is read"},
    {{'G', 'M', 'B', 'U'}, 4, "a Network Monitor capture; \"editcap -F pcap IN OUT\" turns it into one that is read"},
};

const char* stranger(std::span<const std::uint8_t> first) {
  for (const Stranger& known : strangers)
    if (match_magic(first, std::span(known.magic).first(known.octets)) == Match::yes) return known.what;
  return nullptr;
}

}  // namespace

std::span<const FileFormat> file_formats() { return formats; }

Match match_magic(std::span<const std::uint8_t> first, std::span<const std::uint8_t> magic) {
  const std::size_t known = std::min(first.size(), magic.size());
  if (!std::equal(magic.begin(), magic.begin() + static_cast<std::ptrdiff_t>(known), first.begin())) return Match::no;
  return known == magic.size() ? Match::yes : Match::more;
}

std::string hex_start(std::span<const std::uint8_t> octets) {
  std::string text;
  for (const std::uint8_t octet : octets.first(std::min<std::size_t>(octets.size(), 8)))
    text += fmt::format("{}{:02x}", text.empty() ? "" : " ", octet);
  return text;
}

util::Error refuse_format(std::span<const std::uint8_t> first) {
  if (first.empty()) return {"is empty; a capture file begins with a header of 24 octets"};
  constexpr const char* accepted =
      "accepted: pcap and pcapng of either byte order and dnstap, plain or compressed with {}";
  std::string what = "no capture file that can be read";
  if (const char* known = stranger(first)) what = known;
  if (const Compression* compression = compression_of(first))
    what = fmt::format("compressed twice: inside is {} again, of which one layer is undone", compression->name);
  return {fmt::format("is {}: it starts with \"{}\" at offset 0 ({})", what, hex_start(first),
                      fmt::format(fmt::runtime(accepted), compression_names()))};
}

}  // namespace rata::capture
