#include "channel/spool_acks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "channel/lines.h"
#include "channel/spool_record.h"
#include "util/hash.h"

namespace rata::channel {
namespace {

constexpr std::size_t number_octets = 8, hashed_octets = 2 * number_octets,
                      entry_octets = hashed_octets + number_octets;

/// Beyond it, and twice the ranges, the file is written anew: 96 KiB.
constexpr std::size_t most_entries = 4096;

void append_entry(std::string& entries, std::uint64_t first, std::uint64_t last) {
  std::string entry;
  append_number(entry, first, number_octets);
  append_number(entry, last, number_octets);
  append_number(entry, util::stable_hash(entry), number_octets);
  entries += entry;
}

}  // namespace

SpoolAcks::SpoolAcks(const std::filesystem::path& folder) : file_(folder / "acked") { load(); }

SpoolAcks::~SpoolAcks() { start_anew(); }

void SpoolAcks::start_anew() {
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = -1;
}

void SpoolAcks::load() {
  std::ifstream file(file_, std::ios::binary);
  const std::string octets{std::istreambuf_iterator<char>(file), {}};
  for (std::string_view rest = octets; rest.size() >= entry_octets; rest.remove_prefix(entry_octets)) {
    const std::uint64_t first = read_number(rest.substr(0, number_octets)),
                        last = read_number(rest.substr(number_octets, number_octets)),
                        hash = read_number(rest.substr(hashed_octets, number_octets));
    if (hash == util::stable_hash(rest.substr(0, hashed_octets)) && first <= last && last != UINT64_MAX)
      merge(first, last);
  }
}

bool SpoolAcks::is_done(std::uint64_t number) const {
  const auto after = ranges_.upper_bound(number);
  return after != ranges_.begin() && std::prev(after)->second >= number;
}

/// Ranges that touch or overlap become one.
void SpoolAcks::merge(std::uint64_t first, std::uint64_t last) {
  auto at = ranges_.upper_bound(last + 1);
  while (at != ranges_.begin() && std::prev(at)->second + 1 >= first) {
    const auto other = std::prev(at);
    first = std::min(first, other->first);
    last = std::max(last, other->second);
    at = ranges_.erase(other);
  }
  ranges_[first] = last;
}

util::Result<void> SpoolAcks::add(std::span<const std::uint64_t> numbers) {
  std::string entries;
  std::size_t count = 0;
  for (std::size_t i = 0; i < numbers.size(); ++count) {
    std::size_t end = i + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
    merge(numbers[i], numbers[end - 1]);
    append_entry(entries, numbers[i], numbers[end - 1]);
    i = end;
  }
  // Before the first one, too: behind what a crash left there may be half an entry.
  if (descriptor_ < 0 || entries_ > std::max(most_entries, 2 * ranges_.size())) return rewrite();
  entries_ += count;
  return append(entries);
}

util::Result<void> SpoolAcks::append(const std::string& entries) {
  const Written written = write_all(descriptor_, entries);
  if (written.fault == 0) return {};
  start_anew();
  return util::Error{fmt::format("cannot write {}: {}", file_.string(), std::strerror(written.fault))};
}

util::Result<void> SpoolAcks::rewrite() {
  std::string entries;
  for (const auto& [first, last] : ranges_) append_entry(entries, first, last);
  const std::string fresh = file_.string() + ".new";
  start_anew();
  descriptor_ = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (descriptor_ < 0) return util::Error{fmt::format("cannot open {}: {}", fresh, std::strerror(errno))};
  entries_ = ranges_.size();
  if (auto written = append(entries); !written) return written;
  if (rename(fresh.c_str(), file_.c_str()) == 0) return {};
  const int fault = errno;
  start_anew();
  return util::Error{fmt::format("cannot rename {} to {}: {}", fresh, file_.string(), std::strerror(fault))};
}

void SpoolAcks::forget_below(std::uint64_t number) {
  while (ranges_.size() > 1 && ranges_.begin()->second < number) ranges_.erase(ranges_.begin());
}

}  // namespace rata::channel
