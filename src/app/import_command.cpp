#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "app/older_import.h"
#include "app/options.h"
#include "app/output.h"

namespace rata::app {
namespace {

int import(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::error_code fault;
  if (!file || std::filesystem::is_directory(path, fault)) {
    complain(fmt::format("{}: cannot be read: {}", path, file ? "is a folder" : std::strerror(errno)));
    return exit_usage;
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto older = parse_older_config(text, path);
  if (!older) {
    complain(older.error().message);
    return exit_usage;
  }
  const Imported imported = import_older(*older, path, std::filesystem::current_path());
  put(imported.toml);
  for (const std::string& why : imported.not_taken) complain(fmt::format("{}: not taken: {}", path, why));
  return imported.not_taken.empty() ? exit_done : exit_failed;
}

}  // namespace

void add_import(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("import", "Turn an older configuration into TOML, on standard output");
  auto file = std::make_shared<std::string>();
  command->add_option("OLD_FILE", *file, "rata.cfg, or Fievel's JSON")->required();
  command->footer(
      "What has no counterpart is named on standard error and in a comment, and the status is 1.\n"
      "Example:\n  ratadns import rata.cfg > ratadns.toml && ratadns check ratadns.toml");
  command->callback([file, &status] { status = import(*file); });
}

}  // namespace rata::app
