// reload: tells whoever runs with a configuration to read it again.

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <system_error>
#include <vector>

#include "app/options.h"
#include "channel/channel.h"
#include "hub/config.h"
#include "pipeline/config.h"
#include "serve/server.h"

namespace rata::app {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> command_line(const fs::path& process) {
  std::ifstream file(process / "cmdline", std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::vector<std::string> words;
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find('\0', at), all.size());
    words.push_back(all.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

/// The file that the process was told to read: a relative path is one from where it runs.
fs::path configuration_of(const fs::path& process) {
  const std::vector<std::string> words = command_line(process);
  if (words.size() < 2 || fs::path(words[0]).filename() != "ratadns") return {};
  if (words[1] != "run" && words[1] != "monitor" && words[1] != "aggregate") return {};
  std::string given;
  for (std::size_t i = 2; i < words.size(); ++i) {
    if ((words[i] == "-c" || words[i] == "--config") && i + 1 < words.size()) given = words[i + 1];
    if (words[i].starts_with("--config=")) given = words[i].substr(std::string_view("--config=").size());
    if (words[i].starts_with("-c") && words[i].size() > 2) given = words[i].substr(2);
  }
  if (given.empty()) return {};
  std::error_code fault;
  const fs::path folder = fs::read_symlink(process / "cwd", fault);
  return folder / given;
}

std::vector<pid_t> processes_with(const std::string& file) {
  std::vector<pid_t> found;
  std::error_code fault;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc", fault)) {
    const std::string name = entry.path().filename();
    pid_t id = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (error != std::errc() || end != name.data() + name.size() || id == ::getpid()) continue;
    const fs::path configured = configuration_of(entry.path());
    std::error_code not_there;
    if (!configured.empty() && fs::equivalent(configured, file, not_there)) found.push_back(id);
  }
  return found;
}

/// What it is to listen with and to show: files are named in the configuration, and read by who applies it. Only the
/// certificate's age is no reason to tell nobody.
util::Result<void> try_listener(const serve::Config& serve) {
  const auto news = serve::Server::try_out(serve);
  if (!news) return news.error();
  if (!news->text.empty()) complain(news->text);
  return {};
}

/// The files of one that has any, without a connection.
util::Result<void> try_files(const channel::Settings& settings) {
  const channel::ChannelType* type = channel::find_channel_type(settings.url);
  if (type == nullptr || type->options.find("_file") == std::string_view::npos) return {};
  const auto opened = channel::open_channel(settings);
  return opened ? util::Result<void>{} : opened.error();
}

util::Result<void> check_aggregators(const std::string& file) {
  const auto config = hub::read_config(file);
  if (!config) return config.error();
  for (const channel::RedisSubscriberConfig& subscription : config->subscriptions)
    if (auto tried = try_files(subscription.server); !tried) return tried;
  return try_listener(config->serve);
}

util::Result<void> check_monitors(const std::string& file) {
  const auto config = pipeline::read_config(file);
  if (!config) return config.error();
  for (const pipeline::ChannelConfig& channel : config->channels)
    if (auto tried = try_files(channel.settings); !tried) return tried;
  return try_listener(config->serve);
}

/// Before anybody is told: a mistake is found here, where somebody looks.
util::Result<void> check(const std::string& file) {
  return hub::is_aggregator_file(file) ? check_aggregators(file) : check_monitors(file);
}

int reload(const std::string& file) {
  if (const auto good = check(file); !good) {
    complain(good.error().message + "; nobody was told");
    return exit_usage;
  }
  const std::vector<pid_t> processes = processes_with(file);
  if (processes.empty()) {
    complain(
        fmt::format("{}: no run, monitor or aggregate that can be seen from here was started with -c {}", file, file));
    return exit_failed;
  }
  for (const pid_t process : processes) {
    if (::kill(process, SIGHUP) == 0) continue;
    complain(fmt::format("process {} cannot be told: {}", process, std::strerror(errno)));
    return exit_failed;
  }
  tell(fmt::format("told process {}; its log says what became of it\n", fmt::join(processes, ", ")));
  return exit_done;
}

}  // namespace

void add_reload(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("reload", "Check a configuration, and let who runs with it read it again");
  auto file = std::make_shared<std::string>();
  command->add_option("-c,--config", *file, "the TOML file that it was started with")->required()->type_name("FILE");
  command->footer("Example:\n  ratadns reload -c /etc/ratadns/monitor.toml");
  command->callback([file, &status] { status = reload(*file); });
}

}  // namespace rata::app
