#include "script/description.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace rata::script {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// A text or a list of them.
util::Result<std::vector<std::string>> texts_of(const Json& object, const char* key) {
  std::vector<std::string> texts;
  const auto found = object.find(key);
  if (found == object.end() || found->empty()) return texts;
  if (found->is_string()) return std::vector{found->get<std::string>()};
  if (!found->is_array()) return util::Error{fmt::format("{} has to be a text or a list of texts", key)};
  if (found->size() > most_texts)
    return util::Error{fmt::format("{}: has {} texts; there may be {} at most", key, found->size(), most_texts)};
  for (const Json& one : *found) {
    if (!one.is_string()) return util::Error{fmt::format("{} has to be a text or a list of texts", key)};
    texts.push_back(one.get<std::string>());
  }
  return texts;
}

util::Result<std::uint64_t> whole_of(const Json& number, const char* key, double most) {
  const double value = number.is_number() ? number.get<double>() : -1;
  if (!(value >= 0) || value > most || value != std::floor(value))
    return util::Error{fmt::format("{} has to be a whole number from 0 to {}", key, most)};
  return static_cast<std::uint64_t>(value);
}

/// One or a list of them.
util::Result<std::vector<std::uint64_t>> wholes_of(const Json& said, const char* key, double most) {
  std::vector<std::uint64_t> wholes;
  const std::size_t count = said.is_array() ? said.size() : 1;
  for (std::size_t i = 0; i < count; ++i) {
    const auto whole = whole_of(said.is_array() ? said[i] : said, key, most);
    if (!whole) return whole.error();
    wholes.push_back(*whole);
  }
  return wholes;
}

util::Result<reduce::ReducerConfig> read_declared(const Json& said) {
  constexpr double most_cells = 100'000'000, most_limit = 10'000'000;
  reduce::ReducerConfig config;
  config.type = "count_by";
  for (const auto& [key, into] :
       {std::pair("by", &config.by), std::pair("where", &config.where), std::pair("measure", &config.measure)}) {
    auto texts = texts_of(said, key);
    if (!texts) return util::Error{"count: " + texts.error().message};
    *into = std::move(*texts);
  }
  for (const std::string& name : config.by)
    if (const auto use = reduce::read_dimension(name); !use) return util::Error{"count: " + use.error().message};
  for (const std::string& name : config.where)
    if (const auto use = reduce::read_condition(name); !use) return util::Error{"count: where: " + use.error().message};
  if (const auto limit = said.find("limit"); limit != said.end()) {
    auto wholes = wholes_of(*limit, "count: limit", most_limit);
    if (!wholes) return wholes.error();
    config.limit = std::move(*wholes);
  }
  if (const auto cells = said.find("cells"); cells != said.end()) {
    const auto whole = whole_of(*cells, "count: cells", most_cells);
    if (!whole) return whole.error();
    config.cells = *whole;
  }
  return config;
}

/// What a message may take in a block.
std::size_t octets_of(const std::vector<Field>& fields) {
  constexpr std::size_t most_text = 255 + sizeof(std::uint16_t);
  std::size_t octets = 0;
  for (const Field& field : fields) octets += field.is_octets() ? most_text : sizeof(std::uint64_t);
  return octets;
}

/// The values of parameters. Nothing nested is copied, however deep it says to be.
util::Result<Json> read_values(const Json& said) {
  if (!said.is_object()) return util::Error{"parameters has to be a table"};
  Json values = Json::object();
  for (const auto& [name, value] : said.items()) {
    if (value.is_structured())
      return util::Error{fmt::format("parameters: {} has to be a number, a text or a bool", name)};
    values[name] = value;
  }
  return values;
}

util::Result<Description> read_object(const Json& said) {
  Description made{.compiles = said.value("compiles", true)};
  if (const auto declared = said.find("declared"); declared != said.end()) {
    made.name = text_of(*declared, "name");
    made.help = text_of(*declared, "help");
    auto config = read_declared(*declared);
    if (!config) return config.error();
    made.declared = std::move(*config);
    return made;
  }
  made.name = text_of(said, "name");
  made.help = text_of(said, "help");
  if (const auto values = said.find("parameters"); values != said.end()) {
    auto read = read_values(*values);
    if (!read) return read.error();
    made.parameters = std::move(*read);
  }
  const auto where = texts_of(said, "where"), needs = texts_of(said, "needs"), fields = texts_of(said, "fields");
  if (!where) return where.error();
  if (!needs) return needs.error();
  if (!fields) return fields.error();
  for (const std::string& text : *where) {
    const auto condition = reduce::read_condition(text);
    if (!condition) return util::Error{"where: " + condition.error().message};
    made.where.push_back(*condition);
  }
  for (const std::string& name : *needs) {
    const auto field = find_field(name);
    if (!field) return util::Error{"needs: " + no_such_field(name)};
    made.needs.push_back(field->needs());
  }
  for (const std::string& name : *fields) {
    auto field = find_field(name);
    if (!field) return util::Error{"fields: " + no_such_field(name)};
    field->needed = std::ranges::find(*needs, name) != needs->end();
    made.fields.push_back(std::move(*field));
  }
  if (octets_of(made.fields) > most_message_octets)
    return util::Error{fmt::format("fields: there are too many texts among them: a message may take {} octets at most",
                                   most_message_octets)};
  return made;
}

}  // namespace

util::Result<Description> read_description(std::string_view json) {
  const Json said = Json::parse(json, nullptr, false);
  if (!said.is_object()) return util::Error{"the process of the script said nothing of it"};
  try {
    return read_object(said);
  } catch (const Json::exception& fault) {
    return util::Error{fmt::format("the process of the script said what cannot be read: {}", fault.what())};
  }
}

}  // namespace rata::script
