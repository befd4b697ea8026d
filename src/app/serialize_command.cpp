#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/capture_reader.h"
#include "app/options.h"
#include "dns/records.h"

namespace rata::app {
namespace {

using nlohmann::ordered_json;

struct Options {
  InputOptions input;
  std::vector<std::string> files = {"-"};
  std::vector<std::string> fields = {"addresses", "queries", "answers", "authorities", "additionals"};
};

std::string hex_number(unsigned number) { return fmt::format("{:x}", number); }

/// Writes each message as the older serializer did: the length of a JSON object in octets, then the object.
class RecordWriter final : public pipeline::PacketSink {
 public:
  explicit RecordWriter(const std::vector<std::string>& fields) {
    const auto chosen = [&](const char* field) { return std::ranges::find(fields, field) != fields.end(); };
    addresses_ = chosen("addresses");
    queries_ = chosen("queries");
    answers_ = chosen("answers");
    authorities_ = chosen("authorities");
    additionals_ = chosen("additionals");
  }

  void add(std::size_t, std::span<const reduce::Packet> batch) override {
    for (const reduce::Packet& packet : batch) {
      const std::string json = record(packet).dump();
      out_ += std::to_string(json.size());
      out_ += json;
    }
    if (out_.size() > 1 << 16) flush();
  }
  util::Time advance(util::Time) override { return {INT64_MAX}; }

  /// False when nobody takes it.
  bool flush() {
    std::fwrite(out_.data(), 1, out_.size(), stdout);
    out_.clear();
    return std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  }

 private:
  ordered_json record(const reduce::Packet& packet) const {
    const bool response = packet.message.is_response();
    ordered_json json = ordered_json::object();
    const auto knows = [&packet](util::Member member) { return !packet.lacks.has(member); };
    const std::string client = party(packet.client, packet.client_text),
                      server = party(packet.server, packet.server_text);
    if (addresses_ && knows(util::Member::source)) json["source"] = response ? server : client;
    if (addresses_ && knows(util::Member::dest)) json["dest"] = response ? client : server;
    if (knows(util::Member::id)) json["id"] = hex_number(packet.message.id);
    if (knows(util::Member::flags)) json["flags"] = hex_number(packet.message.flags);
    if (!queries_ && !answers_ && !authorities_ && !additionals_) return json;
    const dns::Sections sections = dns::read_sections(packet.message);
    if (queries_ && knows(util::Member::queries)) {
      json["queries"] = ordered_json::array();
      for (const dns::Question& question : sections.questions)
        json["queries"].push_back({{"qname", question.qname},
                                   {"qtype", hex_number(question.qtype)},
                                   {"qclass", hex_number(question.qclass)}});
    }
    if (answers_) add_section(json, "answers", sections.answers);
    if (authorities_) add_section(json, "authorities", sections.authorities);
    if (additionals_) add_section(json, "additionals", sections.additionals);
    return json;
  }

  /// As it came, where it is no address any more.
  static std::string party(const util::Address& address, std::string_view text) {
    return text.empty() ? util::hex(address) : std::string(text);
  }

  static void add_section(ordered_json& json, const char* name, const std::vector<dns::Record>& records) {
    if (records.empty()) return;
    ordered_json list = ordered_json::array();
    for (const dns::Record& record : records) {
      ordered_json item = {{"name", record.owner},
                           {"type", hex_number(record.type)},
                           {"class", hex_number(record.rr_class)},
                           {"ttl", hex_number(record.ttl)}};
      if (record.type == dns::type_ns && !record.name_in_rdata.empty())
        item["ns"] = {record.name_in_rdata};
      else
        item["rdata"] = util::hex(record.rdata);
      list.push_back(std::move(item));
    }
    json[name] = std::move(list);
  }

  bool addresses_, queries_, answers_, authorities_, additionals_;
  std::string out_;
};

int serialize(const Options& options) {
  auto config = options.input.intake_of(options.files);
  if (!config) {
    complain(config.error().message);
    return exit_usage;
  }
  config->shards = 1;  // one shard keeps the order of the input
  RecordWriter writer(options.fields);
  pipeline::Intake intake(*config, writer);
  if (auto kept = intake.keep_malformed(options.input.keep_malformed, options.files); !kept) {
    complain(kept.error().message);
    return exit_failed;
  }
  const CaptureFacts facts = read_captures(options.files, intake, [&writer] { return writer.flush(); });
  writer.flush();
  for (const std::string& error : facts.errors) complain(error);
  const pipeline::Books books = intake.books();
  if (books.malformed_total() + books.broken_records > 0)
    complain(fmt::format("{} malformed messages left out, {} written up to their first broken record",
                         books.malformed_total(), books.broken_records));
  if (std::ferror(stdout) != 0) complain("standard output: cannot be written");
  return facts.errors.empty() && !facts.interrupted && std::ferror(stdout) == 0 ? exit_done : exit_failed;
}

}  // namespace

void add_serialize(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("serialize", "DNS messages as length-prefixed JSON on standard output");
  auto options = std::make_shared<Options>();
  options->input.add_to(*command);
  command
      ->add_option("--fields", options->fields, "what to write beside id and flags, with commas between (default: all)")
      ->delimiter(',')
      ->type_name("LIST")
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"addresses", "queries", "answers", "authorities", "additionals"}));
  command->add_option(
      "FILE", options->files,
      "captures and folders of them, read as one; - is standard input (default); dnstap:-, speedy:FILE");
  command->footer("Example:\n  ratadns serialize --fields addresses,queries capture.pcap > messages.json");
  command->callback([options, &status] { status = serialize(*options); });
}

}  // namespace rata::app
