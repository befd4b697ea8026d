#include <fmt/format.h>

#include <memory>

#include "app/completion.h"
#include "app/options.h"
#include "app/output.h"

namespace rata::app {
namespace {

struct Shell {
  const char* name;
  std::string (*script)(const CompletionModel&);
};
constexpr Shell shells[] = {{"bash", bash_completion}, {"zsh", zsh_completion}, {"fish", fish_completion}};

}  // namespace

void add_completion(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("completion", "A script that lets a shell complete commands and options");
  auto wanted = std::make_shared<std::string>();
  std::vector<std::string> names;
  for (const Shell& shell : shells) names.emplace_back(shell.name);
  command->add_option("SHELL", *wanted, "the shell that reads it")->required()->check(CLI::IsMember(names));
  command->footer(
      "Examples:\n  source <(ratadns completion bash)\n"
      "  ratadns completion zsh > /usr/local/share/zsh/site-functions/_ratadns\n"
      "  ratadns completion fish > ~/.config/fish/completions/ratadns.fish");
  command->callback([&app, wanted, &status] {
    for (const Shell& shell : shells)
      if (*wanted == shell.name) put(shell.script({commands_of(app), options_of(app)}));
    status = exit_done;
  });
}

}  // namespace rata::app
