#include "reduce/top_level_domains.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "reduce/text_lines.h"

namespace rata::reduce {

extern const std::string_view built_in_top_level_domains;  // made of data/tlds.txt

namespace {

constexpr std::size_t max_label_octets = 63;

bool of_label(char octet) {
  return (octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9') || octet == '-' || octet == '_';
}

char lower(char octet) { return octet >= 'A' && octet <= 'Z' ? static_cast<char>(octet - 'A' + 'a') : octet; }

}  // namespace

util::Result<TopLevelDomains> TopLevelDomains::parse(std::string_view text) {
  TopLevelDomains made;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = take_line(text);
    if (line.empty() || line.front() == '#' || line == ".") continue;
    std::string label(line);
    std::ranges::transform(label, label.begin(), lower);
    if (label.size() > max_label_octets || !std::ranges::all_of(label, of_label))
      return util::Error{
          fmt::format("line {}: is no top-level domain; wanted is one name a line in ASCII form, such as "
                      "com or xn--p1ai",
                      number)};
    made.insert(label);
  }
  if (made.size() == 0) return util::Error{"names no top-level domain"};
  return made;
}

void TopLevelDomains::insert(std::string_view label) {
  std::string name(1, static_cast<char>(label.size()));
  name.append(label).append(1, '\0');
  if (name.size() > longest_in_words) {
    long_ones_.insert(std::move(name));
    return;
  }
  const Word word = word_of({reinterpret_cast<const std::uint8_t*>(name.data()), name.size()});
  Word& slot = words_[slot_of(word)];
  if (slot == word) return;
  slot = word;
  if (++in_words_ * 4 > words_.size()) grow();
}

void TopLevelDomains::grow() {
  std::vector<Word> old(words_.size() * 2);
  old.swap(words_);
  ++slot_bits_;
  for (const Word word : old)
    if (word != 0) words_[slot_of(word)] = word;
}

util::Result<TopLevelDomains> TopLevelDomains::read(const std::string& path) {
  const auto text = read_list_file(path);
  if (!text) return text.error();
  auto made = parse(*text);
  if (!made) return util::Error{fmt::format("{}: {}", path, made.error().message)};
  return made;
}

std::shared_ptr<const TopLevelDomains> TopLevelDomains::built_in() {
  static const auto made = [] {
    auto parsed = parse(built_in_top_level_domains);
    assert(parsed);
    return std::make_shared<const TopLevelDomains>(std::move(*parsed));
  }();
  return made;
}

}  // namespace rata::reduce
