#include "app/capture_reader.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>

#include "app/options.h"
#include "app/signals.h"
#include "util/guarded.h"

namespace rata::app {
namespace {

/// A line on the terminal, twice a second, wiped at the end.
class Progress {
 public:
  void show(const std::string& file, const CaptureFacts& facts) {
    if (!terminal_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + std::chrono::milliseconds(500);
    shown_ = true;
    tell(fmt::format("\r\033[K{}: {:.1f} M packets, {:.0f} MB", file, static_cast<double>(facts.packets) / 1e6,
                     static_cast<double>(facts.octets) / 1e6));
  }
  void wipe() {
    if (std::exchange(shown_, false)) tell("\r\033[K");
  }
  ~Progress() { wipe(); }

 private:
  bool terminal_ = isatty(STDERR_FILENO) != 0;
  bool shown_ = false;
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now() + std::chrono::seconds(1);
};

void note(CaptureFacts& facts, std::span<const capture::Frame> frames) {
  facts.packets += frames.size();
  for (const capture::Frame& frame : frames) {
    facts.octets += frame.octets.size();
    if (frame.envelope != nullptr && (frame.envelope->lacks.has(util::Member::time) || frame.octets.empty())) continue;
    if (!facts.first || frame.time < *facts.first) facts.first = frame.time;
    if (!facts.last || frame.time > *facts.last) facts.last = frame.time;
  }
}

}  // namespace

CaptureFacts read_captures(const std::vector<std::string>& files, pipeline::Intake& intake,
                           const std::function<bool()>& after_read) {
  CaptureFacts facts;
  util::Guarded<capture::Source*> current(nullptr);
  SignalWatch watch([&] {
    current.with([](capture::Source* source) {
      if (source != nullptr) source->stop();
    });
  });
  capture::SourceOptions source_options;
  source_options.interrupted = [&watch] { return watch.stopped(); };
  auto source = capture::open_sources(files, source_options);
  if (!source) {
    facts.errors.push_back(source.error().message);
  } else if ((*source)->live()) {
    const std::string name = capture::name_of_sources(files);
    facts.errors.push_back(fmt::format("{}: is {}; this command reads captures", name,
                                       name.starts_with("dnstap:") ? "a place to listen at" : "an interface"));
  } else {
    current.with([&](capture::Source*& shared) { shared = source->get(); });
    Progress progress;
    std::vector<capture::Frame> batch;
    bool wanted = true;
    while (!watch.stopped() && wanted) {
      const capture::Read read = (*source)->read(batch);
      if (read == capture::Read::end) break;
      note(facts, batch);
      intake.add(batch);
      if (watch.balance_asked()) {
        progress.wipe();
        pipeline::Books books = intake.books();
        books.left_out = (*source)->stats().left_out;
        tell_balance(capture::name_of_sources(files), books);
      }
      progress.show((*source)->name(), facts);
      if (after_read) wanted = after_read();
    }
    current.with([](capture::Source*& shared) { shared = nullptr; });
    facts.left_out = (*source)->stats().left_out;
    facts.link_types = (*source)->link_types();
    for (const util::Error& error : (*source)->errors()) facts.errors.push_back(error.message);
  }
  facts.interrupted = watch.stopped();
  if (const auto kept = intake.finish(); !kept) facts.errors.push_back(kept.error().message);
  return facts;
}

std::string link_type_text(capture::LinkType type) {
  using enum capture::LinkType;
  static constexpr std::pair<capture::LinkType, const char*> names[] = {
      {Null, "NULL"},
      {Ethernet, "ETHERNET"},
      {TokenRing, "IEEE802_5"},
      {Arcnet, "ARCNET_BSD"},
      {Ppp, "PPP"},
      {Fddi, "FDDI"},
      {RawBsd, "RAW"},
      {RawOpenBsd, "RAW"},
      {PppHdlc, "PPP_HDLC"},
      {PppOverEthernet, "PPP_ETHER"},
      {Raw, "RAW"},
      {CiscoHdlc, "C_HDLC"},
      {Wifi, "IEEE802_11"},
      {Loop, "LOOP"},
      {LinuxSll, "LINUX_SLL"},
      {WifiPrism, "IEEE802_11_PRISM"},
      {WifiRadiotap, "IEEE802_11_RADIOTAP"},
      {ArcnetLinux, "ARCNET_LINUX"},
      {User2, "USER2"},
      {WifiAvs, "IEEE802_11_AVS"},
      {Ppi, "PPI"},
      {PppWithDirection, "PPP_WITH_DIR"},
      {Ipv4, "IPV4"},
      {Ipv6, "IPV6"},
      {Nflog, "NFLOG"},
      {Pktap, "PKTAP"},
      {LinuxSll2, "LINUX_SLL2"},
      {Dnstap, "DNSTAP"},
      {Speedy, "SPEEDY"},
  };
  for (const auto& [known, name] : names)
    if (known == type) return name;
  return fmt::format("LINKTYPE{}", static_cast<unsigned>(type));
}

}  // namespace rata::app
