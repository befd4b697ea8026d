#pragma once

#include <string>
#include <vector>

#include "app/command_tree.h"

namespace rata::app {

/// What a shell completes: the commands, and the options that `ratadns` itself takes.
struct CompletionModel {
  std::vector<Command> commands;
  std::vector<CommandOption> options;
};

/// A script each, for the shell to read. Names out of the registries are asked of the program when they are wanted.
std::string bash_completion(const CompletionModel& model);
std::string zsh_completion(const CompletionModel& model);
std::string fish_completion(const CompletionModel& model);

}  // namespace rata::app
