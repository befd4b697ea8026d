#include "summary/read_path.h"

#include <fmt/format.h>

#include "util/utf8.h"

namespace rata::summary {

std::string Path::text() const {
  constexpr std::size_t most_octets = 200;
  std::string text;
  for (const std::string_view member : members_) {
    if (member.empty()) continue;
    if (text.size() > most_octets) break;
    text += (text.empty() ? "" : ".") + std::string(member.substr(0, most_octets));
  }
  return text.empty() ? "the record" : util::printable(text, most_octets);
}

void Path::refuse(std::string_view wanted) const { throw Misfit{fmt::format("{}: expected {}", text(), wanted)}; }

void Path::refuse(std::string_view member, std::string_view wanted) {
  const Step step(*this, member);
  refuse(wanted);
}

void Path::take_room(std::size_t octets) {
  if (octets > room_octets_) refuse("shorter keys, or fewer rows below them");
  room_octets_ -= octets;
}

void Path::add(std::uint64_t& into, std::uint64_t count) const {
  if (__builtin_add_overflow(into, count, &into)) refuse("counts whose sum 64 bits hold");
}

std::uint64_t count_of(Element element, Path& path, std::string_view member) {
  std::uint64_t count = 0;
  if (element.get(count) != simdjson::SUCCESS) path.refuse(member, "a whole number from 0 to 2^64 - 1");
  return count;
}

double number_of(Element element, Path& path, std::string_view member) {
  double number = 0;
  if (element.get(number) != simdjson::SUCCESS || !(number >= 0)) path.refuse(member, "a number that is not below 0");
  return number;
}

std::string_view text_of(Element element, Path& path, std::string_view member) {
  std::string_view text;
  if (element.get(text) != simdjson::SUCCESS) path.refuse(member, "text");
  return text;
}

Object object_of(Element element, Path& path, std::string_view member) {
  Object object;
  if (element.get(object) != simdjson::SUCCESS) path.refuse(member, "an object");
  return object;
}

Array array_of(Element element, Path& path, std::string_view member) {
  Array array;
  if (element.get(array) != simdjson::SUCCESS) path.refuse(member, "a list");
  return array;
}

namespace {

template <typename Items>
std::size_t checked_size(const Items& items, Path& path) {
  constexpr std::size_t most = 0xFFFFFF;
  const std::size_t size = items.size();
  if (size >= most) path.refuse(fmt::format("fewer than {} members", most));
  return size;
}

}  // namespace

std::size_t size_of(const Object& object, Path& path) { return checked_size(object, path); }
std::size_t size_of(const Array& array, Path& path) { return checked_size(array, path); }

std::optional<Element> find(const Object& object, std::string_view member) {
  Element found;
  if (object.at_key(member).get(found) != simdjson::SUCCESS) return std::nullopt;
  return found;
}

std::uint64_t count_in(const Object& object, Path& path, std::string_view member) {
  const auto found = find(object, member);
  return found ? count_of(*found, path, member) : 0;
}

std::string_view text_in(const Object& object, Path& path, std::string_view member) {
  const auto found = find(object, member);
  if (!found) path.refuse(member, "text, and it is not there");
  return text_of(*found, path, member);
}

std::vector<std::string> texts_in(const Object& object, Path& path, std::string_view member) {
  const auto found = find(object, member);
  if (!found) path.refuse(member, "a list of texts, and it is not there");
  std::vector<std::string> texts;
  for (const Element text : array_of(*found, path, member)) texts.emplace_back(text_of(text, path, member));
  return texts;
}

std::vector<std::uint64_t> counts_in(const Object& object, Path& path, std::string_view member) {
  std::vector<std::uint64_t> counts;
  const auto found = find(object, member);
  if (!found) return counts;
  const Array list = array_of(*found, path, member);
  counts.reserve(size_of(list, path));
  for (const Element count : list) counts.push_back(count_of(count, path, member));
  return counts;
}

}  // namespace rata::summary
