#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "traffic/addresses.h"
#include "traffic/generator.h"
#include "traffic/manifest.h"
#include "traffic/options.h"
#include "traffic/output.h"
#include "traffic/pcap_writer.h"
#include "traffic/truth.h"

/// Reads captures for the tests of the generator, with code of its own.
namespace rata::traffic::test {

using Octets = std::vector<std::uint8_t>;

inline std::uint32_t load16(std::span<const std::uint8_t> octets, std::size_t at) {
  return static_cast<std::uint32_t>(octets[at]) << 8 | octets[at + 1];
}
inline std::uint32_t load32(std::span<const std::uint8_t> octets, std::size_t at) {
  return load16(octets, at) << 16 | load16(octets, at + 2);
}

/// A small population, so that a test is quick.
inline Options small_options() {
  Options options;
  options.packets = 20'000;
  options.clients = 500;
  options.names = 1'000;
  return options;
}

/// What a run wrote, and what it says about it.
struct Made {
  Octets pcap;
  nlohmann::ordered_json manifest;
};

inline Made make(const Options& options) {
  MemoryOutput output;
  PcapWriter writer(output, options.nano ? Resolution::nanoseconds : Resolution::microseconds);
  Addresses addresses(options);
  Truth truth(Keep::everything);
  Generator(options, options.start_s * 1'000'000'000, addresses, writer, truth).run_to_end();
  return {output.octets(), manifest(options, writer, addresses, truth)};
}

struct Record {
  std::uint64_t stamp_ns = 0;
  std::span<const std::uint8_t> frame;
};

/// The records behind the file's header, of a file in this machine's byte order.
inline std::vector<Record> records(std::span<const std::uint8_t> pcap) {
  std::uint32_t magic = 0;
  std::memcpy(&magic, pcap.data(), 4);
  const std::uint64_t unit_ns = magic == 0xa1b23c4d ? 1 : 1000;
  std::vector<Record> result;
  for (std::size_t at = 24; at < pcap.size();) {
    std::uint32_t header[4];
    std::memcpy(header, pcap.data() + at, sizeof header);
    EXPECT_EQ(header[2], header[3]);
    result.push_back(
        {header[0] * std::uint64_t{1'000'000'000} + header[1] * unit_ns, pcap.subspan(at + 16, header[2])});
    at += 16 + header[2];
  }
  return result;
}

/// An IP packet within a frame.
struct Packet {
  bool v6 = false;
  std::uint8_t protocol = 0;
  std::uint32_t fragment_offset = 0;
  bool more_fragments = false;
  std::span<const std::uint8_t> ip_header;
  std::span<const std::uint8_t> source;
  std::span<const std::uint8_t> destination;
  std::span<const std::uint8_t> payload;  ///< without the frame's padding
};

/// Errors: nullopt for a frame that is not IP.
inline std::optional<Packet> packet_in(std::span<const std::uint8_t> frame) {
  const std::uint32_t ethertype = load16(frame, 12);
  const auto ip = frame.subspan(14);
  Packet packet;
  if (ethertype == 0x86dd) {
    packet.v6 = true;
    packet.protocol = ip[6];
    packet.ip_header = ip.first(40);
    packet.source = ip.subspan(8, 16);
    packet.destination = ip.subspan(24, 16);
    packet.payload = ip.subspan(40, load16(ip, 4));
    return packet;
  }
  if (ethertype != 0x0800) return std::nullopt;
  packet.protocol = ip[9];
  packet.fragment_offset = (load16(ip, 6) & 0x1fff) * 8;
  packet.more_fragments = (load16(ip, 6) & 0x2000) != 0;
  packet.ip_header = ip.first(20);
  packet.source = ip.subspan(12, 4);
  packet.destination = ip.subspan(16, 4);
  packet.payload = ip.subspan(20, load16(ip, 2) - 20);
  return packet;
}

/// A question, its name in lower case with its length octets.
struct Question {
  std::string name;
  std::uint32_t qtype = 0;
  std::uint32_t qclass = 0;
  std::size_t end = 0;
};

/// Errors: nullopt for one that is cut short or has a compression pointer.
inline std::optional<Question> question_of(std::span<const std::uint8_t> message) {
  Question question;
  std::size_t at = 12;
  for (;;) {
    if (at >= message.size() || message[at] > 63 || at + 1 + message[at] > message.size()) return std::nullopt;
    const std::size_t end = at + 1 + message[at];
    if (message[at] == 0) break;
    for (; at < end; ++at) question.name += static_cast<char>(std::tolower(message[at]));
  }
  if (at + 5 > message.size()) return std::nullopt;
  question.qtype = load16(message, at + 1);
  question.qclass = load16(message, at + 3);
  question.end = at + 5;
  return question;
}

}  // namespace rata::traffic::test
