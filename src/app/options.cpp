#include "app/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string_view>

#include "util/time.h"

namespace rata::app {

void InputOptions::add_to(CLI::App& command) {
  command.add_option("--port", ports, "DNS port; may be given several times (default: 53)")
      ->type_name("N")
      ->check(CLI::Range(1, 65535))
      ->take_all()
      ->allow_extra_args(false);
  command.add_option("--from", from, "leave out packets before this time: seconds since 1970 or 2024-11-20T10:00:00Z")
      ->type_name("TIME");
  command.add_option("--to", to, "leave out packets from this time on")->type_name("TIME");
  command
      .add_option("--keep-malformed", keep_malformed,
                  "write the first 16 malformed messages of each reason to a pcap file")
      ->type_name("FILE");
  std::vector<std::string> tunnels = {"all"};
  tunnels.insert(tunnels.end(), decode::tunnel_names().begin(), decode::tunnel_names().end());
  command.add_option("--no-tunnel", closed_tunnels, "do not look into this tunnel, or all; may be given several times")
      ->type_name("NAME")
      ->check(CLI::IsMember(tunnels))
      ->take_all()
      ->allow_extra_args(false);
  command
      .add_option("--threads", threads,
                  "threads that share the work; the result is the same for any number (default: 1)")
      ->type_name("N")
      ->check(CLI::Range(1u, pipeline::most_threads));
}

void InputOptions::close(decode::TunnelSet& tunnels) const {
  for (const std::string& name : closed_tunnels) {
    if (const auto tunnel = decode::tunnel_named(name))
      tunnels.remove(*tunnel);
    else
      tunnels.remove_all();
  }
}

util::Result<pipeline::IntakeConfig> InputOptions::intake() const {
  pipeline::IntakeConfig config;
  close(config.tunnels);
  config.threads = threads.value_or(1);
  if (!ports.empty()) config.ports = ports;
  const auto read = [](const char* option, const std::string& text,
                       std::optional<util::Time>& into) -> util::Result<void> {
    if (text.empty()) return {};
    into = util::parse_time(text);
    if (into) return {};
    return util::Error{
        fmt::format("{} {}: is no time; seconds since 1970 (1732096800.5) or 2024-11-20T10:00:00Z are", option, text)};
  };
  if (auto good = read("--from", from, config.from); !good) return good.error();
  if (auto good = read("--to", to, config.to); !good) return good.error();
  if (config.from && config.to && *config.from >= *config.to)
    return util::Error{fmt::format("--from {} is not before --to {}: nothing lies between them", from, to)};
  return config;
}

util::Result<pipeline::IntakeConfig> InputOptions::intake_of(const std::vector<std::string>& files) const {
  for (const std::string& file : files)
    if ((!from.empty() || !to.empty()) && file.starts_with("speedy:"))
      return util::Error{fmt::format("{}: --from and --to leave out by time, and Speedy JSON has none", file)};
  return intake();
}

namespace {

bool log_is_json = false;

void write_log(std::string_view text) {
  // Not fmt::print, which throws: where nobody can be told, on a full disk or to a log collector that is gone, the
  // work goes on.
  (void)std::fwrite(text.data(), 1, text.size(), stderr);
}

void write_entry(const char* level, std::string_view text) {
  const nlohmann::ordered_json entry = {
      {"time", util::text(util::Clock::system().now())}, {"level", level}, {"text", text}};
  write_log(entry.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

}  // namespace

void add_log_option(CLI::App& command) {
  command
      .add_flag_callback(
          "--log-json", [] { log_is_json = true; },
          "what is said goes out as JSON, an object a line with time, level and text, for those who collect logs")
      ->trigger_on_parse();
}

void tell(const std::string& text) {
  if (!log_is_json) return write_log(text);
  for (std::string_view left = text; !left.empty();) {
    const std::size_t end = std::min(left.find('\n'), left.size());
    if (end > 0) write_entry("info", left.substr(0, end));
    left.remove_prefix(std::min(end + 1, left.size()));
  }
}

void tell_balance(const std::string& input, const pipeline::Books& books) {
  tell(fmt::format("{}, {} frames so far:\n{}", input == "-" ? "standard input" : input, books.frames,
                   pipeline::balance_text(books)));
}

void complain(const std::string& message) {
  if (log_is_json) return write_entry("warning", message);
  write_log(fmt::format("ratadns: {}\n", message));
}

void tell_reloaded(const util::Result<void>& applied) {
  if (applied)
    tell("configuration read again\n");
  else
    complain(applied.error().message + "; the configuration stays as it was");
}

}  // namespace rata::app
