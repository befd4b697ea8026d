#include "app/older_import.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>

#include "reduce/reducer.h"

namespace rata::app {
namespace {

/// A basic string of TOML.
std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char character : text) {
    const auto octet = static_cast<unsigned char>(character);
    if (character == '"' || character == '\\')
      out += fmt::format("\\{}", character);
    else if (octet < 0x20 || octet == 0x7f)
      out += fmt::format("\\u{:04x}", octet);
    else
      out += character;
  }
  return out + "\"";
}

/// Without underscores and case: module names are like type names but for these.
std::string bare(std::string_view name) {
  std::string text = folded(name);
  std::erase(text, '_');
  return text;
}

/// Modules and scripts whose names are not like their types'.
constexpr struct {
  std::string_view module, type;
} modules[] = {
    {"anamecounter", "AnswersNameCounter"},
    {"ap", "AlonePackets"},
    {"aps", "AnswersPerSecond"},
    {"null", "NullPreR"},
    {"phs", "PacketHasUnderscore"},
    {"pps", "PacketsPerSecond"},
    {"pqaps", "PacketsQueriesAndAnswersPerSecond"},
    {"qnamecounter", "QueriesNameCounter"},
    {"qps", "QueriesPerSecond"},
    {"qwhn", "QueriesWithUnderscoredName"},
    {"summary", "QueriesSummary"},
};

/// "topn.TopN", "TopN", "/var/fievel/prers/qps.lua".
const reduce::ReducerType* reducer_type(const std::string& written) {
  const std::filesystem::path path = written;
  const bool script = path.has_parent_path() || path.extension() == ".lua" || path.extension() == ".py";
  std::string name = script ? path.stem().string() : written.substr(written.rfind('.') + 1);
  for (const auto& [module, type] : modules)
    if (script && folded(name) == module) name = type;
  for (const reduce::ReducerType* type : reduce::reducer_types())
    if (bare(type->name) == bare(name)) return type;
  return nullptr;
}

std::optional<std::uint64_t> whole(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Target {
  std::string url, topic;

  friend bool operator==(const Target&, const Target&) = default;
};

struct Reducer {
  std::string type, name, options;
  std::vector<std::string> sends = {};
  std::vector<Target> targets = {};  ///< of each of `sends`
};

class Importer {
 public:
  Importer(const OlderConfig& older, std::string path, std::string folder)
      : older_(older), path_(std::move(path)), folder_(std::move(folder)) {}

  Imported run() {
    std::string core = window();
    core += source();
    for (const OlderReducer& reducer : older_.reducers) take(reducer);
    for (const std::string& section : older_.unread)
      not_taken(section, "", "no reducer in PreliminarReducers has this section");
    std::string text = fmt::format("# Made by `ratadns import` from {}.\n", one_line(path_));
    text += older_.core.value("ServerId").empty()
                ? "# ServerId was empty: the server has this machine's name.\n"
                : fmt::format("server = {}\n", toml_text(older_.core.value("ServerId")));
    text += core;
    for (const std::string& why : result_.not_taken) text += fmt::format("\n# NOT TAKEN: {}", one_line(why));
    if (!result_.not_taken.empty()) text += "\n";
    result_.toml = text + channels_ + reducers();
    return result_;
  }

 private:
  static std::string one_line(std::string text) {
    std::ranges::replace_if(text, [](char character) { return static_cast<unsigned char>(character) < 0x20; }, ' ');
    return text;
  }

  void not_taken(const std::string& section, const std::string& option, const std::string& why) {
    result_.not_taken.push_back(fmt::format("{}{}{}: {}", section, option.empty() ? "" : " ", option, why));
  }

  /// Options of `section` that are not among `known`: each has to be said.
  void refuse_others(const OlderSection& section, std::initializer_list<std::string_view> known) {
    for (const OlderOption& option : section.options)
      if (std::ranges::find(known, folded(option.name)) == known.end())
        not_taken(section.name, option.name, fmt::format("there is no such option here (it was {})", option.value));
  }

  std::string window() {
    constexpr std::uint64_t sample_size = 1000;
    const std::string written = older_.core.value("WindowSize");
    auto size = whole(written);
    if (!size || *size == 0 || *size > 1'000'000'000) {
      const std::string what = written.empty() ? "is missing" : fmt::format("\"{}\" is no number of packets", written);
      not_taken(older_.core.name, "WindowSize",
                fmt::format("{}; windows of {} packets stand in its place", what, sample_size));
      size = sample_size;
    }
    return fmt::format("window = {{ packets = {} }}   # flush = true would also send the last, partial one\n", *size);
  }

  std::string absolute(const std::string& file) const {
    const std::filesystem::path path = file;
    return path.is_absolute() ? file : (std::filesystem::path(folder_) / path).lexically_normal().string();
  }

  std::string source() { return older_.json ? capture_source() : speedy_source(); }

  std::string speedy_source() {
    refuse_others(older_.core, {"serverid", "windowsize", "inputmethod", "filename", "preliminarreducerspackage",
                                "preliminarreducers"});
    const std::string method = folded(older_.core.value("InputMethod"));
    const bool file = method == "file";
    if (!method.empty() && !file && method != "stdin")
      not_taken(older_.core.name, "InputMethod",
                fmt::format("there is no \"{}\"; standard input was read then, and is", method));
    return fmt::format(
        "\n[[source]]               # Speedy's JSON; an interface or a capture spares that program: interface = "
        "\"eth0\"\n"
        "speedy = {}\n"
        "arrival_time = true      # the JSON has no times: rates are by the clock, as they were\n",
        toml_text(file ? absolute(older_.core.value("FileName")) : "-"));
  }

  std::string capture_source() {
    refuse_others(older_.core,
                  {"serverid", "windowsize", "threads", "inputmethod", "inputsource", "ethheader", "speed", "filter"});
    std::string text =
        "# Threads, EthHeader, Speed: threads are --threads, what a frame begins with is known from the capture, and "
        "a\n"
        "# capture is read as fast as it can be: time is packet time.\n";
    const std::string method = folded(older_.core.value("InputMethod")), from = older_.core.value("InputSource");
    const std::string filter = older_.core.value("Filter");
    if (method == "stdin") return text + "\n[[source]]\nfile = \"-\"\n";
    if (method != "capture_file") {
      not_taken(
          older_.core.name, "InputMethod",
          fmt::format("what \"{}\" read is not known; name it with [[source]] interface = \"...\" or file = \"...\"",
                      method));
      return text;
    }
    if (filter.find("port 53") == std::string::npos && !filter.empty())
      not_taken(
          older_.core.name, "Filter",
          fmt::format("a filter is for interfaces, and \"{}\" is not what is counted of a capture: DNS on `ports`",
                      filter));
    else if (filter.find("udp") != std::string::npos)
      text += fmt::format("# Filter was \"{}\"; DNS over TCP counts too.\n", one_line(filter));
    if (from.empty()) return text + "# InputSource was empty: --source names the capture.\n";
    return text + fmt::format("\n[[source]]\nfile = {}\n", toml_text(absolute(from)));
  }

  /// Where a reducer sent. Redis gets the form that the older aggregator reads.
  std::optional<Target> target(const OlderSection& section, std::string_view type) {
    const std::string method = folded(section.value("OutputMethod"));
    const std::string file = section.value("FileName").empty() ? section.value("File") : section.value("FileName");
    if (method == "redis") {
      const std::string host =
          section.value("RedisHost").empty() ? section.value("RedisServer") : section.value("RedisHost");
      const std::string topic = section.value("RedisChannel");
      const std::string port = section.value("RedisPort").empty() ? "6379" : section.value("RedisPort");
      return Target{fmt::format("redis://{}:{}", host.empty() ? "localhost" : host, port),
                    topic.empty() ? std::string(type) : topic};
    }
    if (!method.empty() && method != "file" && method != "stdout")
      not_taken(section.name, "OutputMethod",
                fmt::format("there is no \"{}\"; standard output was written then, and is", method));
    // An earlier form had no OutputMethod, and "-" for standard output.
    if ((method == "file" || method.empty()) && !file.empty() && file != "-")
      return Target{"file://" + absolute(file), ""};
    if (method == "file" && file.empty()) {
      not_taken(section.name, "FileName", "is missing: nothing says which file; nothing is sent");
      return std::nullopt;
    }
    return Target{"stdout:", ""};
  }

  /// The channel with that URL that `reducer` does not send to yet.
  std::string channel(const Target& target, const Reducer& reducer) {
    const std::string kind = target.url.substr(0, target.url.find(':'));
    for (unsigned number = 1;; ++number) {
      const std::string name = number == 1 ? kind : fmt::format("{}{}", kind, number);
      const auto known = std::ranges::find(channel_urls_, name, &std::pair<std::string, std::string>::first);
      if (known == channel_urls_.end()) {
        channel_urls_.emplace_back(name, target.url);
        channels_ += fmt::format("\n[[channel]]\nname = {}\nurl  = {}\n", toml_text(name), toml_text(target.url));
        if (kind == "redis")
          channels_ += "form = \"older\"           # rates as bare numbers: what the older aggregator reads\n";
        return name;
      }
      const bool used = std::ranges::any_of(reducer.sends, [&](const std::string& send) {
        return send.find(fmt::format("channel = {}", toml_text(name))) != std::string::npos;
      });
      if (known->second == target.url && !used) return name;
    }
  }

  /// The parameters that the type here takes too, as lines of TOML.
  std::string parameters(const OlderSection& section, const reduce::ReducerType& type) {
    static constexpr std::string_view outputs[] = {"outputmethod", "filename",     "file",     "redishost",
                                                   "redisserver",  "redischannel", "redisport"};
    std::string lines;
    for (const OlderOption& option : section.options) {
      const std::string name = folded(option.name);
      if (std::ranges::find(outputs, name) != std::end(outputs)) continue;
      const bool takes = fmt::format(" {} ", type.options).find(fmt::format(" {} ", name)) != std::string::npos;
      if (!takes)
        not_taken(section.name, option.name,
                  fmt::format("{} takes no such parameter (it was {})", type.name, option.value));
      else if (const auto number = whole(option.value))
        lines += fmt::format("{} = {}\n", name, *number);
      else
        not_taken(section.name, option.name, fmt::format("\"{}\" is no whole number", option.value));
    }
    return lines;
  }

  void take(const OlderReducer& older) {
    const reduce::ReducerType* type = reducer_type(older.type);
    if (type == nullptr)
      return not_taken(older.section.name, "",
                       fmt::format("there is no reducer \"{}\" here; `ratadns list reducers`", older.type));
    Reducer made{std::string(type->name), std::string(type->name), parameters(older.section, *type)};
    if (fmt::format(" {} ", type->options).find(" n ") != std::string::npos && !made.options.starts_with("n = "))
      return not_taken(older.section.name, "N", "is missing: how many names are shown; the reducer is left out");
    const auto to = target(older.section, type->name);
    if (!to) return;
    // The same one to several places is one that sends to each.
    auto known = std::ranges::find_if(reducers_, [&](const Reducer& reducer) {
      return reducer.type == made.type && reducer.options == made.options;
    });
    if (known == reducers_.end()) {
      const auto same = std::ranges::count(reducers_, made.type, &Reducer::type);
      if (same > 0) made.name = fmt::format("{}-{}", made.type, same + 1);
      known = reducers_.insert(reducers_.end(), made);
    }
    if (std::ranges::find(known->targets, *to) != known->targets.end())
      return not_taken(older.section.name, "", "is there twice with one output; what it counts is sent there once");
    known->targets.push_back(*to);
    const std::string name = channel(*to, *known);
    known->sends.push_back(to->topic.empty()
                               ? fmt::format("{{ channel = {} }}", toml_text(name))
                               : fmt::format("{{ channel = {}, topic = {} }}", toml_text(name), toml_text(to->topic)));
  }

  std::string reducers() const {
    std::string text;
    for (const Reducer& reducer : reducers_) {
      text += fmt::format("\n[[reducer]]\ntype = {}\n", toml_text(reducer.type));
      if (reducer.name != reducer.type) text += fmt::format("name = {}\n", toml_text(reducer.name));
      text += reducer.options + fmt::format("send = [{}]\n", fmt::join(reducer.sends, ", "));
    }
    return text;
  }

  const OlderConfig& older_;
  std::string path_, folder_;
  Imported result_;
  std::string channels_;
  std::vector<std::pair<std::string, std::string>> channel_urls_;  // by name
  std::vector<Reducer> reducers_;
};

}  // namespace

Imported import_older(const OlderConfig& older, const std::string& path, const std::string& folder) {
  return Importer(older, path, folder).run();
}

}  // namespace rata::app
