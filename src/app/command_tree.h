#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace rata::app {

/// What an option takes, for shells.
enum class Takes {
  nothing,  ///< a flag
  text,     ///< nothing that could be guessed
  word,     ///< one of `words`
  file,
  source,   ///< a file, a folder, an interface or "-"
  listing,  ///< a name out of `ratadns list WHAT`, WHAT being the word before it
};

/// An option or positional of a command, as --help shows it.
struct CommandOption {
  std::vector<std::string> names;  ///< "-c", "--config"; one "FILE" of a positional
  std::string value;               ///< "FILE", "N"; empty of flags
  std::string help;
  Takes takes = Takes::text;
  std::vector<std::string> words;
  bool positional = false, required = false, repeatable = false;
  bool list = false;  ///< `words` with commas between
};

struct Command {
  std::string name, help, footer;
  std::vector<CommandOption> options;  ///< positionals first
};

/// The commands of `app`, in order: the one source of --help, the manual and what shells complete.
std::vector<Command> commands_of(const CLI::App& app);
/// The options of `app` or of one of its commands.
std::vector<CommandOption> options_of(const CLI::App& app);

}  // namespace rata::app
