#include "app/older_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace rata::app {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr const char* blanks = " \t\r\n\f\v";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (const auto part = trimmed(list.substr(0, comma)); !part.empty()) parts.emplace_back(part);
    list = comma == std::string_view::npos ? "" : list.substr(comma + 1);
  }
  return parts;
}

/// A blank and ";" begin a comment inside a line.
std::string_view without_comment(std::string_view line) {
  for (std::size_t at = line.find(';'); at != std::string_view::npos; at = line.find(';', at + 1))
    if (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t') return line.substr(0, at);
  return line;
}

/// The sections of an INI file, read line by line.
class IniReader {
 public:
  explicit IniReader(std::string path) : path_(std::move(path)) {}

  util::Result<std::vector<OlderSection>> read(std::string_view text) {
    for (std::size_t number = 1; !text.empty(); ++number) {
      const std::size_t end = text.find('\n');
      if (!read_line(text.substr(0, end)))
        return util::Error{fmt::format("{}:{}: \"{}\" is neither [section] nor option = value inside one", path_,
                                       number, trimmed(text.substr(0, end)))};
      text = end == std::string_view::npos ? "" : text.substr(end + 1);
    }
    return sections_;
  }

 private:
  bool read_line(std::string_view line) {
    const std::string_view content = trimmed(line);
    if (content.empty() || content[0] == '#' || content[0] == ';') return true;
    const bool continues = line[0] == ' ' || line[0] == '\t';
    if (continues && !sections_.empty() && !sections_.back().options.empty()) {
      sections_.back().options.back().value += fmt::format(" {}", trimmed(without_comment(content)));
      return true;
    }
    if (content.front() == '[' && content.find(']') != std::string_view::npos) {
      sections_.push_back({std::string(trimmed(content.substr(1, content.find(']') - 1))), {}});
      return true;
    }
    const std::size_t mark = content.find_first_of("=:");
    if (mark == std::string_view::npos || mark == 0 || sections_.empty()) return false;
    sections_.back().options.push_back({std::string(trimmed(content.substr(0, mark))),
                                        std::string(trimmed(without_comment(content.substr(mark + 1))))});
    return true;
  }

  std::string path_;
  std::vector<OlderSection> sections_;
};

util::Result<OlderConfig> parse_ini(const std::string& text, const std::string& path) {
  auto sections = IniReader(path).read(text);
  if (!sections) return sections.error();
  OlderConfig config;
  std::set<std::string_view> read;
  const auto take = [&](std::string_view name, OlderSection& into) {
    for (const OlderSection& section : *sections) {
      if (section.name != name) continue;
      into.options.insert(into.options.end(), section.options.begin(), section.options.end());
      read.insert(section.name);
    }
  };
  config.core.name = "[core]";
  take("core", config.core);
  if (config.core.options.empty()) return util::Error{fmt::format("{}: has no section [core]: no rata.cfg", path)};
  for (const std::string& type : split(config.core.value("PreliminarReducers"))) {
    // The section has the name of the class, which stands behind the module's.
    const std::string name = type.substr(type.rfind('.') + 1);
    OlderReducer reducer{type, {fmt::format("[{}]", name), {}}};
    take(name, reducer.section);
    config.reducers.push_back(std::move(reducer));
  }
  for (const OlderSection& section : *sections)
    if (!read.contains(section.name)) config.unread.push_back(fmt::format("[{}]", section.name));
  return config;
}

using Json = nlohmann::ordered_json;

std::string value_text(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

util::Result<OlderConfig> parse_json(const std::string& text, const std::string& path) {
  Json root;
  try {
    root = Json::parse(text);
  } catch (const Json::parse_error& fault) {
    return util::Error{fmt::format("{}: is no JSON: {}", path, fault.what())};
  }
  OlderConfig config{.core = {"top level", {}}, .reducers = {}, .unread = {}, .json = true};
  const Json* list = nullptr;
  for (const auto& [name, value] : root.items()) {
    if (folded(name) == "preliminarreducers")
      list = &value;
    else
      config.core.options.push_back({name, value_text(value)});
  }
  if (list == nullptr || !list->is_array())
    return util::Error{fmt::format("{}: has no list \"PreliminarReducers\": no configuration of Fievel", path)};
  for (const Json& item : *list) {
    OlderReducer reducer{"", {fmt::format("PreliminarReducers {}", config.reducers.size() + 1), {}}};
    if (!item.is_object()) return util::Error{fmt::format("{}: {}: is no object", path, reducer.section.name)};
    for (const auto& [name, value] : item.items()) {
      if (folded(name) == "path")
        reducer.type = value_text(value);
      else
        reducer.section.options.push_back({name, value_text(value)});
    }
    config.reducers.push_back(std::move(reducer));
  }
  return config;
}

}  // namespace

std::string folded(std::string_view text) {
  std::string lower(text);
  for (char& character : lower)
    if (character >= 'A' && character <= 'Z') character = static_cast<char>(character | 0x20);
  return lower;
}

/// Of one that stands there twice the last counts, as it did.
std::string OlderSection::value(std::string_view option) const {
  for (auto one = options.rbegin(); one != options.rend(); ++one)
    if (folded(one->name) == folded(option)) return std::string(trimmed(one->value));
  return "";
}

util::Result<OlderConfig> parse_older_config(const std::string& text, const std::string& path) {
  return trimmed(text).starts_with('{') ? parse_json(text, path) : parse_ini(text, path);
}

}  // namespace rata::app
