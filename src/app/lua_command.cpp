// lua: what a script does, before it runs where it matters.

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "app/options.h"
#include "app/output.h"
#include "app/script_comparison.h"
#include "app/signals.h"
#include "pipeline/scripts.h"
#include "pipeline/service.h"
#include "script/sources.h"
#include "summary/summary.h"
#include "util/utf8.h"

namespace rata::app {
namespace {

using pipeline::Config;
using script::Script;

struct Options {
  InputOptions input;
  std::string action, file, against, country, asn;
  std::vector<std::string> source, set;
  std::uint32_t window_seconds = 1;
  bool quiet = false;
};

/// "name=50": what it is meant as, the script's default says.
util::Result<void> set_parameters(const std::vector<std::string>& set, script::ScriptConfig& into) {
  into.parameters_are_texts = true;
  for (const std::string& one : set) {
    const std::size_t equals = one.find('=');
    if (equals == std::string::npos || equals == 0)
      return util::Error{fmt::format("--set {}: has to be NAME=VALUE, such as more_than=50", one)};
    into.parameters[one.substr(0, equals)] = one.substr(equals + 1);
  }
  return {};
}

util::Result<void> add_script(const std::string& file, const std::string& name, const Options& options,
                              Config& config) {
  script::ScriptConfig script{.file = file,
                              .sketch_seed = config.sketch_seed,
                              .most_rows = config.most_rows(),
                              .country = config.geography.country,
                              .asn = config.geography.asn};
  if (auto set = set_parameters(options.set, script); !set) return set;
  auto started = Script::start(script, complain);
  if (!started) return started.error();
  pipeline::ReducerEntry entry;
  entry.script = std::move(*started);
  entry.reducer.name = name;
  entry.send = {"windows"};
  config.reducers.push_back(std::move(entry));
  return {};
}

/// One script, or two side by side, to the memory of this command.
util::Result<Config> configure(const Options& options) {
  Config config;
  config.server = "test";
  config.window.seconds = options.window_seconds;
  config.channels = {{"windows", {.url = "memory:"}}};
  config.source.emplace().what = options.source;
  config.source->arrival_time = true;
  config.geography = {.country = options.country, .asn = options.asn};
  const auto input = options.input.intake();
  if (!input) return input.error();
  if (!options.input.ports.empty()) config.ports = input->ports;
  config.from = input->from;
  config.to = input->to;
  options.input.close(config.tunnels);
  if (options.input.threads) config.threads = *options.input.threads;
  const bool both = !options.against.empty();
  if (auto added = add_script(options.file, both ? "new" : "", options, config); !added) return added.error();
  if (both)
    if (auto added = add_script(options.against, "old", options, config); !added) return added.error();
  if (auto finished = pipeline::finish_scripts(config); !finished) return finished.error();
  if (auto valid = pipeline::validate(config); !valid) return valid.error();
  return config;
}

double own_cpu_seconds() {
  rusage used;
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// A number of the script's process, which may say anything.
double number_of(const nlohmann::ordered_json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number() ? found->get<double>() : 0;
}

std::string compiled_text(const script::ScriptFigures& figures, bool may) {
  if (!may) return "interpreted: machine code may not be made here (MemoryDenyWriteExecute)";
  const auto& what = figures.compiling;
  if (!what.is_object()) return "nothing is known of compiling";
  constexpr std::size_t most_reason_octets = 200;
  const auto loop = what.find("loop");
  std::string text = loop != what.end() && *loop == true ? "compiled" : "interpreted";
  text += fmt::format(" ({:.0f} traces", number_of(what, "traces"));
  if (const double aborts = number_of(what, "aborts"); aborts > 0) text += fmt::format(", {:.0f} given up", aborts);
  text += ")";
  if (const auto why = what.find("why"); why != what.end() && why->is_array())
    for (const auto& one : *why)
      if (one.is_string())
        text += "\n            given up at " + util::printable(one.get<std::string>(), most_reason_octets);
  return text;
}

void tell_cost(const Script& script, const script::ScriptFigures& figures, const std::string& name) {
  const std::string head = name.empty() ? script.config().file : fmt::format("{} ({})", script.config().file, name);
  if (script.description().declared) {
    tell(fmt::format("{}: a declaration: the monitor counts it itself\n", head));
    return;
  }
  const double messages = static_cast<double>(std::max<std::uint64_t>(figures.counted, 1));
  tell(fmt::format("{}: {} messages in {} windows\n", head, figures.counted, figures.windows));
  tell(fmt::format("  time      {:.0f} ns a message in its process\n", static_cast<double>(figures.cpu_ns) / messages));
  tell(fmt::format("  memory    {:.1f} MiB of Lua at most at the end of a window\n",
                   static_cast<double>(figures.lua_octets_most) / (1024 * 1024)));
  tell(fmt::format("  the loop over the messages is {}\n", compiled_text(figures, script.description().compiles)));
  if (figures.faults != 0) tell(fmt::format("  faults    {}\n", figures.faults));
}

/// The figures of the script of that name.
script::ScriptFigures figures_of(const pipeline::Books& books, const std::string& name) {
  const auto found = std::ranges::find(books.scripts, name, &script::ScriptFigures::name);
  return found == books.scripts.end() ? script::ScriptFigures{} : *found;
}

void tell_end(const Config& config, const pipeline::Books& books, double cpu_seconds) {
  for (const pipeline::ReducerEntry& entry : config.reducers)
    tell_cost(*entry.script, figures_of(books, entry.reducer.shown_name()),
              config.reducers.size() > 1 ? entry.reducer.name : "");
  tell(fmt::format("reading, and all else here: {:.0f} ns a message\n",
                   cpu_seconds * 1e9 / static_cast<double>(std::max<std::uint64_t>(books.well_formed, 1))));
  tell(pipeline::balance_text(books));
}

int test(const Options& options) {
  const SignalsBlocked quiet;  // threads begin below
  const auto config = configure(options);
  if (!config) {
    complain(config.error().message);
    return exit_usage;
  }
  auto sources = pipeline::open_source(*config);
  if (!sources) {
    complain(sources.error().message);
    return exit_failed;
  }
  ScriptComparison comparison;
  const bool both = !options.against.empty();
  const channel::Deliver deliver = [&](std::span<const summary::Summary> batch) {
    for (const summary::Summary& one : batch) {
      if (both)
        comparison.add(one);
      else if (!options.quiet)
        print("{}\n", summary::to_json(one));
    }
  };
  const double cpu_before = own_cpu_seconds();
  auto monitor = pipeline::Monitor::make(*config, *sources, deliver, complain);
  if (!monitor) {
    complain(monitor.error().message);
    return exit_failed;
  }
  const SignalWatch signals([&monitor] { (*monitor)->stop(); });
  (*monitor)->run();
  const pipeline::MonitorState state = (*monitor)->state();
  if (both) put(comparison.text());
  const bool written = output_done();
  complain_of_output();
  tell_end(*config, state.books, own_cpu_seconds() - cpu_before);
  const bool failed = state.input == pipeline::InputState::failed ||
                      std::ranges::any_of(state.books.scripts, [](const auto& one) { return one.faults != 0; });
  return failed || !written ? exit_failed : exit_done;
}

int list_shipped() {
  for (const script::LuaText& one : script::shipped_scripts()) {
    const std::string_view first = one.source.substr(0, one.source.find('\n'));
    print("{:<20} {}\n", one.name, first.starts_with("-- ") ? first.substr(3) : first);
  }
  return exit_done;
}

int act(const Options& options) {
  if (options.action == "list") return list_shipped();
  if (options.file.empty()) {
    complain(fmt::format("lua {}: which script? A file, or one that comes with the program (`ratadns lua list`)",
                         options.action));
    return exit_usage;
  }
  if (options.action == "show") {
    const auto source = script::read_source(options.file);
    if (!source) {
      complain(source.error().message);
      return exit_usage;
    }
    put(*source);
    return exit_done;
  }
  if (options.source.empty()) {
    complain(
        fmt::format("lua test {}: on what? A capture, an interface or -, as `ratadns run` takes them", options.file));
    return exit_usage;
  }
  return test(options);
}

}  // namespace

void add_lua(CLI::App& app, int& status) {
  CLI::App* command =
      app.add_subcommand("lua", "Try a reducer that is written in Lua; list and show those that come along");
  auto options = std::make_shared<Options>();
  command
      ->add_option("ACTION", options->action,
                   "test: run a script on a capture; list or show the scripts that come along")
      ->required()
      ->check(CLI::IsMember({"test", "list", "show"}));
  command->add_option("FILE", options->file, "a script, or the name of one that comes with the program");
  command->add_option("SOURCE", options->source,
                      "captures, folders of them, an interface, - ... as `ratadns run` takes them");
  options->input.add_to(*command);
  command
      ->add_option("--against", options->against,
                   "another version of it: both run side by side, and what differs is told")
      ->type_name("FILE");
  command->add_option("--set", options->set, "a parameter of the script: NAME=VALUE")->type_name("NAME=VALUE");
  command->add_option("--window", options->window_seconds, "length of a window in seconds (default: 1)")
      ->type_name("SECONDS")
      ->check(CLI::Range(1, 86'400));
  command
      ->add_option("--country", options->country,
                   "a MaxMind DB file of countries, as [geography] of a configuration has")
      ->type_name("FILE");
  command->add_option("--asn", options->asn, "one of autonomous systems")->type_name("FILE");
  command->add_flag("--quiet", options->quiet, "no windows, only what they cost");
  command->footer(
      "Examples:\n  ratadns lua test busy.lua capture.pcap --set more_than=50\n"
      "  ratadns lua test busy.lua capture.pcap --against busy.old.lua\n  ratadns lua show tunnels > mine.lua");
  command->callback([options, &status] { status = act(*options); });
}

}  // namespace rata::app
