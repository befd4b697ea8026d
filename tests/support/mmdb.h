#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "reduce/prefixes.h"

namespace rata::tests {

/// Writes MaxMind DB files, version 2.0 of the format, with 24-bit records. IPv4 prefixes stand under ::/96.
class MmdbWriter {
 public:
  using Octets = std::string;

  explicit MmdbWriter(std::string type, unsigned ip_version = 6) : type_(std::move(type)), ip_version_(ip_version) {}

  // Values in the format's own form.
  static Octets text(const std::string& value) { return head(2, value.size()) + value; }
  static Octets number(unsigned type, std::uint64_t value) {
    Octets octets;
    for (; value != 0; value >>= 8) octets.insert(octets.begin(), static_cast<char>(value & 0xff));
    return head(type, octets.size()) + octets;
  }
  static Octets u16(std::uint64_t value) { return number(5, value); }
  static Octets u32(std::uint64_t value) { return number(6, value); }
  static Octets u64(std::uint64_t value) { return number(9, value); }
  static Octets map(const std::vector<std::pair<std::string, Octets>>& members) {
    Octets octets = head(7, members.size());
    for (const auto& [name, value] : members) octets += text(name) + value;
    return octets;
  }
  static Octets country(const std::string& code) {
    return map({{"continent", map({{"code", text("SA")}})}, {"country", map({{"iso_code", text(code)}})}});
  }
  static Octets network(std::uint64_t number) {
    return map({{"autonomous_system_number", u32(number)}, {"autonomous_system_organization", text("Example")}});
  }

  void add(const std::string& prefix_text, const Octets& value) {
    const auto prefix = reduce::read_prefix(prefix_text);
    ASSERT_TRUE(prefix) << prefix_text;
    std::vector<bool> bits(ip_version_ == 6 && !prefix->address.v6 ? 96 : 0, false);
    for (unsigned bit = 0; bit < prefix->bits; ++bit)
      bits.push_back((prefix->address.octets[bit / 8] >> (7 - bit % 8) & 1) != 0);
    std::size_t node = 0;
    for (std::size_t i = 0; i + 1 < bits.size(); ++i) {
      std::int64_t& next = nodes_[node].side[bits[i]];
      if (next <= 0) {
        next = static_cast<std::int64_t>(nodes_.size());
        nodes_.emplace_back();
      }
      node = static_cast<std::size_t>(nodes_[node].side[bits[i]]);
    }
    nodes_[node].side[bits.back()] = -1 - static_cast<std::int64_t>(data_.size());
    data_ += value;
  }

  Octets bytes() const {
    Octets file;
    for (const Node& node : nodes_)
      for (const std::int64_t side : node.side) append_record(side, file);
    file += Octets(16, '\0') + data_ + "\xab\xcd\xefMaxMind.com";
    return file + map({{"node_count", u32(nodes_.size())},
                       {"record_size", u16(24)},
                       {"ip_version", u16(ip_version_)},
                       {"database_type", text(type_)},
                       {"languages", head(11, 0)},
                       {"binary_format_major_version", u16(2)},
                       {"binary_format_minor_version", u16(0)},
                       {"build_epoch", u64(1'700'000'000)},
                       {"description", map({})}});
  }

  /// A file in the test's own folder; returns its path.
  static std::string write(const std::string& name, const Octets& bytes) {
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
    const std::string path = testing::TempDir() + test->test_suite_name() + "." + test->name() + "." + name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

 private:
  struct Node {
    std::int64_t side[2] = {0, 0};  ///< 0: nothing; above: a node; below: minus one, data at this offset
  };

  static Octets head(unsigned type, std::size_t size) {
    EXPECT_LT(size, 29u + 256u);
    const std::size_t short_size = size < 29 ? size : 29;
    Octets octets(1, static_cast<char>((type > 7 ? 0 : type) << 5 | short_size));
    if (type > 7) octets += static_cast<char>(type - 7);
    if (size >= 29) octets += static_cast<char>(size - 29);
    return octets;
  }

  void append_record(std::int64_t side, Octets& file) const {
    constexpr std::size_t separator_octets = 16;
    std::size_t value = nodes_.size();
    if (side > 0) value = static_cast<std::size_t>(side);
    if (side < 0) value = nodes_.size() + separator_octets + static_cast<std::size_t>(-1 - side);
    for (const unsigned shift : {16u, 8u, 0u}) file += static_cast<char>(value >> shift & 0xff);
  }

  std::string type_;
  unsigned ip_version_;
  std::vector<Node> nodes_ = std::vector<Node>(1);
  Octets data_;
};

}  // namespace rata::tests
