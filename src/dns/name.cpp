#include "dns/name.h"

#include <array>
#include <cstring>

#include "util/encoding.h"

namespace rata::dns {
namespace {

constexpr bool plain(std::uint8_t octet) {
  if (octet <= ' ' || octet >= 0x7f) return false;
  for (const char special : {'"', '$', '(', ')', '.', ';', '@', '\\'})
    if (octet == special) return false;
  return true;
}

constexpr auto is_plain = [] {
  std::array<bool, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = plain(static_cast<std::uint8_t>(i));
  return table;
}();

void append_label(std::span<const std::uint8_t> label, std::string& out) {
  for (const std::uint8_t octet : label) {
    if (is_plain[octet]) {
      out += static_cast<char>(octet);
    } else {
      out += '\\';
      out += static_cast<char>('0' + octet / 100);
      out += static_cast<char>('0' + octet / 10 % 10);
      out += static_cast<char>('0' + octet % 10);
    }
  }
  out += '.';
}

/// Eight octets at a time: adds 0x20 to each that lies in 'A'..'Z'. The length octets of labels are at most 63 and so
/// below 'A': folding the whole wire form leaves them alone.
std::uint64_t fold_eight(std::uint64_t octets) {
  constexpr std::uint64_t each = 0x0101010101010101;
  const std::uint64_t low = octets & (0x7f * each);
  const std::uint64_t from_a = low + (0x80 - 'A') * each;        // high bit: at least 'A'
  const std::uint64_t beyond_z = low + (0x80 - 'Z' - 1) * each;  // high bit: above 'Z'
  const std::uint64_t upper = from_a & ~beyond_z & ~octets & (0x80 * each);
  return octets + (upper >> 2);
}

/// Calls `use` with each label but the root's. See `read_name`.
template <typename Use>
NameFault walk_name(std::span<const std::uint8_t> message, std::size_t& at, Compression compression, Use use) {
  std::size_t cursor = at;
  std::size_t start_of_run = at;  // where the run of labels being read began
  std::size_t octets = 0;
  std::size_t jumps = 0;
  while (cursor < message.size()) {
    const std::uint8_t length = message[cursor];
    if ((length & 0xc0) == 0xc0) {
      if (compression == Compression::refused) return NameFault::compressed;
      if (cursor + 2 > message.size()) return NameFault::cut;
      const std::size_t target = static_cast<std::size_t>(length & 0x3f) << 8 | message[cursor + 1];
      if (jumps == 0) at = cursor + 2;
      // A pointer must land before the run of labels being read. Each jump then goes strictly backwards, and a loop
      // cannot be built. A chain could: thousands of pointers that land on pointers, walked anew for every name that
      // ends in it.
      if (target >= start_of_run) return NameFault::pointer_not_backwards;
      if (++jumps > max_name_pointers) return NameFault::too_many_pointers;
      cursor = start_of_run = target;
      continue;
    }
    if (length > 63) return NameFault::bad_label_type;
    octets += 1u + length;
    if (octets > max_name_octets) return NameFault::too_long;
    if (length == 0) {
      if (jumps == 0) at = cursor + 1;
      return NameFault::none;
    }
    if (cursor + 1 + length > message.size()) return NameFault::cut;
    use(message.subspan(cursor + 1, length));
    cursor += 1u + length;
  }
  return NameFault::cut;
}

}  // namespace

void append_text(std::span<const std::uint8_t> wire, std::string& out) {
  if (wire.size() <= 1) {
    out += '.';
    return;
  }
  for (std::size_t at = 0; at < wire.size() && wire[at] != 0; at += 1u + wire[at])
    append_label(wire.subspan(at + 1, wire[at]), out);
}

std::string name_text(std::span<const std::uint8_t> wire) {
  std::string out;
  append_text(wire, out);
  return out;
}

void fold_case(std::span<const std::uint8_t> wire, std::uint8_t* to) noexcept {
  constexpr std::size_t word_octets = 8;
  const auto fold_at = [&](std::size_t at) {
    std::uint64_t octets;
    std::memcpy(&octets, wire.data() + at, word_octets);
    octets = fold_eight(octets);
    std::memcpy(to + at, &octets, word_octets);
  };
  if (wire.size() < word_octets) {
    for (std::size_t i = 0; i < wire.size(); ++i) to[i] = static_cast<std::uint8_t>(fold_eight(wire[i]));
    return;
  }
  for (std::size_t at = 0; at + word_octets < wire.size(); at += word_octets) fold_at(at);
  fold_at(wire.size() - word_octets);  // some of them again, rather than a copy of whatever length is left
}

NameFault read_name(std::span<const std::uint8_t> message, std::size_t& at, std::string& out, Compression compression) {
  const std::size_t begin = out.size();
  const NameFault fault =
      walk_name(message, at, compression, [&out](std::span<const std::uint8_t> label) { append_label(label, out); });
  if (fault == NameFault::none && out.size() == begin) out += '.';
  return fault;
}

NameFault read_name_hex(std::span<const std::uint8_t> message, std::size_t& at, std::string& out) {
  const NameFault fault = walk_name(message, at, Compression::allowed, [&out](std::span<const std::uint8_t> label) {
    const auto length = static_cast<std::uint8_t>(label.size());
    util::append_hex({&length, 1}, out);
    util::append_hex(label, out);
  });
  if (fault == NameFault::none) out += "00";
  return fault;
}

std::string_view text(NameFault fault) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(NameFault::count_)> texts = {
      "can be read",
      "ends beyond its octets",
      "has a label type that is not in use",
      "is longer than 255 octets",
      "has a compression pointer that does not point backwards",
      "has more than 127 compression pointers",
      "is compressed where it must not be"};
  return texts[static_cast<std::size_t>(fault)];
}

}  // namespace rata::dns
