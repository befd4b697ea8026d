#include <fmt/format.h>

#include <memory>

#include "app/options.h"
#include "app/ordered_output.h"
#include "reduce/speedy_json.h"

namespace rata::app {
namespace {

struct Options {
  InputOptions input;
  std::vector<std::string> files = {"-"};
  std::vector<std::string> fields = reduce::SpeedyFields::names();
};

int serialize(const Options& options) {
  const reduce::SpeedyFields fields = reduce::SpeedyFields::from(options.fields);
  return print_packets(options.input, options.files, [fields](const reduce::Packet& packet, std::string& out) {
    return reduce::append_speedy(packet, fields, out);
  });
}

}  // namespace

void add_serialize(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("serialize", "DNS messages as length-prefixed JSON on standard output");
  auto options = std::make_shared<Options>();
  options->input.add_to(*command);
  command->add_flag(
      "--balance", options->input.balance,
      "at the end say on standard error what became of every frame; without it only when something was lost");
  command
      ->add_option("--fields", options->fields, "what to write beside id and flags, with commas between (default: all)")
      ->delimiter(',')
      ->type_name("LIST")
      ->allow_extra_args(false)
      ->check(CLI::IsMember(reduce::SpeedyFields::names()));
  command->add_option(
      "FILE", options->files,
      "captures and folders of them, read as one; - is standard input (default); dnstap:-, speedy:FILE");
  command->footer("Example:\n  ratadns serialize --fields addresses,queries capture.pcap > messages.json");
  command->callback([options, &status] { status = serialize(*options); });
}

}  // namespace rata::app
