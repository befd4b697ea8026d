#include <fmt/format.h>

#include <memory>
#include <utility>

#include "app/options.h"
#include "app/output.h"
#include "app/signals.h"
#include "app/summary_report.h"

namespace rata::app {
namespace {

/// Names, and likewise clients, kept apart in all shards together: past it the rarest go, with a stated error. The
/// whole table takes about 50 octets a name.
constexpr std::size_t keys_kept = 4'000'000;

struct Options {
  InputOptions input;
  std::vector<std::string> files;
  std::string only;
  bool json = false;
};

/// One report a shard.
class Reports final : public pipeline::PacketSink {
 public:
  Reports(reduce::ReportScope scope, std::size_t shards) {
    for (std::size_t i = 0; i < shards; ++i)
      shards_.push_back(std::make_unique<reduce::Report>(scope, keys_kept / shards));
  }

  void add(std::size_t shard, std::size_t, std::span<const reduce::Packet> batch) override {
    shards_[shard]->add(batch);
  }
  util::Time advance(util::Time) override { return {INT64_MAX}; }

  reduce::WholeReport whole(pipeline::Intake& intake, std::size_t threads) {
    return {std::move(shards_), threads,
            [&intake](std::size_t tasks, const pipeline::Crew::Task& task) { intake.for_each(tasks, task); }};
  }

 private:
  std::vector<std::unique_ptr<reduce::Report>> shards_;
};

reduce::ReportScope scope_of(const std::string& only) {
  if (only == "counts") return reduce::ReportScope::counts;
  return only == "names" ? reduce::ReportScope::names : reduce::ReportScope::all;
}

int summarise(const Options& options) {
  auto config = options.input.intake_of(options.files);
  if (!config) {
    complain(config.error().message);
    return exit_usage;
  }
  const auto scope = scope_of(options.only);
  config->names = scope != reduce::ReportScope::counts;
  const SignalsBlocked quiet;  // threads begin below, and the watch over signals later
  Reports reports(scope, config->shards);
  pipeline::Intake intake(*config, reports);
  if (auto kept = intake.keep_malformed(options.input.keep_malformed, options.files); !kept) {
    complain(kept.error().message);
    return exit_failed;
  }
  CaptureFacts facts = read_captures(options.files, intake);
  pipeline::Books books = intake.books();
  books.left_out = facts.left_out;
  const CaptureSummary summary{.files = options.files,
                               .facts = std::move(facts),
                               .scope = scope,
                               .report = reports.whole(intake, config->threads),
                               .books = std::move(books),
                               .from = config->from,
                               .to = config->to};
  // For people, an input that could not be read at all is an error and no report; programs always get their object.
  const bool nothing_read = summary.facts.packets == 0 && !summary.facts.errors.empty();
  if (options.json)
    print("{}\n", summary_json(summary));
  else if (!nothing_read)
    put(summary_text(summary));
  const bool written = output_done();
  complain_of_output();
  for (const std::string& error : summary.facts.errors) complain(error);
  if (summary.facts.interrupted) complain("interrupted: the figures cover what was read until then");
  return summary.facts.errors.empty() && !summary.facts.interrupted && written ? exit_done : exit_failed;
}

}  // namespace

void add_summary(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("summary", "What is in one or more captures");
  auto options = std::make_shared<Options>();
  options->input.add_to(*command);
  command->add_flag("--json", options->json, "one JSON object instead of a report for people");
  command
      ->add_option(
          "--only", options->only,
          "counts: what header, question and EDNS say, in a third of the time; names: also the names asked for")
      ->check(CLI::IsMember({"counts", "names"}));
  command
      ->add_option("FILE", options->files,
                   "captures and folders of them, read as one; - is standard input; dnstap:-, speedy:FILE")
      ->required();
  command->footer(
      "Examples:\n  ratadns summary capture.pcap\n  ratadns summary --json --port 5353 capture.pcap.gz\n  ratadns "
      "summary rotated/\n"
      "  tcpdump -r old.pcap -w - | ratadns summary -");
  command->callback([options, &status] { status = summarise(*options); });
}

}  // namespace rata::app
