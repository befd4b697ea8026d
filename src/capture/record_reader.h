#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "capture/frame.h"
#include "util/result.h"

namespace rata::capture {

/// What `RecordReader::take` took from the front of the octets.
struct Taken {
  std::size_t octets = 0;      ///< whole records, headers included
  std::uint64_t captured = 0;  ///< of them, what the frames were captured with
  std::uint64_t left_out = 0;  ///< frames among them that cannot be handed over: see `remarks`
};

/// Reads the records of one file format where they lie in a buffer. Each format is one of these; files, pipes,
/// decompression, cut inputs and batches are `FileSource`'s.
/// Thread: one.
class RecordReader {
 public:
  virtual ~RecordReader() = default;

  /// Octets that `begin` wants to see; at the end of the input it may get fewer.
  virtual std::size_t header_octets() const = 0;
  /// Looks at the file's first octets; the answer is how many of them are the header and done with.
  /// Errors: what is wrong with them, without the input's name.
  virtual util::Result<std::size_t> begin(std::span<const std::uint8_t> octets) = 0;

  /// Takes whole records from the front of `octets`, until `batch` holds `max_batch` frames. `batch` is replaced; its
  /// frames point into `octets` and are numbered from `ordinal`. `offset`: where `octets` begin in the input.
  virtual Taken take(std::span<const std::uint8_t> octets, std::uint64_t offset, std::uint64_t ordinal,
                     std::vector<Frame>& batch) = 0;

  /// Octets of the record at the front of `rest`, whose end is missing; `at_least` when its length is missing too.
  struct Wanted {
    std::size_t octets = 0;
    bool at_least = false;
  };
  virtual Wanted wanted(std::span<const std::uint8_t> rest) const = 0;

  /// What one record is called in messages.
  virtual const char* record_name() const { return "record"; }
  /// Not empty: nothing can be read from the record at which the last `take` stopped. Completes "damaged at offset N:
  /// ".
  const std::string& damage() const { return damage_; }
  /// What was left out or changed on the way, although the input as such was readable: told once, at its end.
  virtual std::vector<std::string> remarks() const { return {}; }

  const std::set<LinkType>& link_types() const { return link_types_; }

 protected:
  std::set<LinkType> link_types_;
  std::string damage_;
};

/// Whether first octets are of a format.
enum class Match {
  no,
  more,  ///< cannot be known from so few
  yes,
};

/// A file format, found by its content.
struct FileFormat {
  const char* name;
  Match (*match)(std::span<const std::uint8_t> first);
  std::unique_ptr<RecordReader> (*make)();
};

/// All that are read, in the order in which they are tried.
std::span<const FileFormat> file_formats();

/// What octets of no known format are, and what would be accepted.
util::Error refuse_format(std::span<const std::uint8_t> first);

/// Whether `first` begins with `magic`.
Match match_magic(std::span<const std::uint8_t> first, std::span<const std::uint8_t> magic);

/// "0a 0d 0d 0a": the first octets for a message.
std::string hex_start(std::span<const std::uint8_t> octets);

std::unique_ptr<RecordReader> make_pcap_reader();
std::unique_ptr<RecordReader> make_pcapng_reader();
std::unique_ptr<RecordReader> make_dnstap_reader();
Match match_dnstap(std::span<const std::uint8_t> first);
Match match_pcap(std::span<const std::uint8_t> first);
Match match_pcapng(std::span<const std::uint8_t> first);

}  // namespace rata::capture
