#include "reduce/public_suffixes.h"

#include <fmt/format.h>

#include <algorithm>

#include "dns/name.h"
#include "reduce/text_lines.h"
#include "util/punycode.h"

namespace rata::reduce {
namespace {

/// In front of `wire`, which is a name, one label more. Errors: false when it is no label.
bool put_label(std::string_view text, std::string& wire) {
  const auto label = util::ascii_label(text);
  if (!label || label->find('*') != std::string::npos || label->find('!') != std::string::npos) return false;
  wire = static_cast<char>(label->size()) + *label + wire;
  return wire.size() <= dns::max_name_octets;
}

}  // namespace

/// One rule. Errors: false when it is none; names above it may then have been added, which say nothing.
bool PublicSuffixes::add(std::string_view text) {
  constexpr std::string_view any_label = "*.";
  std::uint8_t mark = rule;
  if (text.starts_with('!')) {
    mark = exception;
    text.remove_prefix(1);
  } else if (text.starts_with(any_label)) {
    mark = wildcard;
    text.remove_prefix(any_label.size());
  } else if (text == "*") {
    return true;  // what holds without any rule
  }
  std::string wire(1, '\0');
  for (bool more = true; more;) {
    const std::size_t dot = text.rfind('.');
    more = dot != std::string_view::npos;
    if (!put_label(text.substr(more ? dot + 1 : 0), wire)) return false;
    if (more) text = text.substr(0, dot);
    suffixes_.try_emplace(wire, std::uint8_t{0});
  }
  std::uint8_t& marks = suffixes_[wire];
  marks = static_cast<std::uint8_t>(marks | mark);
  ++rules_;
  return true;
}

util::Result<PublicSuffixes> PublicSuffixes::parse(std::string_view text) {
  PublicSuffixes made;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = take_line(text);
    if (line.empty() || line.starts_with("//")) continue;
    line = line.substr(0, line.find_first_of(" \t"));  // a rule ends at the first blank
    if (!made.add(line))
      return util::Error{fmt::format(
          "line {}: is no rule; wanted are names in UTF-8 such as co.uk, *.ck or !www.ck, or // and a comment",
          number)};
  }
  if (made.rules_ == 0) return util::Error{"has no rules"};
  return made;
}

util::Result<PublicSuffixes> PublicSuffixes::read(const std::string& path) {
  const auto text = read_list_file(path);
  if (!text) return text.error();
  auto made = parse(*text);
  if (!made) return util::Error{fmt::format("{}: {}", path, made.error().message)};
  return made;
}

}  // namespace rata::reduce
