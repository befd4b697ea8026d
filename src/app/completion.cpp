#include "app/completion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace rata::app {
namespace {

std::vector<std::string> names_of(const std::vector<Command>& commands) {
  std::vector<std::string> names;
  for (const Command& command : commands) names.push_back(command.name);
  return names;
}

std::vector<std::string> option_names(const std::vector<CommandOption>& options) {
  std::vector<std::string> names;
  for (const CommandOption& option : options)
    if (!option.positional) names.insert(names.end(), option.names.begin(), option.names.end());
  return names;
}

/// What comes between single quotes of any of the shells.
std::string quoted(std::string_view text, std::string_view escaped_quote) {
  std::string out;
  for (const char character : text) character == '\'' ? out += escaped_quote : out += character;
  return out;
}

/// With a backslash before each of `marks`.
std::string escaped(std::string_view text, std::string_view marks) {
  std::string out;
  for (const char character : text) {
    if (marks.find(character) != std::string_view::npos) out += '\\';
    out += character;
  }
  return out;
}

/// Lines of bash that fill COMPREPLY for an option's value or a positional.
std::string bash_values(const CommandOption& option) {
  switch (option.takes) {
    case Takes::file:
      return "_ratadns_files";
    case Takes::source:
      return "_ratadns_sources";
    case Takes::word:
      return fmt::format("{} '{}'", option.list ? "_ratadns_list" : "_ratadns_words", fmt::join(option.words, " "));
    case Takes::listing:
      return "_ratadns_words \"$(\"${COMP_WORDS[0]}\" list \"$prev\" --format names 2>/dev/null)\"";
    case Takes::nothing:
    case Takes::text:
      break;
  }
  return ":";
}

constexpr const char* bash_head = R"sh(# Completion of ratadns for bash, written by `ratadns completion bash`.
_ratadns_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }
_ratadns_list() {
  local before=${cur%"${cur##*,}"}
  mapfile -t COMPREPLY < <(compgen -P "$before" -W "$1" -- "${cur##*,}")
}
_ratadns_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}
_ratadns_sources() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -W "$(ls /sys/class/net 2>/dev/null)" -- "$cur"; compgen -f -- "$cur")
}
_ratadns() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} options=
  COMPREPLY=()
  # "--option=value" comes as three words.
  if [[ $cur == "=" ]]; then
    cur=
  elif [[ $prev == "=" ]]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi
)sh";

std::string bash_case_of(const Command& command) {
  std::string text;
  for (const CommandOption& option : command.options) {
    if (option.positional || option.takes == Takes::nothing) continue;
    std::vector<std::string> patterns;
    for (const std::string& name : option.names) patterns.push_back(fmt::format("'{} {}'", command.name, name));
    text += fmt::format("    {}) {}; return ;;\n", fmt::join(patterns, " | "), bash_values(option));
  }
  return text;
}

/// The last positional that takes names follows the one that says of which kind.
std::string bash_positionals(const Command& command) {
  std::string text;
  const CommandOption* before = nullptr;
  for (const CommandOption& option : command.options) {
    if (!option.positional) continue;
    if (option.takes == Takes::listing && before != nullptr)
      text = fmt::format("if [[ ' {} ' == *\" $prev \"* ]]; then {}; else {}; fi", fmt::join(before->words, " "),
                         bash_values(option), bash_values(*before));
    else
      text = bash_values(option);
    before = &option;
  }
  return text.empty() ? ":" : text;
}

std::string zsh_values(const CommandOption& option) {
  switch (option.takes) {
    case Takes::file:
      return "_files";
    case Takes::source:
      return "_ratadns_sources";
    case Takes::word:
      return option.list ? fmt::format("_values -s , {} {}", option.value, fmt::join(option.words, " "))
                         : fmt::format("({})", fmt::join(option.words, " "));
    case Takes::listing:
      return "_ratadns_entries";
    case Takes::nothing:
    case Takes::text:
      break;
  }
  return " ";
}

std::string zsh_spec(const CommandOption& option) {
  const std::string value = fmt::format(":{}:{}", escaped(option.value, ":"), zsh_values(option));
  if (option.positional) return fmt::format("'{}{}'", option.repeatable ? "*" : "", quoted(value, "'\\''"));
  const std::string help = quoted(escaped(option.help, "[]\\"), "'\\''");
  const std::string rest = fmt::format("[{}]{}", help, option.takes == Takes::nothing ? "" : quoted(value, "'\\''"));
  if (option.names.size() == 1)
    return fmt::format("'{}{}{}'", option.repeatable ? "*" : "", option.names.front(), rest);
  return fmt::format("'({})'{{{}}}'{}'", fmt::join(option.names, " "), fmt::join(option.names, ","), rest);
}

constexpr const char* zsh_head = R"sh(#compdef ratadns
# Completion of ratadns for zsh, written by `ratadns completion zsh`.
_ratadns_sources() {
  local -a interfaces
  interfaces=(/sys/class/net/*(N:t))
  _alternative 'interfaces:interface:compadd -a interfaces' 'files:file:_files'
}
_ratadns_entries() {
  local -a entries
  entries=(${(f)"$(ratadns list "${words[CURRENT - 1]}" --format names 2>/dev/null)"})
  compadd -a entries
}
_ratadns() {
  if (( CURRENT == 2 )); then
    local -a commands
    commands=(
)sh";

std::string fish_values(const CommandOption& option) {
  switch (option.takes) {
    case Takes::nothing:
      return "";
    case Takes::file:
      return " -r -F";
    case Takes::source:
      return " -r -F -a '(ls /sys/class/net 2>/dev/null)'";
    case Takes::word:
      return fmt::format(" -x -a '{}'", fmt::join(option.words, " "));
    case Takes::listing:
    case Takes::text:
      break;
  }
  return " -x";
}

std::string fish_option(const CommandOption& option, const std::string& when) {
  std::string text = fmt::format("complete -c ratadns -n '{}'", when);
  for (const std::string& name : option.names)
    text += name.starts_with("--") ? fmt::format(" -l {}", name.substr(2)) : fmt::format(" -s {}", name.substr(1));
  return text + fmt::format("{} -d '{}'\n", fish_values(option), quoted(escaped(option.help, "\\"), "\\'"));
}

std::string fish_positional(const CommandOption& option, const CommandOption* before, const std::string& command) {
  const std::string when = fmt::format("__fish_seen_subcommand_from {}", command);
  switch (option.takes) {
    case Takes::file:
      return fmt::format("complete -c ratadns -n '{}' -F\n", when);
    case Takes::source:
      return fmt::format("complete -c ratadns -n '{}' -F -a '(ls /sys/class/net 2>/dev/null)'\n", when);
    case Takes::word:
      return fmt::format("complete -c ratadns -n '{0}; and not __fish_seen_subcommand_from {1}' -a '{1}'\n", when,
                         fmt::join(option.words, " "));
    case Takes::listing:
      if (before == nullptr) break;
      return fmt::format(
          "complete -c ratadns -n '{}; and __fish_seen_subcommand_from {}' "
          "-a '(ratadns list (commandline -opc)[-1] --format names 2>/dev/null)'\n",
          when, fmt::join(before->words, " "));
    case Takes::nothing:
    case Takes::text:
      break;
  }
  return "";
}

}  // namespace

std::string bash_completion(const CompletionModel& model) {
  std::string text = bash_head;
  text += fmt::format("  if ((COMP_CWORD == 1)); then\n    _ratadns_words '{} {}'\n    return\n  fi\n",
                      fmt::join(names_of(model.commands), " "), fmt::join(option_names(model.options), " "));
  text += "  case \"$command $prev\" in\n";
  for (const Command& command : model.commands) text += bash_case_of(command);
  text += "  esac\n  case $command in\n";
  for (const Command& command : model.commands)
    text += fmt::format("    {}) options='{}' ;;\n", command.name, fmt::join(option_names(command.options), " "));
  text += "  esac\n  if [[ $cur == -* ]]; then\n    _ratadns_words \"$options\"\n    return\n  fi\n";
  text += "  case $command in\n";
  for (const Command& command : model.commands)
    text += fmt::format("    {}) {} ;;\n", command.name, bash_positionals(command));
  return text + "  esac\n}\ncomplete -F _ratadns ratadns\n";
}

std::string zsh_completion(const CompletionModel& model) {
  std::string text = zsh_head;
  for (const Command& command : model.commands)
    text += fmt::format("      '{}:{}'\n", command.name, quoted(escaped(command.help, ":"), "'\\''"));
  text += "    )\n    _describe command commands\n    _arguments";
  for (const CommandOption& option : model.options) text += " \\\n      " + zsh_spec(option);
  text += "\n    return\n  fi\n  shift words\n  (( CURRENT-- ))\n  case $words[1] in\n";
  for (const Command& command : model.commands) {
    text += fmt::format("    {})\n      _arguments", command.name);
    for (const CommandOption& option : command.options) text += " \\\n        " + zsh_spec(option);
    text += " ;;\n";
  }
  return text +
         "  esac\n}\nif [[ $zsh_eval_context[-1] == loadautofunc ]]; then _ratadns \"$@\"; else compdef _ratadns "
         "ratadns; fi\n";
}

std::string fish_completion(const CompletionModel& model) {
  std::string text =
      "# Completion of ratadns for fish, written by `ratadns completion fish`.\ncomplete -c ratadns -f\n";
  for (const CommandOption& option : model.options) text += fish_option(option, "__fish_use_subcommand");
  for (const Command& command : model.commands) {
    text += fmt::format("complete -c ratadns -n __fish_use_subcommand -a {} -d '{}'\n", command.name,
                        quoted(escaped(command.help, "\\"), "\\'"));
    const CommandOption* before = nullptr;
    for (const CommandOption& option : command.options) {
      if (option.positional)
        text += fish_positional(option, before, command.name);
      else
        text += fish_option(option, fmt::format("__fish_seen_subcommand_from {}", command.name));
      before = &option;
    }
  }
  return text;
}

}  // namespace rata::app
