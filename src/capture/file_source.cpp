#include "capture/file_source.h"

#include <fmt/format.h>

#include <utility>

#include "capture/compression.h"
#include "capture/record_buffer.h"
#include "capture/record_reader.h"

namespace rata::capture {
namespace {

class FileSource final : public Source {
 public:
  FileSource(std::string name, Descriptor descriptor, bool waits, std::size_t buffer_octets)
      : name_(std::move(name)),
        stop_(waits),
        buffer_(plain_input(std::move(descriptor), waits, stop_), buffer_octets) {}
  FileSource(std::string name, Descriptor descriptor, bool waits, std::unique_ptr<RecordReader> reader)
      : FileSource(std::move(name), std::move(descriptor), waits, RecordBuffer::usual_octets) {
    given_ = std::move(reader);
  }
  FileSource(std::string name, std::unique_ptr<OctetInput> input) : name_(std::move(name)), buffer_(std::move(input)) {}

  /// Finds the format and reads the file's header. `idle`: not all of it has come yet.
  Read start();
  Read read(std::vector<Frame>& batch) override;

  const std::vector<util::Error>& errors() const override { return errors_; }
  SourceStats stats() override { return stats_; }
  bool live() const override { return false; }
  const std::set<LinkType>& link_types() const override { return link_types_; }
  const std::string& name() const override { return name_; }
  void stop() override { stop_.set(); }

 private:
  Read read_batch(std::vector<Frame>& batch);
  bool find_format(bool at_end);
  Read begin();
  Read refill(std::size_t wanted);
  Read end_of_input();
  Read fail(const std::string& why);

  std::string name_;
  StopSignal stop_;
  RecordBuffer buffer_;
  std::unique_ptr<RecordReader> given_;  ///< whatever the content is
  std::unique_ptr<RecordReader> reader_;
  bool started_ = false;
  bool ended_ = false;
  SourceStats stats_;
  std::set<LinkType> link_types_;
  std::vector<util::Error> errors_;
};

/// Chooses the reader, or the decompression in front of it. False: more octets are needed to tell.
bool FileSource::find_format(bool at_end) {
  const auto first = buffer_.waiting();
  if (!buffer_.compressed() && compression_of(first) != nullptr) {
    buffer_.uncompress();
    return false;
  }
  bool open = !buffer_.compressed() && first.size() < compression_magic_octets;
  if (given_ != nullptr) {
    if (open && !at_end) return false;
    reader_ = std::move(given_);
    return true;
  }
  for (const FileFormat& format : file_formats()) {
    const Match match = format.match(first);
    if (match == Match::yes) {
      reader_ = format.make();
      return true;
    }
    open = open || match == Match::more;
  }
  if (open && !at_end) return false;
  fail(refuse_format(first).message);
  return true;
}

Read FileSource::start() {
  bool at_end = false;
  for (;;) {
    const bool was_compressed = buffer_.compressed();
    if (reader_ == nullptr && find_format(at_end) && reader_ == nullptr) return Read::end;
    if (buffer_.compressed() != was_compressed) at_end = false;
    if (reader_ != nullptr && (at_end || buffer_.waiting().size() >= reader_->header_octets())) return begin();
    const Read more = refill(0);
    if (more == Read::idle) return Read::idle;
    if (more == Read::end && (!errors_.empty() || stop_.is_set())) return Read::end;
    at_end = more == Read::end;
  }
}

Read FileSource::begin() {
  const auto header = reader_->begin(buffer_.waiting());
  if (!header) return fail(header.error().message);
  buffer_.consume(*header);
  link_types_ = reader_->link_types();
  started_ = true;
  return Read::frames;
}

Read FileSource::read(std::vector<Frame>& batch) {
  const Read result = read_batch(batch);
  if (result != Read::frames) batch.clear();
  return result;
}

Read FileSource::read_batch(std::vector<Frame>& batch) {
  if (stop_.is_set()) ended_ = true;
  if (ended_) return Read::end;
  if (!started_) {
    const Read header = start();
    if (header != Read::frames) return header;
  }
  for (;;) {
    const Taken taken = reader_->take(buffer_.waiting(), buffer_.offset(), stats_.frames, batch);
    buffer_.consume(taken.octets);
    stats_.frames += batch.size();
    stats_.octets += taken.captured;
    stats_.left_out += taken.left_out;
    if (link_types_.size() != reader_->link_types().size()) link_types_ = reader_->link_types();
    if (!batch.empty()) return Read::frames;
    if (!reader_->damage().empty()) return end_of_input();
    const Read more = refill(reader_->wanted(buffer_.waiting()).octets);
    if (more == Read::idle) return Read::idle;
    if (more == Read::end) return end_of_input();
  }
}

Read FileSource::refill(std::size_t wanted) {
  switch (buffer_.refill(wanted)) {
    case OctetInput::Got::some:
      return Read::frames;
    case OctetInput::Got::idle:
      return Read::idle;
    case OctetInput::Got::failed:
      // Stopped in the middle of a compressed stream: no damage.
      if (stop_.is_set()) return Read::end;
      return fail(fmt::format("{}, {}", buffer_.failure(), buffer_.place(buffer_.offset() + buffer_.waiting().size())));
    case OctetInput::Got::end:
      break;
  }
  return Read::end;
}

Read FileSource::end_of_input() {
  ended_ = true;
  if (stop_.is_set()) return Read::end;
  const auto rest = buffer_.waiting();
  if (!reader_->damage().empty()) {
    fail(fmt::format("damaged {}: {}", buffer_.place(buffer_.offset()), reader_->damage()));
  } else if (errors_.empty() && !rest.empty()) {
    const RecordReader::Wanted wanted = reader_->wanted(rest);
    fail(fmt::format("cut {}: the {} there wants {}{} octets, {} are left", buffer_.place(buffer_.offset()),
                     reader_->record_name(), wanted.at_least ? "at least " : "", wanted.octets, rest.size()));
  }
  for (const std::string& remark : reader_->remarks()) fail(remark);
  return Read::end;
}

Read FileSource::fail(const std::string& why) {
  errors_.push_back({fmt::format("{}: {}", name_ == "-" ? "standard input" : name_, why)});
  ended_ = true;
  return Read::end;
}

util::Result<std::unique_ptr<Source>> started(std::unique_ptr<FileSource> file, bool waits) {
  if (!waits) {
    while (file->start() == Read::idle) {
    }
    if (!file->errors().empty()) return file->errors().front();
  }
  return std::unique_ptr<Source>(std::move(file));
}

}  // namespace

util::Result<std::unique_ptr<Source>> open_capture(const std::string& name, Descriptor descriptor, bool waits,
                                                   std::size_t buffer_octets) {
  return started(std::make_unique<FileSource>(name, std::move(descriptor), waits, buffer_octets), waits);
}

util::Result<std::unique_ptr<Source>> open_capture(const std::string& name, std::unique_ptr<OctetInput> input) {
  return started(std::make_unique<FileSource>(name, std::move(input)), false);
}

util::Result<std::unique_ptr<Source>> open_capture(const std::string& name, Descriptor descriptor, bool waits,
                                                   std::unique_ptr<RecordReader> reader) {
  return started(std::make_unique<FileSource>(name, std::move(descriptor), waits, std::move(reader)), waits);
}

}  // namespace rata::capture
