#include "capture/speedy_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "capture/compression.h"
#include "capture/record_buffer.h"
#include "capture/speedy_record.h"

namespace rata::capture {
namespace {

constexpr std::size_t max_digits = 10;
/// Wire octets of one batch: two of the largest records, or a thousand usual ones and then some.
constexpr std::size_t batch_octets = 2 * SpeedyRecord::record_room;

class SpeedyFile final : public Source {
 public:
  SpeedyFile(std::string name, Descriptor descriptor, bool waits, const SourceOptions& options)
      : name_(std::move(name)),
        buffer_(plain_input(std::move(descriptor), waits, stop_)),
        clock_(options.arrival_time ? options.clock : nullptr),
        envelopes_(max_batch) {
    wire_.reserve(batch_octets);
  }

  Read read(std::vector<Frame>& batch) override;

  const std::vector<util::Error>& errors() const override { return errors_; }
  SourceStats stats() override { return stats_; }
  bool live() const override { return false; }
  const std::set<LinkType>& link_types() const override { return link_types_; }
  const std::string& name() const override { return name_; }
  void stop() override { stop_.set(); }

 private:
  enum class Took { record, wants_more, ended };

  OctetInput::Got refill();
  Took take_record(std::vector<Frame>& batch);
  void hand_over(std::vector<Frame>& batch, const Envelope& envelope, std::size_t at, std::size_t octets);
  Took broken(std::vector<Frame>& batch, const std::string& why);
  Read end_of_input(std::vector<Frame>& batch);
  void complain(std::uint64_t offset, const std::string& why);

  std::string name_;
  StopSignal stop_;
  RecordBuffer buffer_;
  const util::Clock* clock_;
  SpeedyRecord record_;
  std::vector<std::uint8_t> wire_;  ///< the batch's messages; never grows
  std::vector<Envelope> envelopes_;
  std::size_t wanted_ = 0;
  bool known_ = false;  ///< whether the input is compressed
  bool ended_ = false;
  SourceStats stats_;
  std::set<LinkType> link_types_ = {LinkType::Speedy};
  std::vector<util::Error> errors_;
  std::uint64_t more_errors_ = 0;
};

bool is_space(std::uint8_t octet) { return octet == ' ' || octet == '\n' || octet == '\r' || octet == '\t'; }
bool is_digit(std::uint8_t octet) { return octet >= '0' && octet <= '9'; }

Read SpeedyFile::read(std::vector<Frame>& batch) {
  batch.clear();
  wire_.clear();
  if (stop_.is_set()) ended_ = true;
  while (!ended_) {
    Took took = Took::record;
    while (known_ && took == Took::record && batch.size() < max_batch &&
           wire_.capacity() - wire_.size() >= SpeedyRecord::record_room)
      took = take_record(batch);
    if (!batch.empty()) return Read::frames;
    if (ended_) break;
    switch (refill()) {
      case OctetInput::Got::some:
        break;
      case OctetInput::Got::idle:
        return Read::idle;
      case OctetInput::Got::failed:
        ended_ = true;
        if (!stop_.is_set()) complain(buffer_.offset(), buffer_.failure());
        return Read::end;
      case OctetInput::Got::end:
        return end_of_input(batch);
    }
  }
  return Read::end;
}

/// Nothing is taken before it is known whether the input is compressed.
OctetInput::Got SpeedyFile::refill() {
  const OctetInput::Got got = buffer_.refill(wanted_);
  if (known_) return got;
  const bool at_end = got == OctetInput::Got::end && !buffer_.waiting().empty();
  if (!at_end && buffer_.waiting().size() < compression_magic_octets) return got;
  known_ = true;
  if (compression_of(buffer_.waiting()) != nullptr) buffer_.uncompress();
  return OctetInput::Got::some;
}

/// Takes the record at the front, if it is whole.
SpeedyFile::Took SpeedyFile::take_record(std::vector<Frame>& batch) {
  auto waiting = buffer_.waiting();
  const auto spaces = static_cast<std::size_t>(std::ranges::find_if_not(waiting, is_space) - waiting.begin());
  buffer_.consume(spaces);
  waiting = waiting.subspan(spaces);
  wanted_ = max_digits + 1;
  std::size_t digits = 0, length = 0;
  for (; digits < waiting.size() && is_digit(waiting[digits]); ++digits) {
    if (digits == max_digits) return broken(batch, fmt::format("a number of over {} digits", max_digits));
    length = length * 10 + (waiting[digits] - '0');
  }
  if (digits == waiting.size()) return Took::wants_more;
  if (waiting[digits] != '{')
    return broken(batch, digits == 0 ? "neither a number nor white space" : "no { behind the number");
  if (digits == 0) return broken(batch, "no number before the {");
  if (length < 2 || length > max_speedy_octets)
    return broken(batch, fmt::format("the number {}; a record has 2 to {} octets", length, max_speedy_octets));
  wanted_ = digits + length;
  if (waiting.size() < wanted_) return Took::wants_more;
  const std::size_t at = wire_.size();
  std::size_t octets = 0;
  Envelope& envelope = envelopes_[batch.size()];
  const auto result = record_.read(waiting.subspan(digits, length), wire_, envelope, octets);
  if (result == SpeedyRecord::Result::broken_json)
    return broken(batch,
                  fmt::format("the {} octets behind the number are no JSON object: {}", length, record_.reason()));
  if (result == SpeedyRecord::Result::refused) complain(buffer_.offset(), record_.reason());
  hand_over(batch, envelope, at, octets);
  buffer_.consume(wanted_);
  return Took::record;
}

void SpeedyFile::hand_over(std::vector<Frame>& batch, const Envelope& envelope, std::size_t at, std::size_t octets) {
  Envelope& kept = envelopes_[batch.size()];
  kept = envelope;
  util::Time time;
  if (clock_ != nullptr) {
    time = clock_->now();
    kept.lacks.remove(util::Member::time);
  }
  batch.push_back({.octets = std::span<const std::uint8_t>(wire_).subspan(at, octets),
                   .time = time,
                   .ordinal = stats_.frames++,
                   .original_length = static_cast<std::uint32_t>(octets),
                   .link = LinkType::Speedy,
                   .envelope = &kept});
  stats_.octets += octets;
}

/// Nothing behind it can be found: that is the end, and one record that could not be read.
SpeedyFile::Took SpeedyFile::broken(std::vector<Frame>& batch, const std::string& why) {
  complain(buffer_.offset(), why);
  Envelope unreadable;
  unreadable.lacks.add(util::Member::time);
  unreadable.content = Envelope::Content::unreadable;
  hand_over(batch, unreadable, wire_.size(), 0);
  ended_ = true;
  return Took::ended;
}

Read SpeedyFile::end_of_input(std::vector<Frame>& batch) {
  ended_ = true;
  const std::size_t left = buffer_.waiting().size();
  if (left == 0 || stop_.is_set()) return Read::end;
  broken(batch, wanted_ <= max_digits + 1 ? fmt::format("cut: {} octets of a record's number are left", left)
                                          : fmt::format("cut: the record wants {} octets, {} are left", wanted_, left));
  return Read::frames;
}

void SpeedyFile::complain(std::uint64_t offset, const std::string& why) {
  const std::string_view name = name_ == "speedy:-" ? "standard input" : std::string_view(name_);
  if (errors_.size() < max_told_errors) {
    errors_.push_back({fmt::format("{}: {}: {}", name, buffer_.place(offset), why)});
    return;
  }
  if (errors_.size() == max_told_errors) errors_.emplace_back();
  errors_.back().message =
      fmt::format("{}: and {} more, the last {}: {}", name, ++more_errors_, buffer_.place(offset), why);
}

}  // namespace

std::unique_ptr<Source> open_speedy_file(const std::string& name, Descriptor descriptor, bool waits,
                                         const SourceOptions& options) {
  return std::make_unique<SpeedyFile>(name, std::move(descriptor), waits, options);
}

}  // namespace rata::capture
