// Records that do not say their form: those of the older chain, and our own before there was `form`.

#include <cmath>
#include <utility>

#include "summary/read_forms.h"

namespace rata::summary {
namespace {

std::string_view rate_name(std::string_view type) {
  if (type == "QueriesPerSecond") return "qps";
  if (type == "AnswersPerSecond") return "aps";
  return "pps";
}

/// The messages of a rate to the nearest one.
Rate rate_of(std::string_view name, Element value, double seconds, Path& path) {
  constexpr double most = 1e18;
  const double count = std::round(number_of(value, path, name) * seconds);
  if (!(count <= most)) path.refuse(name, "a rate of at most 10^18 messages");
  return {std::string(name), static_cast<std::uint64_t>(count), seconds};
}

Rates rates(std::string_view type, double seconds, Element data, Path& path) {
  Rates made;
  if (!data.is_object()) return rate_of(rate_name(type), data, seconds, path);
  for (const auto field : object_of(data, path, ""))
    made.members.push_back(rate_of(field.key, field.value, seconds, path));
  return made;
}

Counts counts(std::string_view type, Element data, Path& path) {
  CountsForm form = guessed_form(data, path);
  if (type == "QueriesNameCounter" && form.by.size() <= 1) form.by = {"qname"};
  return read_counts(data, std::move(form), path);
}

bool is_object_with(Element element, std::string_view member) {
  Object object;
  return element.get(object) == simdjson::SUCCESS && find(object, member).has_value();
}

Records::Shape guessed_shape(std::string_view type, Element data) {
  if (type == "QueriesSummary") return Records::Shape::queries_by_client;
  if (type == "PacketSummary") return Records::Shape::names_by_client;
  if (data.is_array()) return Records::Shape::list;
  Object object;
  if (data.get(object) == simdjson::SUCCESS && object.size() > 0 && is_object_with((*object.begin()).value, "cnt"))
    return Records::Shape::counted_lists_by_key;
  return Records::Shape::lists_by_key;
}

Data older_data(std::string_view type, double seconds, Element data, Path& path) {
  if (data.is_null()) return Nothing{};
  if (type == "QueriesSummary" || type == "PacketSummary") return read_records(data, guessed_shape(type, data), path);
  if (!data.is_object() || type == "QueriesPerSecond" || type == "AnswersPerSecond")
    return rates(type, seconds, data, path);
  return counts(type, data, path);
}

}  // namespace

Data read_unformed(std::string_view type, double seconds, Element data, std::optional<Element> merge, Path& path) {
  const Path::Step step(path, "data");
  if (!merge) return older_data(type, seconds, data, path);
  if (!merge->is_string()) return read_values(data, *merge, std::nullopt, path);
  const std::string_view rule = text_of(*merge, path, "");
  if (rule == "rate") return rates(type, seconds, data, path);
  if (rule == "sum") return counts(type, data, path);
  if (rule == "concatenate") return read_records(data, guessed_shape(type, data), path);
  if (rule == "top") return TopsForm().next(array_of(data, path, ""), 0, path);
  if (rule == "pair") return read_alone(data, path);
  if (rule == "none") return Nothing{};
  if (rule == "measures") path.refuse("form beside measures, which do not say their dimensions");
  return read_values(data, *merge, std::nullopt, path);
}

}  // namespace rata::summary
