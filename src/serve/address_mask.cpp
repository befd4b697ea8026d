#include "serve/address_mask.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "util/address.h"

namespace rata::serve {
namespace {

constexpr std::size_t longest_address = 45;  // "0000:0000:0000:0000:0000:ffff:255.255.255.255"
constexpr int ipv4_bits = 24, ipv6_bits = 48, bits_of_6to4 = 40;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_number(char c) { return is_digit(c) || c == '.'; }
bool in_address(char c) { return is_hex(c) || c == '.' || c == ':'; }
bool in_network(char c) { return in_address(c) || c == '/'; }
template <typename Sought>
bool holds(std::string_view text, Sought sought) {
  return text.find(sought) != std::string_view::npos;
}
bool in_name(char c) { return is_hex(c) || (c >= 'g' && c <= 'z') || (c >= 'G' && c <= 'Z') || holds("-._/*\\", c); }
bool beside_name(char c) { return holds(" \t,;|\"'()", c); }

/// Where the characters end that are all so.
template <typename Is>
std::size_t end_of(std::string_view text, std::size_t at, Is is) {
  while (at < text.size() && is(text[at])) ++at;
  return at;
}

std::optional<util::Address> address_of(std::string_view text) {
  if (text.size() > longest_address) return std::nullopt;
  std::array<char, longest_address + 1> terminated{};
  std::ranges::copy(text, terminated.begin());
  util::Address address;
  if (inet_pton(AF_INET, terminated.data(), address.octets.data()) == 1) return address;
  address.v6 = true;
  if (inet_pton(AF_INET6, terminated.data(), address.octets.data()) == 1) return address;
  return std::nullopt;
}

bool is_octet(std::string_view digits) {
  int value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return !digits.empty() && digits.size() <= 3 && value <= 255;
}

/// Whether four octets follow each other in digits and dots, whatever else is there: "192.0.2.1.53".
bool has_four_octets(std::string_view numbers) {
  int octets = 0;
  for (std::size_t at = 0; at <= numbers.size() && octets < 4;) {
    const std::size_t end = std::min(numbers.find('.', at), numbers.size());
    octets = is_octet(numbers.substr(at, end - at)) ? octets + 1 : 0;
    at = end + 1;
  }
  return octets == 4;
}

/// The next digits and dots with four octets. Empty, at the text's end: there are none.
std::string_view next_ipv4(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = end_of(text, at, is_number);
    std::string_view numbers = text.substr(at, end - at);
    while (numbers.starts_with('.')) numbers.remove_prefix(1);
    while (numbers.ends_with('.')) numbers.remove_suffix(1);
    if (has_four_octets(numbers)) return numbers;
    at = std::max(end, at + 1);
  }
  return text.substr(text.size());
}

/// Whether hexadecimal digits, colons and dots hold an IPv6 address: also one with a port or another word before or
/// behind it, from which nobody can tell it.
bool has_ipv6(std::string_view run) {
  if (holds(run, "::")) return true;
  const auto colons = std::ranges::count(run, ':');
  return colons >= 7 || (colons == 6 && !next_ipv4(run).empty());
}

/// Without what belongs to the text around it: "UDP:2001:db8::1.".
std::string_view trimmed_run(std::string_view run) {
  while (run.starts_with('.') || (run.starts_with(':') && !run.starts_with("::"))) run.remove_prefix(1);
  while (run.ends_with('.') || (run.ends_with(':') && !run.ends_with("::"))) run.remove_suffix(1);
  return run;
}

int bits_shown(const util::Address& address) {
  if (!address.v6) return ipv4_bits;
  // The IPv4 address of a 6to4 network is in bits 16 to 47. Source: RFC 3056 section 2.
  const bool is_6to4 = address.octets[0] == 0x20 && address.octets[1] == 0x02;
  return is_6to4 ? bits_of_6to4 : ipv6_bits;
}

/// Puts together what may be seen of a text. What looks like an address and something else is taken for an address:
/// better one name too few is seen than one address. Looks at each octet a few times, whatever the text.
class Masking {
 public:
  Masking(std::string_view text, Visibility visibility) : text_(text), visibility_(visibility) {}

  std::string masked() {
    while (at_ < text_.size()) {
      if (const std::size_t name_end = end_of_name(); name_end != at_)
        copy_to(name_end);
      else if (in_address(text_[at_]))
        mask_run(end_of(text_, at_, in_address));
      else
        copy_to(at_ + 1);
    }
    return std::move(masked_);
  }

 private:
  void copy_to(std::size_t end) {
    masked_ += text_.substr(at_, end - at_);
    at_ = end;
  }

  /// Of the name that begins here. Names end in a dot, between blanks and the like. Here: none begins.
  std::size_t end_of_name() const {
    if (!in_name(text_[at_]) || (at_ > 0 && !beside_name(text_[at_ - 1]))) return at_;
    const std::size_t end = end_of(text_, at_, in_name);
    const std::string_view name = text_.substr(at_, end - at_);
    if (!name.ends_with('.') || (end < text_.size() && !beside_name(text_[end]))) return at_;
    // A slash is in names of reverse zones (RFC 2317 section 4), and in networks.
    const bool is_network = holds(name, '/') && name.size() > 1 && is_digit(name[name.size() - 2]);
    return is_network ? at_ : end;
  }

  void mask_run(std::size_t end) {
    const std::string_view run = trimmed_run(text_.substr(at_, end - at_));
    if (!has_ipv6(run)) return mask_parts(end);
    copy_to(begin_of(run));
    mask_address(run, address_of(run));
  }

  void mask_parts(std::size_t end) {
    while (at_ < end) {
      const std::string_view numbers = next_ipv4(text_.substr(at_, end - at_));
      std::size_t begin = begin_of(numbers);
      if (numbers.empty()) return mask_words(begin);
      // Digits beside it may belong to it or not.
      while (begin > at_ && is_hex(text_[begin - 1])) --begin;
      const std::size_t behind = end_of(text_, begin_of(numbers) + numbers.size(), is_hex);
      mask_words(begin);
      const std::string_view whole = text_.substr(begin, behind - begin);
      mask_address(whole, address_of(whole));
    }
  }

  /// The older chain writes addresses as 8 or 32 hexadecimal digits.
  void mask_words(std::size_t end) {
    while (at_ < end) {
      const std::size_t word_end = std::min(end_of(text_, at_, is_hex), end);
      const std::string_view word = text_.substr(at_, word_end - at_);
      if (const auto address = util::address_from_hex(word))
        mask_address(word, address);
      else
        copy_to(std::max(word_end, at_ + 1));
    }
  }

  /// What stands there goes, with the bits of a network behind it. Nothing: it holds an address, nobody knows which.
  void mask_address(std::string_view run, std::optional<util::Address> address) {
    at_ = begin_of(run) + run.size();
    const std::optional<int> bits = take_bits();
    if (visibility_ == Visibility::none || !address) {
      masked_ += "hidden";
      return;
    }
    const int most_bits = bits_shown(*address);
    const auto whole = address->octets;
    std::fill(address->octets.begin() + most_bits / 8, address->octets.end(), std::uint8_t{0});
    // Of a network too: it may be smaller than what may be seen.
    if (whole == address->octets && bits.value_or(most_bits) < most_bits)
      masked_ += fmt::format("{}/{}", run, *bits);
    else
      masked_ += fmt::format("{}/{}", util::text(*address), most_bits);
  }

  /// Of "/24": 24. Whatever else begins like that goes, too.
  std::optional<int> take_bits() {
    if (at_ + 1 >= text_.size() || text_[at_] != '/' || !is_digit(text_[at_ + 1])) return std::nullopt;
    const std::size_t begin = at_ + 1;
    at_ = end_of(text_, at_, in_network);
    int bits = 0;
    const auto [rest, fault] = std::from_chars(text_.data() + begin, text_.data() + at_, bits);
    return fault == std::errc() && rest == text_.data() + at_ ? std::optional(bits) : std::nullopt;
  }

  std::size_t begin_of(std::string_view part) const { return static_cast<std::size_t>(part.data() - text_.data()); }

  const std::string_view text_;
  const Visibility visibility_;
  std::size_t at_ = 0;
  std::string masked_;
};

}  // namespace

std::string masked_addresses(std::string_view text, Visibility visibility) {
  return visibility == Visibility::full ? std::string(text) : Masking(text, visibility).masked();
}

}  // namespace rata::serve
