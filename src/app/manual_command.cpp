#include <fmt/format.h>

#include <sstream>

#include "app/command_tree.h"
#include "app/options.h"
#include "app/output.h"

namespace rata::app {
namespace {

constexpr const char* description = R"(.SH DESCRIPTION
.B ratadns
watches DNS servers through their packets: it reads a network interface, capture files or a pipe, puts fragments and TCP
streams together, reads the DNS messages, and counts. Every frame, TCP octet and message that came in is accounted for.
.PP
A capture is pcap, pcapng or dnstap, plain or compressed with gzip, xz, zstd, lz4 or bzip2; formats are found by content.
Several files and folders are one input, in the order of time.
)";

constexpr const char* rest = R"(.SH SIGNALS
.TP
.BR SIGINT ", " SIGTERM
end in order: what was read is counted and sent, and the balance is printed. A second one ends at once.
.TP
.B SIGHUP
reads the configuration again, where one was given
.RB ( run ", " monitor ", " aggregate ;
.B ratadns reload
checks it first). Standard error says what became of it.
.TP
.B SIGUSR1
prints the balance until now on standard error, and the work goes on
.RB ( run ", " monitor ", " aggregate ", " summary ", " serialize ", " show ).
.SH EXIT STATUS
.TP
.B 0
done
.TP
.B 1
something failed and was reported on standard error
.TP
.B 2
usage or configuration
.SH FILES
.TP
.IR /etc/ratadns/monitor.toml ", " run.toml ", " aggregate.toml
what the services of the package
.RI ( ratadns\-monitor.service ", " ratadns.service ", " ratadns\-aggregator.service )
read
.TP
.I ~/.local/state/ratadns/history.db
the history of
.BR aggregate ,
where no file says otherwise; below
.B STATE_DIRECTORY
or
.B XDG_STATE_HOME
where they are set
.SH SEE ALSO
.BR ratadns.toml (5),
.BR tcpdump (1),
.BR pcap\-filter (7)
)";

/// Text of roff: a hyphen that is to be typed is a minus, and no line begins with a request by chance.
std::string roff(std::string_view text) {
  std::string out;
  for (const char character : text) {
    if ((out.empty() || out.back() == '\n') && (character == '.' || character == '\'')) out += "\\&";
    if (character == '\\')
      out += "\\e";
    else if (character == '-')
      out += "\\-";
    else
      out += character;
  }
  return out;
}

/// .TP of an option: "-c, --config FILE", what it does, and the words it takes.
std::string option_text(const CommandOption& option) {
  std::string names;
  for (const std::string& name : option.names)
    names += fmt::format("{}\\fB{}\\fR", names.empty() ? "" : ", ", roff(name));
  if (option.positional)
    names = fmt::format("\\fI{}\\fR{}", roff(option.value), option.repeatable ? "..." : "");
  else if (!option.value.empty())
    names += fmt::format(" \\fI{}\\fR", roff(option.value));
  std::string text = fmt::format(".TP\n{}\n{}\n", names, roff(option.help));
  if (option.words.empty()) return text;
  text += "(";
  for (std::size_t i = 0; i < option.words.size(); ++i)
    text += fmt::format("{}\\fB{}\\fR", i == 0 ? "" : ", ", roff(option.words[i]));
  return text + ")\n";
}

std::string synopsis_of(const Command& command) {
  std::string text = fmt::format("\\fBratadns {}\\fR [\\fIOPTION\\fR]...", command.name);
  for (const CommandOption& option : command.options) {
    if (!option.positional) {
      if (option.required) text += fmt::format(" \\fB{}\\fR \\fI{}\\fR", roff(option.names.back()), option.value);
      continue;
    }
    const std::string word = fmt::format("\\fI{}\\fR{}", roff(option.value), option.repeatable ? "..." : "");
    text += option.required ? " " + word : " [" + word + "]";
  }
  return text;
}

/// The lines that are set in, as they stand; the others are text.
std::string footer_text(const std::string& footer) {
  std::string text;
  std::istringstream lines(footer);
  bool example = false;
  for (std::string line; std::getline(lines, line);) {
    const bool set_in = line.starts_with("  ");
    if (set_in != example) text += set_in ? ".PP\n.EX\n" : ".EE\n.PP\n";
    if (!set_in && !example && !line.empty()) text += text.empty() ? ".PP\n" : "";
    example = set_in;
    text += roff(line) + "\n";
  }
  return example ? text + ".EE\n" : text;
}

std::string manual(const CLI::App& app) {
  const std::vector<Command> commands = commands_of(app);
  std::string text = fmt::format(
      ".TH RATADNS 1 \"\" \"RaTA DNS {}\" \"User Commands\"\n.SH NAME\nratadns \\- watches DNS servers through their "
      "packets\n.SH SYNOPSIS\n",
      RATADNS_VERSION);
  for (const Command& command : commands) text += synopsis_of(command) + "\n.br\n";
  text += description;
  text += ".SH OPTIONS\n";
  for (const CommandOption& option : options_of(app)) text += option_text(option);
  text += ".SH COMMANDS\n";
  for (const Command& command : commands) {
    text += fmt::format(".SS {}\n{}\n.PP\n{}.\n", command.name, synopsis_of(command), roff(command.help));
    for (const CommandOption& option : command.options) text += option_text(option);
    text += footer_text(command.footer);
  }
  return text + rest;
}

}  // namespace

void add_manual(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("manual", "The manual page ratadns(1), for man");
  command->footer("Example:\n  ratadns manual | man -l -");
  command->callback([&app, &status] {
    put(manual(app));
    status = exit_done;
  });
}

}  // namespace rata::app
