#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rata::traffic {

/// Where octets go.
class Output {
 public:
  virtual ~Output() = default;
  /// Writes all of them. Errors: 0, or the errno of the failure.
  virtual int write(std::span<const std::uint8_t> octets) = 0;
};

/// A file, a pipe, or standard output.
class FileOutput : public Output {
 public:
  /// "-" is standard output. Errors: `error()` afterwards.
  explicit FileOutput(const std::string& path);
  ~FileOutput() override;
  FileOutput(const FileOutput&) = delete;
  FileOutput& operator=(const FileOutput&) = delete;

  int write(std::span<const std::uint8_t> octets) override;

  /// Some file systems tell of a failed write only here. Errors: as `write`.
  int close();

  /// Errno of the failed opening, or 0.
  int error() const { return error_; }

 private:
  int descriptor_;
  int error_ = 0;
  bool owned_;
};

/// Octets in memory.
class MemoryOutput : public Output {
 public:
  int write(std::span<const std::uint8_t> octets) override {
    octets_.insert(octets_.end(), octets.begin(), octets.end());
    return 0;
  }
  const std::vector<std::uint8_t>& octets() const { return octets_; }

 private:
  std::vector<std::uint8_t> octets_;
};

}  // namespace rata::traffic
