#pragma once

#include <string>
#include <vector>

#include "pipeline/config.h"
#include "reduce/context.h"
#include "settings/table_reader.h"
#include "util/result.h"

// What is known beside packets: addresses of this side, lists of names, databases of addresses.

namespace rata::pipeline {

/// Where the public-suffix list lies on machines that have Debian's package of that name.
inline constexpr std::string_view usual_public_suffixes = "/usr/share/publicsuffix/public_suffix_list.dat";

/// Reads `local`, [lists] and [geography].
void read_knowledge(settings::TableReader& root, Config& config);

struct Knowledge {
  reduce::Context context;             ///< with nothing but knowledge in it
  std::vector<std::string> found;      ///< a sentence for each list and database that was read
  std::vector<std::string> left_open;  ///< what reducers ask for and nobody configured, and what they say instead
};

/// Reads the lists and opens the databases: those that are configured, and the usual public-suffix list where a reducer
/// asks for one and it is there. `config` is valid. Errors: what is wrong with which file.
util::Result<Knowledge> gather_knowledge(const Config& config);

}  // namespace rata::pipeline
