#include "app/ordered_output.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <utility>

#include "app/capture_reader.h"
#include "app/output.h"
#include "app/signals.h"

namespace rata::app {
namespace {

/// Enough to pay for the wake-up, few enough that a block's text stays in the cache.
constexpr std::size_t packets_per_block = 512;
constexpr std::size_t octets_per_block = 16 * 1024;
constexpr std::size_t blocks_per_thread = 4;
constexpr std::size_t text_octets = 1 << 16;
/// What an octet can make at most: a record of 16 octets may be three pointers to names of a thousand letters.
constexpr std::size_t text_octets_per_octet = 200;
/// A block that had more text gives its memory back.
constexpr int text_octets_kept = 1 << 20;

bool put_out(std::string& text) {
  put(text);
  text.clear();
  return output_done();
}

std::span<const std::uint8_t> moved(std::span<const std::uint8_t> part, const std::uint8_t* from,
                                    const std::uint8_t* to) {
  return part.empty() ? part : std::span(to + (part.data() - from), part.size());
}

}  // namespace

/// Packets whose octets lie in the block itself.
struct OrderedOutput::Block {
  enum class State : std::uint8_t { waiting, at_work, done };

  std::vector<reduce::Packet> packets;
  std::vector<std::uint8_t> octets;  // reserved, so that what points into it stays
  std::string text;
  State state = State::waiting;

  /// While it is being formatted.
  std::size_t text_expected() const { return octets.size() * text_octets_per_octet; }

  bool room_for(std::size_t count) const {
    return packets.empty() || (packets.size() < packets_per_block && octets.size() + count <= octets_per_block);
  }

  std::span<const std::uint8_t> keep(std::span<const std::uint8_t> part) {
    const std::size_t at = octets.size();
    octets.insert(octets.end(), part.begin(), part.end());
    return std::span<const std::uint8_t>(octets).subspan(at);
  }

  std::string_view keep(std::string_view part) {
    const auto kept = keep(std::span(reinterpret_cast<const std::uint8_t*>(part.data()), part.size()));
    return {reinterpret_cast<const char*>(kept.data()), kept.size()};
  }
};

OrderedOutput::OrderedOutput(FormatPacket format, unsigned threads)
    : format_(std::move(format)),
      limit_blocks_(blocks_per_thread * threads),
      limit_text_(threads * octets_per_block * text_octets_per_octet) {
  if (threads < 2) return;
  // glibc raises this bound with every large piece that is given back, and would then keep large texts in a heap for
  // each thread.
  ::mallopt(M_MMAP_THRESHOLD, text_octets_kept);
  filling_ = take_block();
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  threads_.emplace_back([this] { write(); });
}

OrderedOutput::~OrderedOutput() { finish(); }

void OrderedOutput::add(std::size_t, std::size_t, std::span<const reduce::Packet> batch) {
  for (const reduce::Packet& packet : batch) {
    if (filling_ != nullptr) {
      copy(packet);
      continue;
    }
    format(packet, text_);
    if (text_.size() > text_octets && !failed_) failed_ = !put_out(text_);
  }
}

void OrderedOutput::copy(const reduce::Packet& packet) {
  const dns::Message& message = packet.message;
  const std::size_t needed = message.octets.size() + packet.client_text.size() + packet.server_text.size();
  if (!filling_->room_for(needed)) hand_over();
  if (filling_->octets.capacity() < needed) filling_->octets.reserve(needed);
  reduce::Packet& kept = filling_->packets.emplace_back(packet);
  kept.message.octets = filling_->keep(message.octets);
  kept.message.qname = moved(message.qname, message.octets.data(), kept.message.octets.data());
  kept.message.edns.options = moved(message.edns.options, message.octets.data(), kept.message.octets.data());
  kept.client_text = filling_->keep(packet.client_text);
  kept.server_text = filling_->keep(packet.server_text);
  kept.qname = {};  // lower case: nobody here wants it
}

std::unique_ptr<OrderedOutput::Block> OrderedOutput::take_block() {
  auto block = std::make_unique<Block>();
  block->packets.reserve(packets_per_block);
  block->octets.reserve(octets_per_block);
  return block;
}

void OrderedOutput::hand_over() {
  if (filling_->packets.empty()) return;
  std::unique_lock lock(mutex_);
  room_.wait(lock, [this] { return under_way_.size() < limit_blocks_; });
  under_way_.push_back(std::move(filling_));
  if (!spare_.empty()) {
    filling_ = std::move(spare_.back());
    spare_.pop_back();
  }
  lock.unlock();
  filled_.notify_one();
  if (filling_ == nullptr) filling_ = take_block();
}

OrderedOutput::Block* OrderedOutput::next_to_format() {
  const auto waiting =
      std::ranges::find_if(under_way_, [](const auto& block) { return block->state == Block::State::waiting; });
  if (waiting == under_way_.end()) return nullptr;
  return waiting == under_way_.begin() || text_bound_ < limit_text_ ? waiting->get() : nullptr;
}

bool OrderedOutput::nothing_to_come() const {
  return closed_ &&
         std::ranges::none_of(under_way_, [](const auto& block) { return block->state == Block::State::waiting; });
}

void OrderedOutput::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    Block* block = nullptr;
    filled_.wait(lock, [&] { return (block = next_to_format()) != nullptr || nothing_to_come(); });
    if (block == nullptr) return;
    block->state = Block::State::at_work;
    text_bound_ += block->text_expected();
    lock.unlock();
    for (const reduce::Packet& packet : block->packets) format(packet, block->text);
    lock.lock();
    block->state = Block::State::done;
    text_bound_ += block->text.size() - block->text_expected();
    if (under_way_.front().get() == block) formatted_.notify_one();
  }
}

void OrderedOutput::write() {
  std::unique_lock lock(mutex_);
  while (true) {
    formatted_.wait(lock,
                    [this] { return under_way_.empty() ? closed_ : under_way_.front()->state == Block::State::done; });
    if (under_way_.empty()) return;
    Block* block = under_way_.front().get();
    const bool wanted = !failed_;
    lock.unlock();
    const std::size_t written = block->text.size();
    const bool gone_out = !wanted || put_out(block->text);
    block->text.clear();
    if (block->text.capacity() > std::size_t{text_octets_kept})
      std::string().swap(block->text);  // assigning would keep it
    block->packets.clear();
    block->octets.clear();
    lock.lock();
    if (!gone_out) failed_ = true;
    text_bound_ -= written;
    under_way_.front()->state = Block::State::waiting;
    spare_.push_back(std::move(under_way_.front()));
    under_way_.pop_front();
    room_.notify_one();
    filled_.notify_all();  // the bound may have kept workers from what waits, and from ending
  }
}

bool OrderedOutput::flush() {
  if (filling_ != nullptr) {
    hand_over();
    const std::scoped_lock lock(mutex_);
    return !failed_;
  }
  if (!failed_) failed_ = !put_out(text_);
  return !failed_;
}

bool OrderedOutput::finish() {
  flush();
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  filled_.notify_all();
  formatted_.notify_all();
  threads_.clear();  // joins
  return !failed_;
}

int print_packets(const InputOptions& options, const std::vector<std::string>& files, FormatPacket format) {
  auto config = options.intake_of(files);
  if (!config) {
    complain(config.error().message);
    return exit_usage;
  }
  config->shards = 1;          // one shard keeps the order of the input
  config->threads = 1;         // the output has its own
  const SignalsBlocked quiet;  // threads begin below, and the watch over signals later
  OrderedOutput output(std::move(format), options.threads.value_or(1));
  pipeline::Intake intake(*config, output);
  if (auto kept = intake.keep_malformed(options.keep_malformed, files); !kept) {
    complain(kept.error().message);
    return exit_failed;
  }
  const CaptureFacts facts = read_captures(files, intake, [&output] { return output.flush(); });
  const bool written = output.finish();
  for (const std::string& error : facts.errors) complain(error);
  pipeline::Books books = intake.books();
  books.left_out = facts.left_out;
  if (books.malformed_total() + books.broken_records > 0)
    complain(fmt::format("{} malformed messages left out, {} written up to their first broken record",
                         books.malformed_total(), books.broken_records));
  if (output.shortened() > 0)
    complain(
        fmt::format("{} messages written up to the first record whose owner name cannot be read", output.shortened()));
  complain_of_output();
  if (options.balance || facts.interrupted || books.lost_any()) tell(pipeline::balance_text(books));
  return facts.errors.empty() && !facts.interrupted && written ? exit_done : exit_failed;
}

}  // namespace rata::app
