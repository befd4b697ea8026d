#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/config.h"
#include "pipeline/intake.h"

namespace rata::app {

/// How a command ends.
inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1;  ///< something failed and was reported
inline constexpr int exit_usage = 2;   ///< usage or configuration

/// Options that every command with an input has.
struct InputOptions {
  std::vector<std::uint16_t> ports;
  std::string from, to;
  std::string keep_malformed;  ///< a file for examples; empty: none
  std::vector<std::string> closed_tunnels;
  std::optional<unsigned> threads;
  bool balance = false;  ///< commands that print packets: also what became of the rest, at the end

  void add_to(CLI::App& command);

  /// Takes the tunnels that are not to be opened out of `tunnels`.
  void close(decode::TunnelSet& tunnels) const;

  /// The times as packet times. Errors: text that is no time.
  util::Result<pipeline::IntakeConfig> intake() const;
  /// The same for a command that reads `files`. Errors: also times where one of them has none.
  util::Result<pipeline::IntakeConfig> intake_of(const std::vector<std::string>& files) const;
};

/// For commands that keep going: --log-json.
void add_log_option(CLI::App& command);

/// Writes to standard error, if that can be written to.
void tell(const std::string& text);

/// Says on standard error how far the reading of `input` is: the balance until now (SIGUSR1).
void tell_balance(const std::string& input, const pipeline::Books& books);

/// Says what is wrong on standard error: "ratadns: ...".
void complain(const std::string& message);

/// What became of a reload: what a new configuration cannot do to a running process is told, and the old one goes on.
void tell_reloaded(const util::Result<void>& applied);

/// Each adds its subcommand to `app` and, when that is chosen, leaves its exit status in `status`.
void add_run(CLI::App& app, int& status);
void add_monitor(CLI::App& app, int& status);
void add_aggregate(CLI::App& app, int& status);
void add_reload(CLI::App& app, int& status);
void add_summary(CLI::App& app, int& status);
void add_serialize(CLI::App& app, int& status);
void add_show(CLI::App& app, int& status);
void add_check(CLI::App& app, int& status);
void add_import(CLI::App& app, int& status);
void add_list(CLI::App& app, int& status);
void add_lua(CLI::App& app, int& status);
void add_completion(CLI::App& app, int& status);
void add_manual(CLI::App& app, int& status);

}  // namespace rata::app
