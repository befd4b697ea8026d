#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "summary/summary.h"

namespace rata::app {

/// The windows of two versions of a script, "new" and "old", side by side. Thread of `add`: any, one at a time.
class ScriptComparison {
 public:
  void add(const summary::Summary& summary);

  /// What differs, window by window, and in how many.
  std::string text() const;

 private:
  struct Window {
    nlohmann::ordered_json of_new, of_old;
  };

  void compare(const std::string& start, Window& window);

  std::map<std::string, Window> waiting_;  ///< by start: the other version's is not there yet
  std::size_t windows_ = 0, differing_ = 0;
  std::string lines_;
  std::size_t told_ = 0;
  bool more_ = false;  ///< windows differ that are not told
};

}  // namespace rata::app
