#include "pipeline/malformed_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <span>

#include "capture/octet_input.h"
#include "capture/source.h"

namespace rata::pipeline {
namespace {

using Octets = std::vector<std::uint8_t>;

constexpr std::uint8_t tcp = 6, udp = 17;
constexpr std::uint8_t flag_syn = 0x02, flag_push_ack = 0x18;
constexpr std::size_t max_ip_octets = 65'535;
/// A record's seconds have 32 bits, which end in 2106; pcapng and dnstap go on.
constexpr std::int64_t last_stamp_ns = (std::int64_t{UINT32_MAX} + 1) * util::ns_per_second - 1;

void put(Octets& octets, std::uint16_t value) {
  octets.push_back(static_cast<std::uint8_t>(value >> 8));
  octets.push_back(static_cast<std::uint8_t>(value));
}
void put(Octets& octets, std::uint32_t value) {
  put(octets, static_cast<std::uint16_t>(value >> 16));
  put(octets, static_cast<std::uint16_t>(value));
}
void put(Octets& octets, std::span<const std::uint8_t> more) { octets.insert(octets.end(), more.begin(), more.end()); }

std::uint16_t clipped(std::size_t size) { return static_cast<std::uint16_t>(std::min(size, max_ip_octets)); }

/// RFC 1071.
std::uint16_t checksum(std::span<const std::uint8_t> octets) {
  std::uint32_t sum = 0;
  for (std::size_t at = 0; at + 1 < octets.size(); at += 2)
    sum += static_cast<std::uint32_t>(octets[at] << 8 | octets[at + 1]);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

bool is_v6(const decode::Payload& payload) { return payload.source.v6 || payload.destination.v6; }

/// Dnstap may know one address only, or addresses of two families: an IPv4 one in an IPv6 packet is mapped (RFC 4291
/// section 2.5.5.2), a missing one is "::".
void put_v6(Octets& octets, const util::Address& address) {
  constexpr std::uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (address == util::Address{})
    octets.insert(octets.end(), 16, 0);
  else if (!address.v6)
    put(octets, mapped);
  if (address != util::Address{}) put(octets, address.bytes());
}

/// RFC 791 section 3.1, RFC 8200 section 3. The checksum of UDP and TCP stays zero: nobody computed one for us to keep.
Octets ip_header(const decode::Payload& payload, std::uint8_t protocol, std::size_t segment_octets) {
  Octets header;
  if (is_v6(payload)) {
    put(header, std::uint32_t{6} << 28);
    put(header, clipped(segment_octets));
    header.insert(header.end(), {protocol, 64});
    put_v6(header, payload.source);
    put_v6(header, payload.destination);
    return header;
  }
  header.insert(header.end(), {0x45, 0});
  put(header, clipped(segment_octets + 20));
  put(header, std::uint32_t{0});
  header.insert(header.end(), {64, protocol, 0, 0});
  put(header, payload.source.bytes());
  put(header, payload.destination.bytes());
  const std::uint16_t sum = checksum(header);
  header[10] = static_cast<std::uint8_t>(sum >> 8);
  header[11] = static_cast<std::uint8_t>(sum);
  return header;
}

Octets tcp_segment(const decode::Payload& payload, std::uint32_t sequence, std::uint8_t flags) {
  Octets segment;
  put(segment, payload.source_port);
  put(segment, payload.destination_port);
  put(segment, sequence);
  put(segment, std::uint32_t{0});
  segment.insert(segment.end(), {0x50, flags, 0xff, 0xff, 0, 0, 0, 0});
  return segment;
}

template <typename Number>
void put_native(Octets& octets, Number number) {
  const auto raw = std::bit_cast<std::array<std::uint8_t, sizeof number>>(number);
  put(octets, raw);
}

Octets file_header() {
  constexpr std::uint32_t magic_nanoseconds = 0xa1b23c4d, snapshot_octets = 256 * 1024, link_raw = 101;
  Octets header;
  put_native(header, magic_nanoseconds);
  put_native(header, std::uint16_t{2});
  put_native(header, std::uint16_t{4});
  put_native(header, std::uint64_t{0});
  put_native(header, snapshot_octets);
  put_native(header, link_raw);
  return header;
}

util::Error belongs_to(const std::string& path, const std::string& input) {
  return {fmt::format("{}: malformed messages cannot be kept there, since it belongs to the input {}", path, input)};
}

util::Error cannot_be_created(const std::string& path) {
  return {fmt::format("{}: cannot be created to keep malformed messages: {}", path, std::strerror(errno))};
}

}  // namespace

util::Result<std::unique_ptr<MalformedFile>> MalformedFile::create(const std::string& path,
                                                                   const std::vector<std::string>& inputs) {
  const std::filesystem::path file_path(path);
  const std::string folder = file_path.has_parent_path() ? file_path.parent_path().string() : ".";
  for (const std::string& input : inputs)
    if (capture::reads_folder(input, folder)) return belongs_to(path, input);
  constexpr mode_t for_all = 0666;  // less the umask
  capture::Descriptor descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, for_all));
  if (descriptor.number() < 0) return cannot_be_created(path);
  // Only when it is open it is certain which file that is: until here nothing of it is lost.
  if (const auto identity = capture::identity_of(descriptor.number())) {
    for (const std::string& input : inputs)
      if (capture::reads_file(input, *identity)) return belongs_to(path, input);
    if (::ftruncate(descriptor.number(), 0) != 0) return cannot_be_created(path);
  }
  std::FILE* const file = ::fdopen(descriptor.number(), "wb");
  if (file == nullptr) return cannot_be_created(path);
  descriptor.release();
  std::unique_ptr<MalformedFile> made(new MalformedFile(path, file));
  made->write(file_header());
  if (auto written = made->flush(); !written) return written.error();
  return made;
}

void MalformedFile::keep(const decode::Payload& payload, dns::Malformed reason) {
  if (kept_[static_cast<std::size_t>(reason)]++ >= examples_per_reason) return;
  payload.transport == decode::Transport::udp ? write_udp(payload) : write_tcp(payload);
  // At once: whoever waits for an example wants to see it while the monitor runs.
  (void)flush();
}

void MalformedFile::keep_later(const Place& place, const decode::Payload& payload, dns::Malformed reason) {
  later_.with([&](std::vector<Later>& later) {
    const auto of_reason = [reason](const Later& one) { return one.reason == reason; };
    const std::size_t written = std::min(kept_[static_cast<std::size_t>(reason)], examples_per_reason);
    if (static_cast<std::size_t>(std::ranges::count_if(later, of_reason)) + written >= examples_per_reason) {
      // The last of its reason makes room, if this one stands before it.
      const auto last = std::ranges::find_if(later.rbegin(), later.rend(), of_reason);
      if (last == later.rend() || last->place < place) return;
      later.erase(std::next(last).base());
    }
    const auto at = std::ranges::upper_bound(later, place, {}, &Later::place);
    later.insert(at, {place, reason, payload, {payload.octets.begin(), payload.octets.end()}});
  });
}

void MalformedFile::settle() {
  later_.with([this](std::vector<Later>& later) {
    for (Later& one : later) {
      one.payload.octets = one.octets;
      keep(one.payload, one.reason);
    }
    later.clear();
  });
}

void MalformedFile::write_udp(const decode::Payload& payload) {
  Octets segment;
  put(segment, payload.source_port);
  put(segment, payload.destination_port);
  put(segment, clipped(payload.octets.size() + 8));
  put(segment, std::uint16_t{0});
  put(segment, payload.octets);
  write_packet(payload, udp, segment);
}

/// A connection of its own for each message, so that a reader knows where the message begins.
void MalformedFile::write_tcp(const decode::Payload& payload) {
  write_packet(payload, tcp, tcp_segment(payload, sequence_, flag_syn));
  Octets segment = tcp_segment(payload, sequence_ + 1, flag_push_ack);
  put(segment, clipped(payload.octets.size()));
  put(segment, payload.octets);
  write_packet(payload, tcp, segment);
  sequence_ += 0x10000000;
}

void MalformedFile::write_packet(const decode::Payload& payload, std::uint8_t protocol, const Octets& segment) {
  Octets packet = ip_header(payload, protocol, segment.size());
  put(packet, segment);
  // Only a message over TCP can be longer than a packet: it is cut, and the record says so.
  const std::size_t whole = packet.size();
  packet.resize(std::min(whole, max_ip_octets));
  Octets record;
  const util::Time time = {std::clamp(payload.time.ns, std::int64_t{0}, last_stamp_ns)};
  put_native(record, static_cast<std::uint32_t>(time.ns / util::ns_per_second));
  put_native(record, static_cast<std::uint32_t>(time.ns % util::ns_per_second));
  put_native(record, static_cast<std::uint32_t>(packet.size()));
  put_native(record, static_cast<std::uint32_t>(whole));
  put(record, packet);
  write(record);
}

void MalformedFile::write(const Octets& octets) {
  if (fault_ == 0 && std::fwrite(octets.data(), 1, octets.size(), file_.get()) != octets.size()) fault_ = errno;
}

util::Result<void> MalformedFile::flush() {
  if (fault_ == 0 && std::fflush(file_.get()) != 0) fault_ = errno;
  if (fault_ == 0) return {};
  return util::Error{fmt::format("{}: cannot be written: {}; malformed messages are counted, but not kept", path_,
                                 std::strerror(fault_))};
}

}  // namespace rata::pipeline
