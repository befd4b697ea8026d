#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <string>
#include <vector>

#include "app/options.h"
#include "app/output.h"
#include "script/child.h"
#include "script/host/host.h"
#include "util/nearest.h"

namespace {

constexpr const char* examples = R"(Examples:
  ratadns run capture.pcap              read a capture, then look at http://127.0.0.1:8353/
  sudo tcpdump -i eth0 -U -w - port 53 | ratadns run -
  sudo ratadns run eth0
  ratadns summary capture.pcap.gz       what is in a capture
  ratadns monitor -c ratadns.toml --source capture.pcap
  ratadns COMMAND --help                options of one command)";

/// A standard stream that the parent has closed would give its number to the next file opened, and be written to.
/// Standard output is opened for reading only, so that writing to it fails: nobody gets what was asked for.
void open_standard_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY) < 0)
      std::_Exit(rata::app::exit_failed);
}

/// A word that is no command gets the nearest one.
bool names_a_command(const CLI::App& app, const std::string& word) {
  std::vector<std::string> commands;
  for (const CLI::App* command : app.get_subcommands(nullptr)) commands.push_back(command->get_name());
  if (std::ranges::find(commands, word) != commands.end()) return true;
  rata::app::complain(rata::util::no_such("command", word, commands));
  return false;
}

int run(int argc, char** argv) {
  CLI::App app{"Watches DNS servers through their packets, in real time."};
  app.name("ratadns");
  app.footer(examples);
  app.set_version_flag("--version", "ratadns " RATADNS_VERSION, "print the version and exit");
  app.set_help_flag("-h,--help", "print what is accepted, and exit");
  app.require_subcommand(1);
  int status = rata::app::exit_done;
  for (const auto add : {rata::app::add_run, rata::app::add_monitor, rata::app::add_aggregate, rata::app::add_reload,
                         rata::app::add_summary, rata::app::add_serialize, rata::app::add_show, rata::app::add_check,
                         rata::app::add_import, rata::app::add_list, rata::app::add_lua, rata::app::add_completion,
                         rata::app::add_manual})
    add(app, status);
  if (argc > 1 && argv[1][0] != '-' && !names_a_command(app, argv[1])) return rata::app::exit_usage;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& fault) {
    if (fault.get_exit_code() == 0) {  // --help, --version
      std::ostringstream text;
      const int status_of_help = app.exit(fault, text, text);
      rata::app::put(text.str());
      return status_of_help;
    }
    rata::app::complain(fault.what());
    rata::app::tell("ratadns --help, or ratadns COMMAND --help, shows what is accepted\n");
    return rata::app::exit_usage;
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == rata::script::host_argument) return rata::script::host_main();
  std::signal(SIGPIPE, SIG_IGN);  // a reader that has gone shows as an error of write
  std::signal(SIGCHLD, SIG_DFL);  // whoever started us may have ignored it: processes of scripts are waited for
  std::signal(SIGUSR1, SIG_IGN);  // asked for a balance before there is one, or of a command without: no reason to die
  try {
    open_standard_streams();
    const int status = run(argc, argv);
    if (rata::app::output_done()) return status;
    rata::app::complain_of_output();
    return status == rata::app::exit_done ? rata::app::exit_failed : status;
  } catch (const std::exception& fault) {
    rata::app::complain(fault.what());
    return rata::app::exit_failed;
  }
}
