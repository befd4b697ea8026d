#pragma once

#include <string>

#include "pipeline/config.h"
#include "settings/table_reader.h"

namespace rata::pipeline {

/// The keys about what leaves: [[channel]], the topics of `send`, [anonymise].
void read_channels(settings::TableReader& root, Config& config);
void read_anonymise(settings::TableReader& root, Config& config);

/// The name that the channel of that name gives to what `reducer` sends there. Comes behind `read_channels`.
void read_topic(settings::TableReader& reader, const toml::node& at, const std::string& topic,
                const std::string& channel, const ReducerEntry& reducer, Config& config);

}  // namespace rata::pipeline
