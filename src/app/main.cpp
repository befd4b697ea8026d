#include <fmt/format.h>

#include <exception>

#include "app/options.h"

namespace {

constexpr const char* examples = R"(Examples:
  ratadns run capture.pcap              read a capture, then look at http://127.0.0.1:8353/
  sudo tcpdump -i eth0 -U -w - port 53 | ratadns run -
  sudo ratadns run eth0
  ratadns summary capture.pcap.gz       what is in a capture
  ratadns monitor -c ratadns.toml --source capture.pcap
  ratadns COMMAND --help                options of one command)";

int run(int argc, char** argv) {
  CLI::App app{"Watches DNS servers through their packets, in real time."};
  app.name("ratadns");
  app.footer(examples);
  app.set_version_flag("--version", "ratadns " RATADNS_VERSION);
  app.require_subcommand(1);
  int status = rata::app::exit_done;
  rata::app::add_run(app, status);
  rata::app::add_monitor(app, status);
  rata::app::add_summary(app, status);
  rata::app::add_serialize(app, status);
  rata::app::add_check(app, status);
  rata::app::add_list(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& fault) {
    if (fault.get_exit_code() == 0) return app.exit(fault);  // --help, --version
    rata::app::complain(fault.what());
    fmt::print(stderr, "ratadns --help, or ratadns COMMAND --help, shows what is accepted\n");
    return rata::app::exit_usage;
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& fault) {
    rata::app::complain(fault.what());
    return rata::app::exit_failed;
  }
}
