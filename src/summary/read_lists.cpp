// Rates, and things that are listed one by one.

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "summary/read_forms.h"
#include "util/address.h"

namespace rata::summary {
namespace {

/// A text, a number and the like as it is, all else as JSON text.
void set_value(Record& record, Element value, Path& path) {
  switch (value.type()) {
    case simdjson::dom::element_type::STRING:
      record.value = std::string(text_of(value, path, ""));
      return;
    case simdjson::dom::element_type::INT64:
      record.value = std::int64_t{value};
      return;
    case simdjson::dom::element_type::UINT64:
      record.value = std::uint64_t{value};
      return;
    case simdjson::dom::element_type::DOUBLE:
      record.value = double{value};
      return;
    case simdjson::dom::element_type::BOOL:
      record.value = bool{value};
      return;
    case simdjson::dom::element_type::NULL_VALUE:
      return;
    case simdjson::dom::element_type::OBJECT:
    case simdjson::dom::element_type::ARRAY:
      record.json = simdjson::to_string(value);
  }
}

/// Reads lists below keys.
class Lists {
 public:
  Lists(Records::Shape shape, Path& path) : path_(path) { made_.shape = shape; }

  /// A list, or an object of such by key.
  void below(Element element, std::string_view key) {
    const Path::Step step(path_, key);
    if (const auto list = list_of(element)) {
      if (depth_ && *depth_ != keys_.size()) path_.refuse("lists that all have as many keys");
      depth_ = keys_.size();
      for (const Element entry : *list) add(entry);
      return;
    }
    for (const auto field : object_of(element, path_, "")) {
      keys_.push_back(field.key);
      below(field.value, field.key);
      keys_.pop_back();
    }
  }

  void clients(Element list) {
    for (const Element client : array_of(list, path_, "")) {
      const Object row = object_of(client, path_, "");
      const std::string ip = client_name(text_in(row, path_, "ip"));
      keys_ = {ip};
      const auto queries = find(row, "queries");
      if (!queries) path_.refuse("queries", "an object, and it is not there");
      for (const auto field : object_of(*queries, path_, "queries")) {
        keys_ = {ip, field.key};
        for (const Element name : array_of(field.value, path_, field.key)) {
          text_of(name, path_, field.key);
          add(name);
        }
      }
    }
  }

  Records take() { return std::move(made_); }

 private:
  std::optional<Array> list_of(Element element) {
    if (made_.shape == Records::Shape::counted_lists_by_key && element.is_object()) {
      const auto list = find(object_of(element, path_, ""), "queries");
      if (!list || !list->is_array()) return std::nullopt;
      return array_of(*list, path_, "");
    }
    if (!element.is_array()) return std::nullopt;
    return array_of(element, path_, "");
  }

  void add(Element value) {
    Record& record = made_.records.emplace_back();
    record.ordinal = made_.records.size() - 1;
    record.keys.reserve(keys_.size());
    for (const std::string_view key : keys_) {
      path_.take_room(sizeof(std::string) + key.size());
      record.keys.emplace_back(key);
    }
    set_value(record, value, path_);
  }

  /// The older form has IPv6 addresses as text.
  static std::string client_name(std::string_view name) {
    std::array<std::uint8_t, 16> octets;
    const std::string text(name);
    if (text.find(':') == std::string::npos || ::inet_pton(AF_INET6, text.c_str(), octets.data()) != 1) return text;
    return util::hex(octets);
  }

  Path& path_;
  Records made_;
  std::vector<std::string_view> keys_;
  std::optional<std::size_t> depth_;
};

std::string folded(std::string_view name) {
  std::string text(name);
  for (char& octet : text)
    if (octet >= 'A' && octet <= 'Z') octet = static_cast<char>(octet - 'A' + 'a');
  return text;
}

std::string_view text_or_empty(const Object& object, std::string_view member) {
  std::string_view text;
  if (object.at_key(member).get(text) != simdjson::SUCCESS) return {};
  return text;
}

/// What a query and its response have in common, of what a listed message tells: the addresses as they were anonymised,
/// not the ports. One without an id meets nobody: `side` and its place stand for it.
std::string pair_key(Element message, std::string_view side, std::size_t place) {
  Object object;
  if (message.get(object) != simdjson::SUCCESS || text_or_empty(object, "id").empty())
    return fmt::format("{} {}", side, place);
  std::string_view one = text_or_empty(object, "source"), other = text_or_empty(object, "dest");
  if (other < one) std::swap(one, other);
  std::string key = fmt::format("{}|{}|{}", text_or_empty(object, "id"), one, other);
  Array questions;
  if (object.at_key("queries").get(questions) != simdjson::SUCCESS) return key;
  Object question;
  if (questions.size() > 0 && questions.at(0).get(question) == simdjson::SUCCESS)
    key += fmt::format("|{}|{}|{}", folded(text_or_empty(question, "qname")), text_or_empty(question, "qtype"),
                       text_or_empty(question, "qclass"));
  return key;
}

std::vector<Record> read_alone_list(const Object& data, std::string_view member, Path& path) {
  const auto list = find(data, member);
  if (!list) path.refuse(member, "a list, and it is not there");
  const Path::Step step(path, member);
  std::vector<Record> records = read_list(*list, path);
  std::size_t place = 0;
  for (const Element message : array_of(*list, path, "")) {
    records[place].keys = {pair_key(message, member, place)};
    ++place;
  }
  return records;
}

}  // namespace

Rates read_rates(Element data, const Object& form, Path& path) {
  constexpr double least_seconds = 1e-9;
  const auto members = find(form, "of");
  if (!members) path.refuse("form.of", "a list, and it is not there");
  const Array told = array_of(*members, path, "form.of");
  const Object shown = object_of(data, path, "");
  if (told.size() != shown.size()) path.refuse("form.of", "as many entries as there are rates");
  Rates rates;
  auto member = shown.begin();
  for (const Element one : told) {
    const Array parts = array_of(one, path, "form.of");
    if (parts.size() != 2) path.refuse("form.of", "pairs of a count and seconds");
    auto part = parts.begin();
    Rate& rate = rates.members.emplace_back();
    rate.name = member.key();
    rate.count = count_of(*part, path, "form.of");
    rate.seconds = number_of(*++part, path, "form.of");
    if (rate.seconds > 0 && rate.seconds < least_seconds) path.refuse("form.of", "0 or a nanosecond at least");
    ++member;
  }
  return rates;
}

Records::Shape shape_named(std::string_view name, Path& path) {
  for (const auto shape : {Records::Shape::list, Records::Shape::lists_by_key, Records::Shape::counted_lists_by_key,
                           Records::Shape::queries_by_client, Records::Shape::names_by_client})
    if (shape_name(shape) == name) return shape;
  path.refuse("form.shape", "list, lists_by_key, counted_lists_by_key, queries_by_client or names_by_client");
}

std::vector<Record> read_list(Element list, Path& path) {
  Lists lists(Records::Shape::list, path);
  array_of(list, path, "");
  lists.below(list, "");
  return lists.take().records;
}

Records read_records(Element data, Records::Shape shape, Path& path) {
  Lists lists(shape, path);
  if (shape == Records::Shape::queries_by_client)
    lists.clients(data);
  else if (shape == Records::Shape::list)
    return {.shape = shape, .records = read_list(data, path)};
  else
    lists.below(data, "");
  return lists.take();
}

Alone read_alone(Element data, Path& path) {
  const Object object = object_of(data, path, "");
  return {.queries = count_in(object, path, "queries"),
          .answers = count_in(object, path, "answers"),
          .alone_queries = read_alone_list(object, "AloneQueries", path),
          .alone_answers = read_alone_list(object, "AloneAnswers", path)};
}

}  // namespace rata::summary
