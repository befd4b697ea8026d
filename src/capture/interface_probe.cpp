#include "capture/interface_probe.h"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include <array>
#include <filesystem>
#include <memory>

namespace rata::capture {
namespace {

constexpr int snapshot_octets = 262'144;      // libpcap's own most: nothing is cut
constexpr int probe_buffer_octets = 1 << 17;  // nobody will read from it

struct PcapCloser {
  void operator()(pcap_t* handle) const { pcap_close(handle); }
};
using Handle = std::unique_ptr<pcap_t, PcapCloser>;

util::Error activation_error(const std::string& interface, pcap_t* handle, int status) {
  if (status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR_PROMISC_PERM_DENIED) {
    std::error_code fault;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", fault);
    return {
        fmt::format("{}: capturing is not permitted to this user; allow it once with: "
                    "sudo setcap cap_net_raw=eip {}",
                    interface, fault ? "/path/to/this/program" : program.string())};
  }
  const char* detail = pcap_geterr(handle);
  return {fmt::format("{}: capturing cannot start: {}{}{}", interface, pcap_statustostr(status),
                      *detail != '\0' ? ": " : "", detail)};
}

util::Result<Program> compile(const std::string& interface, pcap_t* handle, const std::string& filter) {
  if (filter.empty()) return accept_all();
  bpf_program compiled{};
  if (pcap_compile(handle, &compiled, filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
    return util::Error{
        fmt::format("{}: the capture filter \"{}\" cannot be understood: {} (pcap-filter(7) describes it)", interface,
                    filter, pcap_geterr(handle))};
  Program program;
  for (u_int i = 0; i < compiled.bf_len; ++i) {
    const bpf_insn& one = compiled.bf_insns[i];
    program.push_back({.code = one.code, .jt = one.jt, .jf = one.jf, .k = one.k});
  }
  pcap_freecode(&compiled);
  return program;
}

/// DLT_ numbers of libpcap and LINKTYPE_ numbers of files differ where the systems never agreed on one.
LinkType link_type_of(int data_link) { return data_link == DLT_RAW ? LinkType::Raw : static_cast<LinkType>(data_link); }

}  // namespace

util::Result<InterfaceFacts> probe_interface(const std::string& name, const LiveFilter& filter) {
  std::array<char, PCAP_ERRBUF_SIZE> reason{};
  // A handle that is activated, not a dead one: filters about VLANs have to know that the kernel takes tags off.
  Handle handle(pcap_create(name.c_str(), reason.data()));
  if (!handle) return util::Error{fmt::format("{}: capturing cannot start: {}", name, reason.data())};
  pcap_set_snaplen(handle.get(), snapshot_octets);
  pcap_set_buffer_size(handle.get(), probe_buffer_octets);
  // Positive: it works, with a warning.
  const int status = pcap_activate(handle.get());
  if (status < 0) return activation_error(name, handle.get(), status);
  const int data_link = pcap_datalink(handle.get());
  InterfaceFacts facts{.name = name, .link = link_type_of(data_link), .filter = {}};
  if (data_link == DLT_LINUX_SLL || data_link == DLT_LINUX_SLL2) {
    // libpcap moves the offsets of such filters about in its own reading; what a socket sees of these is bare IP.
    facts.link = LinkType::LinuxSll;
    facts.cooked = true;
    handle.reset(pcap_open_dead(DLT_RAW, snapshot_octets));
  }
  auto program = compile(name, handle.get(), data_link == DLT_EN10MB ? filter.ethernet : filter.other);
  if (!program) return program.error();
  facts.filter = std::move(*program);
  return facts;
}

}  // namespace rata::capture
