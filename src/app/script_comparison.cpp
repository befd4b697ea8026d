#include "app/script_comparison.h"

#include <fmt/format.h>

#include <set>

#include "util/time.h"

namespace rata::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t told_at_most = 50, told_of_window = 10;

std::string short_text(const Json& value) {
  constexpr std::size_t most = 60;
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > most) text = text.substr(0, most) + "...";
  return text;
}

/// The deepest places at which two trees differ: "a.b: 3, was 2".
void differences(const Json& fresh, const Json& old, const std::string& path, std::vector<std::string>& out) {
  if (fresh == old) return;
  const std::string shown = path.empty() ? "data" : path;
  if (!fresh.is_object() || !old.is_object()) {
    out.push_back(fmt::format("{}: {}, was {}", shown, short_text(fresh), short_text(old)));
    return;
  }
  std::set<std::string> keys;
  for (const auto& [key, value] : fresh.items()) keys.insert(key);
  for (const auto& [key, value] : old.items()) keys.insert(key);
  for (const std::string& key : keys) {
    const std::string below = path.empty() ? key : path + " " + key;
    const auto in_new = fresh.find(key), in_old = old.find(key);
    if (in_old == old.end())
      out.push_back(fmt::format("{}: {}, was not there", below, short_text(*in_new)));
    else if (in_new == fresh.end())
      out.push_back(fmt::format("{}: is not there, was {}", below, short_text(*in_old)));
    else
      differences(*in_new, *in_old, below, out);
  }
}

}  // namespace

void ScriptComparison::add(const summary::Summary& summary) {
  const std::string start = util::text(summary.window.start);
  Window& window = waiting_[start];
  (summary.type == "new" ? window.of_new : window.of_old) = summary::data_json(summary.data);
  if (window.of_new.is_null() || window.of_old.is_null()) return;
  compare(start, window);
  waiting_.erase(start);
}

void ScriptComparison::compare(const std::string& start, Window& window) {
  ++windows_;
  std::vector<std::string> found;
  differences(window.of_new, window.of_old, "", found);
  if (found.empty()) return;
  ++differing_;
  if (told_ >= told_at_most) {
    more_ = true;
    return;
  }
  lines_ += fmt::format("window {}: {} places differ\n", start, found.size());
  for (std::size_t i = 0; i < found.size() && i < told_of_window; ++i, ++told_) lines_ += "  " + found[i] + "\n";
  if (found.size() > told_of_window) lines_ += "  ...\n";
}

std::string ScriptComparison::text() const {
  std::string text = lines_;
  if (more_) text += "(further differences are not shown)\n";
  if (differing_ == 0) return text + fmt::format("the results of all {} windows are equal\n", windows_);
  return text + fmt::format("{} of {} windows differ\n", differing_, windows_);
}

}  // namespace rata::app
