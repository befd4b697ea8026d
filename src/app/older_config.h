#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace rata::app {

/// `name = value` of an older configuration file.
struct OlderOption {
  std::string name, value;
};

/// The options of one section. Names are compared without regard to case.
struct OlderSection {
  std::string name;  ///< for messages: "[TopN]", "PreliminarReducers 2"
  std::vector<OlderOption> options;

  /// The value without blanks around it, "" when there is none of that name.
  std::string value(std::string_view option) const;
};

struct OlderReducer {
  std::string type;  ///< as it is written: "topn.TopN", the path of a script
  OlderSection section;
};

/// What rata.cfg and Fievel's JSON have in common.
struct OlderConfig {
  OlderSection core;
  std::vector<OlderReducer> reducers;
  std::vector<std::string> unread;  ///< sections that no reducer of the list belongs to
  bool json = false;
};

/// Lower case, ASCII.
std::string folded(std::string_view text);

/// Reads the text of rata.cfg (INI) or of Fievel's flat JSON, whichever it is. Errors: `path`, the line, what is there.
util::Result<OlderConfig> parse_older_config(const std::string& text, const std::string& path);

}  // namespace rata::app
