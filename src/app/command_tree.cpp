#include "app/command_tree.h"

#include <algorithm>

namespace rata::app {
namespace {

/// "NAME:{all,gre}" names the words that are accepted: CLI11 keeps them nowhere else.
std::vector<std::string> words_in(const std::string& type) {
  const std::size_t open = type.rfind('{'), close = type.rfind('}');
  std::vector<std::string> words;
  if (open == std::string::npos || close == std::string::npos || close < open) return words;
  for (std::size_t at = open + 1; at < close;) {
    const std::size_t end = std::min(type.find(',', at), close);
    words.push_back(type.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

/// "N" of "N:INT in [1 - 65535]", "ADDRESS:PORT" of itself: CLI11 puts what a value is checked for behind its name.
std::string value_name(const std::string& type) {
  const std::size_t words = type.find(":{"), range = type.find(" in [");
  if (words != std::string::npos) return type.substr(0, words);
  return range == std::string::npos ? type : type.substr(0, type.rfind(':', range));
}

Takes takes_of(const CommandOption& option, bool flag) {
  if (flag) return Takes::nothing;
  if (!option.words.empty()) return Takes::word;
  if (option.value == "FILE") return Takes::file;
  if (option.value == "SOURCE") return Takes::source;
  return option.value == "ENTRY" ? Takes::listing : Takes::text;
}

CommandOption option_of(const CLI::Option& option) {
  CommandOption made;
  made.positional = option.get_positional();
  for (const std::string& name : option.get_snames()) made.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) made.names.push_back("--" + name);
  const bool flag = option.get_items_expected_max() == 0;
  const std::string type = option.get_type_name();
  made.words = words_in(type);
  made.value = flag ? "" : made.positional ? option.get_name(true) : value_name(type);
  if (made.positional) made.names = {option.get_name(true)};
  made.help = option.get_description();
  made.required = option.get_required();
  made.repeatable = option.get_expected_max() > 1;
  made.list = option.get_delimiter() != '\0';
  made.takes = takes_of(made, flag);
  return made;
}

}  // namespace

std::vector<CommandOption> options_of(const CLI::App& app) {
  std::vector<CommandOption> options;
  for (const CLI::Option* option : app.get_options()) options.push_back(option_of(*option));
  std::ranges::stable_partition(options, &CommandOption::positional);
  return options;
}

std::vector<Command> commands_of(const CLI::App& app) {
  std::vector<Command> commands;
  for (const CLI::App* command : app.get_subcommands(nullptr))
    commands.push_back({command->get_name(), command->get_description(), command->get_footer(), options_of(*command)});
  return commands;
}

}  // namespace rata::app
