#include <fmt/format.h>

#include <iterator>
#include <memory>
#include <string_view>

#include "app/options.h"
#include "app/ordered_output.h"
#include "dns/message_text.h"
#include "util/encoding.h"

namespace rata::app {
namespace {

struct Options {
  InputOptions input;
  std::vector<std::string> files = {"-"};
};

/// "192.0.2.1:5000", "[2001:db8::1]:5000"; as it came when it came as other text.
void append_end(const util::Address& address, std::string_view as_text, std::uint16_t port, bool ports,
                std::string& out) {
  if (!as_text.empty())
    util::append_escaped({reinterpret_cast<const std::uint8_t*>(as_text.data()), as_text.size()}, out);
  else if (address.v6 && ports)
    out += '[' + util::text(address) + ']';
  else
    out += util::text(address);
  if (ports) fmt::format_to(std::back_inserter(out), ":{}", port);
}

/// One line: where in the input, when, from whom to whom, over what, how large. What the source did not say is "-".
void append_head(const reduce::Packet& packet, std::string& out) {
  using util::Member;
  const bool response = packet.message.is_response(), ports = !packet.lacks.has(Member::ports);
  const auto client = [&] { append_end(packet.client, packet.client_text, packet.client_port, ports, out); };
  const auto server = [&] { append_end(packet.server, packet.server_text, packet.server_port, ports, out); };
  const auto known = [&](Member member) {
    if (!packet.lacks.has(member)) return true;
    out += '-';
    return false;
  };
  fmt::format_to(std::back_inserter(out), "{} ", packet.ordinal + 1);
  if (known(Member::time)) out += util::text(packet.time);
  out += ' ';
  if (known(Member::source)) response ? server() : client();
  out += " > ";
  if (known(Member::dest)) response ? client() : server();
  out += ' ';
  if (known(Member::transport)) out += util::name(packet.transport);
  out += ' ';
  if (known(Member::size)) fmt::format_to(std::back_inserter(out), "{} octets", packet.message.octets.size());
  out += '\n';
}

/// What cannot be read is said where it stands: nothing is missing.
bool append_packet(const reduce::Packet& packet, std::string& out) {
  append_head(packet, out);
  dns::append_message(packet.message, packet.lacks, out);
  out += '\n';
  return true;
}

}  // namespace

void add_show(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("show", "Every DNS message as text, record by record");
  auto options = std::make_shared<Options>();
  options->input.add_to(*command);
  command->add_flag(
      "--balance", options->input.balance,
      "at the end say on standard error what became of every frame; without it only when something was lost");
  command->add_option(
      "FILE", options->files,
      "captures and folders of them, read as one; - is standard input (default); dnstap:-, speedy:FILE");
  command->footer("Examples:\n  ratadns show capture.pcap | less\n  tcpdump -r old.pcap -w - | ratadns show");
  command->callback([options, &status] { status = print_packets(options->input, options->files, append_packet); });
}

}  // namespace rata::app
