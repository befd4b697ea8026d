#include "capture/live.h"

#include <fmt/format.h>
#include <pcap/pcap.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "capture/octet_input.h"

namespace rata::capture {
namespace {

constexpr int snapshot_octets = 65535;
constexpr int wake_up_ms = 100;  // libpcap hands over what came within this time, rather than each frame by itself
constexpr int patience_ms = 200;
constexpr int kernel_buffer_octets = 32 * 1024 * 1024;
constexpr std::size_t block_octets = 4 * 1024 * 1024;

struct PcapCloser {
  void operator()(pcap_t* handle) const { pcap_close(handle); }
};
using Handle = std::unique_ptr<pcap_t, PcapCloser>;

/// DLT_ numbers of libpcap and LINKTYPE_ numbers of files differ where the systems never agreed on one.
LinkType link_type_of(int data_link) { return data_link == DLT_RAW ? LinkType::Raw : static_cast<LinkType>(data_link); }

class Live final : public Source {
 public:
  Live(std::string name, Handle handle, bool nanoseconds)
      : name_(std::move(name)),
        handle_(std::move(handle)),
        link_(link_type_of(pcap_datalink(handle_.get()))),
        tick_ns_(nanoseconds ? 1 : 1000),
        block_(std::make_unique_for_overwrite<std::uint8_t[]>(block_octets)) {
    link_types_.insert(link_);
  }

  Read read(std::vector<Frame>& batch) override;
  const std::vector<util::Error>& errors() const override { return errors_; }
  SourceStats stats() override;
  bool live() const override { return true; }
  const std::set<LinkType>& link_types() const override { return link_types_; }
  const std::string& name() const override { return name_; }
  void stop() override {
    stop_.set();
    pcap_breakloop(handle_.get());
  }

 private:
  static void take(u_char* self, const pcap_pkthdr* header, const u_char* octets);
  void take_ready(std::vector<Frame>& batch);
  bool wait();
  void fail(const std::string& why) { errors_.push_back({fmt::format("{}: {}", name_, why)}); }

  std::string name_;
  Handle handle_;
  LinkType link_;
  std::int64_t tick_ns_;
  StopSignal stop_;
  std::unique_ptr<std::uint8_t[]> block_;  ///< libpcap's memory dies with its call, so the batch is copied here
  std::size_t block_used_ = 0;
  std::vector<Frame>* batch_ = nullptr;
  SourceStats stats_;
  std::uint32_t dropped_before_ = 0;
  std::set<LinkType> link_types_;
  std::vector<util::Error> errors_;
};

void Live::take(u_char* self, const pcap_pkthdr* header, const u_char* octets) {
  Live& live = *reinterpret_cast<Live*>(self);
  std::uint8_t* const copy = live.block_.get() + live.block_used_;
  std::memcpy(copy, octets, header->caplen);
  live.block_used_ += header->caplen;
  live.batch_->push_back({.octets = {copy, header->caplen},
                          .time = {header->ts.tv_sec * util::ns_per_second + header->ts.tv_usec * live.tick_ns_},
                          .ordinal = live.stats_.frames++,
                          .original_length = header->len,
                          .link = live.link_});
  live.stats_.octets += header->caplen;
}

void Live::take_ready(std::vector<Frame>& batch) {
  batch_ = &batch;
  block_used_ = 0;
  for (;;) {
    const std::size_t room = std::min(max_batch - batch.size(), (block_octets - block_used_) / snapshot_octets);
    if (room == 0) return;
    const std::size_t before = batch.size();
    const int status = pcap_dispatch(handle_.get(), static_cast<int>(room), take, reinterpret_cast<u_char*>(this));
    if (status == PCAP_ERROR) fail(fmt::format("capturing failed: {}", pcap_geterr(handle_.get())));
    if (status < 0 || batch.size() == before) return;
  }
}

/// False when nothing came.
bool Live::wait() {
  std::array<pollfd, 2> waiting = {
      {{pcap_get_selectable_fd(handle_.get()), POLLIN, 0}, {stop_.descriptor(), POLLIN, 0}}};
  return ::poll(waiting.data(), waiting.size(), patience_ms) > 0;
}

Read Live::read(std::vector<Frame>& batch) {
  batch.clear();
  if (stop_.is_set() || !errors_.empty()) return Read::end;
  take_ready(batch);
  if (batch.empty() && errors_.empty() && wait()) take_ready(batch);
  if (!batch.empty()) return Read::frames;
  return stop_.is_set() || !errors_.empty() ? Read::end : Read::idle;
}

SourceStats Live::stats() {
  pcap_stat kernel{};
  if (pcap_stats(handle_.get(), &kernel) == 0) {
    // 32-bit counters that wrap around on a busy link.
    const std::uint32_t dropped = kernel.ps_drop + kernel.ps_ifdrop;
    stats_.kernel_dropped += static_cast<std::uint32_t>(dropped - dropped_before_);
    dropped_before_ = dropped;
  }
  return stats_;
}

util::Error activation_error(const std::string& interface, pcap_t* handle, int status) {
  if (status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR_PROMISC_PERM_DENIED) {
    std::error_code fault;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", fault);
    return {
        fmt::format("{}: capturing is not permitted to this user; allow it once with: "
                    "sudo setcap cap_net_raw,cap_net_admin=eip {}",
                    interface, fault ? "/path/to/this/program" : program.string())};
  }
  const char* detail = pcap_geterr(handle);
  return {fmt::format("{}: capturing cannot start: {}{}{}", interface, pcap_statustostr(status),
                      *detail != '\0' ? ": " : "", detail)};
}

util::Result<void> set_filter(const std::string& interface, pcap_t* handle, const std::string& filter) {
  if (filter.empty()) return {};
  bpf_program program{};
  if (pcap_compile(handle, &program, filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
    return util::Error{
        fmt::format("{}: the capture filter \"{}\" cannot be understood: {} (pcap-filter(7) describes it)", interface,
                    filter, pcap_geterr(handle))};
  const int status = pcap_setfilter(handle, &program);
  pcap_freecode(&program);
  if (status != 0)
    return util::Error{
        fmt::format("{}: the capture filter \"{}\" cannot be set: {}", interface, filter, pcap_geterr(handle))};
  return {};
}

}  // namespace

util::Result<std::unique_ptr<Source>> open_live(const std::string& interface, const SourceOptions& options) {
  std::array<char, PCAP_ERRBUF_SIZE> reason{};
  Handle handle(pcap_create(interface.c_str(), reason.data()));
  if (!handle) return util::Error{fmt::format("{}: capturing cannot start: {}", interface, reason.data())};
  pcap_set_snaplen(handle.get(), snapshot_octets);
  pcap_set_promisc(handle.get(), 1);  // a port mirror sends frames that are addressed to others
  pcap_set_timeout(handle.get(), wake_up_ms);
  pcap_set_buffer_size(handle.get(), kernel_buffer_octets);
  const bool nanoseconds = pcap_set_tstamp_precision(handle.get(), PCAP_TSTAMP_PRECISION_NANO) == 0;
  // Positive: it works, with a warning, such as an interface that knows no promiscuous mode.
  const int status = pcap_activate(handle.get());
  if (status < 0) return activation_error(interface, handle.get(), status);
  const bool ethernet = pcap_datalink(handle.get()) == DLT_EN10MB;
  const std::string& filter = ethernet ? options.filter.ethernet : options.filter.other;
  if (const auto filtered = set_filter(interface, handle.get(), filter); !filtered) return filtered.error();
  if (pcap_setnonblock(handle.get(), 1, reason.data()) != 0)
    return util::Error{fmt::format("{}: capturing cannot start: {}", interface, reason.data())};
  return std::unique_ptr<Source>(std::make_unique<Live>(interface, std::move(handle), nanoseconds));
}

}  // namespace rata::capture
