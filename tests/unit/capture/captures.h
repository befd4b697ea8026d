#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "capture/source.h"

/// Capture files made by the tests.
namespace rata::capture::captures {

using Octets = std::vector<std::uint8_t>;

/// How a pcap file is written.
struct Form {
  bool big_endian = false;
  bool nanoseconds = false;
  std::uint32_t link_field = 1;
};

Octets file_header(const Form& form = {});
/// A record of `payload`; `original_length` zero: as much as was captured.
Octets record(const Form& form, std::uint32_t seconds, std::uint32_t fraction, std::span<const std::uint8_t> payload,
              std::uint32_t original_length = 0);
Octets gzip(std::span<const std::uint8_t> octets);
Octets joined(std::initializer_list<std::span<const std::uint8_t>> parts);
Octets part(const Octets& octets, std::size_t begin, std::size_t end);
/// Octets that tell by themselves which frame they are of.
Octets frame_octets(std::size_t number, std::size_t size);

/// A file that goes with the test.
class File {
 public:
  explicit File(std::span<const std::uint8_t> octets);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// What a source gave until its end.
struct Everything {
  struct Kept {
    Octets octets;
    Frame frame;  ///< its octets are dead
  };
  std::vector<Kept> frames;
  std::size_t reads = 0;
  std::string error;
};
Everything read_all(Source& source);
/// Opens and reads; a file that cannot be opened gives its error.
Everything read_all(const File& file);

testing::AssertionResult contains(const std::string& text, const std::string& part);

}  // namespace rata::capture::captures
