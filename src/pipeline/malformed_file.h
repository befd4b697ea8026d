#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "decode/joiner.h"
#include "dns/message.h"
#include "util/guarded.h"
#include "util/result.h"

namespace rata::pipeline {

/// Examples of messages that could not be read, as a pcap file that every tool opens: the first few of each reason, as
/// whole packets made anew around the octets (IP and UDP; what came over TCP as a SYN and a segment), since the message
/// may have been in several frames, and in a tunnel. Link type RAW, stamps in nanoseconds.
class MalformedFile {
 public:
  static constexpr std::size_t examples_per_reason = 16;

  /// Writes the file anew, unless that would write over one of the `inputs` (as `capture::open_source` takes them) or
  /// into a folder among them. Errors: that, or it cannot be created.
  static util::Result<std::unique_ptr<MalformedFile>> create(const std::string& path,
                                                             const std::vector<std::string>& inputs);

  /// Writes an example at once. Thread: one, which has the messages in the order of the input.
  void keep(const decode::Payload& payload, dns::Malformed reason);

  /// Where a message stands among those that several shards have at the same time: by the frame that brought it, or
  /// that let it go (UINT64_MAX: the end of the input).
  struct Place {
    std::uint64_t frame, shard, message;
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  /// Keeps an example until `settle`, unless there are enough before it. Thread: any.
  void keep_later(const Place& place, const decode::Payload& payload, dns::Malformed reason);
  /// Writes what was kept for later, in order. Called when nothing comes any more from before some place of the input.
  void settle();

  /// Writes what is buffered. Errors: not all could be written (a full disk).
  util::Result<void> flush();

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  using Octets = std::vector<std::uint8_t>;
  struct Later {
    Place place;
    dns::Malformed reason;
    decode::Payload payload;
    Octets octets;
  };

  MalformedFile(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}
  void write_udp(const decode::Payload& payload);
  void write_tcp(const decode::Payload& payload);
  void write_packet(const decode::Payload& payload, std::uint8_t protocol, const Octets& segment);
  void write(const Octets& octets);

  std::string path_;
  std::unique_ptr<std::FILE, Closer> file_;
  std::array<std::size_t, static_cast<std::size_t>(dns::Malformed::count_)> kept_{};
  util::Guarded<std::vector<Later>> later_;  ///< by place
  std::uint32_t sequence_ = 0;
  int fault_ = 0;  ///< errno of the first write that failed
};

}  // namespace rata::pipeline
