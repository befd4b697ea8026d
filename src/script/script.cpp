#include "script/script.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

#include "script/reducer.h"
#include "script/sources.h"
#include "util/time.h"

namespace rata::script {
namespace {

constexpr std::size_t mib = 1024 * 1024, most_source_octets = 16 * mib;
/// Stays free for records that say something of messages, which are small.
constexpr std::size_t control_reserve = 64 * 1024;
/// How often the process is listened to, beside when something is waited for.
constexpr std::chrono::milliseconds listen_interval{10};

constexpr auto counted_members = {&ScriptFigures::given,         &ScriptFigures::counted,
                                  &ScriptFigures::waiting,       &ScriptFigures::missed_full,
                                  &ScriptFigures::missed_fault,  &ScriptFigures::missed_off,
                                  &ScriptFigures::missed_unsent, &ScriptFigures::faults,
                                  &ScriptFigures::windows,       &ScriptFigures::cpu_ns};

}  // namespace

util::Result<std::string> read_source(const std::string& file) {
  if (const LuaText* const shipped = find_shipped_script(file)) return std::string(shipped->source);
  std::ifstream input(file, std::ios::binary);
  std::error_code fault;
  if (!input || std::filesystem::is_directory(file, fault)) {
    std::vector<std::string_view> names;
    for (const LuaText& one : shipped_scripts()) names.push_back(one.name);
    return util::Error{
        fmt::format("{}: cannot be read: {}; a script is a file, or one of those that come with the "
                    "program: {}",
                    file, std::strerror(errno != 0 ? errno : EISDIR), fmt::join(names, ", "))};
  }
  std::string source{std::istreambuf_iterator<char>(input), {}};
  if (source.size() > most_source_octets)
    return util::Error{
        fmt::format("{}: has {} octets; a script has {} at most", file, source.size(), most_source_octets)};
  return source;
}

FileStamp stamp_of(const std::string& file) {
  struct stat found;
  if (::stat(file.c_str(), &found) != 0) return {};
  return {.inode = found.st_ino,
          .changed_ns = found.st_mtim.tv_sec * util::ns_per_second + found.st_mtim.tv_nsec,
          .octets = found.st_size};
}

std::string stem_of(const std::string& file) { return std::filesystem::path(file).stem().string(); }

ScriptFigures& ScriptFigures::operator-=(const ScriptFigures& earlier) {
  for (const auto member : counted_members) this->*member -= earlier.*member;
  return *this;
}

ScriptFigures& ScriptFigures::operator+=(const ScriptFigures& other) {
  for (const auto member : counted_members) this->*member += other.*member;
  lua_octets_most = std::max(lua_octets_most, other.lua_octets_most);
  compiling = other.compiling;
  return *this;
}

class Script::Answer final : public reduce::Later {
 public:
  Answer(std::shared_ptr<Script> script, std::shared_ptr<Ticket> ticket)
      : script_(std::move(script)), ticket_(std::move(ticket)) {}

  std::optional<Outcome> poll() override {
    const std::scoped_lock lock(script_->mutex_);
    script_->listen_now_and_then();
    return std::exchange(ticket_->outcome, std::nullopt);
  }

  Outcome wait() override {
    for (;;) {
      if (auto outcome = look()) return std::move(*outcome);
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  }

 private:
  std::optional<Outcome> look() {
    const std::scoped_lock lock(script_->mutex_);
    script_->listen();
    script_->check_progress();
    return std::exchange(ticket_->outcome, std::nullopt);
  }

  std::shared_ptr<Script> script_;
  std::shared_ptr<Ticket> ticket_;
};

util::Result<std::shared_ptr<Script>> Script::start(const ScriptConfig& config, Report report) {
  const FileStamp stamp = stamp_of(config.file);
  auto source = read_source(config.file);
  if (!source) return source.error();
  std::shared_ptr<Script> script(new Script(config, stamp, std::move(*source), std::move(report)));
  if (auto started = script->start_child(); !started) return started.error();
  return script;
}

Script::Script(const ScriptConfig& config, const FileStamp& stamp, std::string source, Report report)
    : config_(config), stamp_(stamp), source_(std::move(source)), shown_(config.file), report_(std::move(report)) {}

Script::~Script() = default;

std::string Script::setup() const {
  const nlohmann::ordered_json setup = {{"name", std::filesystem::path(config_.file).filename().string()},
                                        {"parameters", config_.parameters},
                                        {"parameters_are_texts", config_.parameters_are_texts},
                                        {"memory_octets", config_.memory_mib * mib},
                                        {"ring_octets", ring_octets()},
                                        {"sketch_seed", config_.sketch_seed},
                                        {"most_rows", config_.most_rows},
                                        {"country", config_.country},
                                        {"asn", config_.asn},
                                        {"hides_addresses", config_.hides_addresses}};
  // The source behind it, octet by octet.
  return setup.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\0' + source_;
}

/// Four of the largest blocks at least. While nobody knows the fields, some: the process that says them is made anew
/// only when it fails.
std::size_t Script::ring_octets() const {
  constexpr std::size_t usual = 2 * mib, most_octets_of_field = 260;
  const std::size_t fields = description_ ? description_->fields.size() : 16;
  return std::bit_ceil(std::max(usual, 4 * reduce::max_batch_packets * (8 + fields * most_octets_of_field)));
}

util::Result<void> Script::start_child() {
  auto child = Child::start(ring_octets(), setup());
  if (!child) return util::Error{fmt::format("{}: {}", shown_, child.error().message)};
  child_ = std::move(*child);
  beats_ = 0;
  child_cpu_ns_ = 0;
  child_seconds_then_ = 0;
  moved_at_ = Clock::now();
  return {};
}

util::Result<bool> Script::is_described() {
  const std::scoped_lock lock(mutex_);
  if (description_) return true;
  listen();
  if (description_) return true;
  if (!load_error_) check_progress();
  if (load_error_) return util::Error{fmt::format("{}: {}", shown_, *load_error_)};
  return false;
}

util::Result<void> Script::wait_until_described() {
  for (;;) {
    auto described = is_described();
    if (!described) return described.error();
    if (*described) return {};
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
}

reduce::ReducerConfig Script::reducer(const std::string& name) {
  assert(description_);
  reduce::ReducerConfig config;
  if (description_->declared) {
    config = *description_->declared;
  } else {
    config.type = "lua";
    config.make = [script = shared_from_this()](const reduce::ReducerConfig&, reduce::Surroundings& around) {
      return make_script_reducer(script, around);
    };
  }
  config.name = name;
  if (name.empty()) config.name = description_->name.empty() ? stem_of(config_.file) : description_->name;
  return config;
}

void Script::run_as(bool live, bool in_order) {
  const std::scoped_lock lock(mutex_);
  live_ = live;
  in_order_ = in_order;
}

void Script::set_report(Report report) {
  const std::scoped_lock lock(mutex_);
  report_ = std::move(report);
}

void Script::add(Window& window, std::uint32_t shard, reduce::Batch& batch, std::span<const std::uint16_t> packets,
                 FieldWriter& writer) {
  const std::size_t octets =
      (sizeof(RecordHeader) + packets.size() * sizeof(std::uint64_t) + writer.measure(batch, packets) + 7) / 8 * 8;
  const std::scoped_lock lock(mutex_);
  figures_.given += packets.size();
  std::uint8_t* const room = room_or_wait(octets, false);
  if (room == nullptr) {
    (off_ ? figures_.missed_off : figures_.missed_full) += packets.size();
    window.missed += packets.size();
    return;
  }
  if (window.number == 0) {
    window.number = next_window_++;
    open_.emplace(window.number, &window);
  }
  std::uint8_t* at = room + sizeof(RecordHeader);
  for (const std::uint16_t i : packets) {
    std::memcpy(at, &batch[i].turn, sizeof(std::uint64_t));
    at += sizeof(std::uint64_t);
  }
  writer.write(at);
  window.given += packets.size();
  child_->ring().publish({.size = static_cast<std::uint32_t>(octets),
                          .kind = in_order_ ? RecordHeader::Kind::block : RecordHeader::Kind::block_at_once,
                          .window = window.number,
                          .shard = shard,
                          .count = static_cast<std::uint32_t>(packets.size())});
  unordered_octets_ += octets;
  if (!in_order_) child_->ring().wake();
}

void Script::hold() {
  const std::scoped_lock lock(mutex_);
  ++windows_;
}

/// What it was given and nobody asks for any more: a last window by count that is not sent.
void Script::let_go(Window& window) {
  const std::scoped_lock lock(mutex_);
  --windows_;
  if (open_.erase(window.number) == 0) return;
  figures_.missed_unsent += window.given;
}

/// nullptr: it is switched off, or live and there is no room.
std::uint8_t* Script::room_or_wait(std::size_t octets, bool control) {
  for (;;) {
    if (off_) return nullptr;
    const std::size_t reserve = control ? 0 : control_reserve;
    if (std::uint8_t* const room = child_->ring().room_for(octets, reserve)) return room;
    if (!child_->ring().reader_is_sound()) {
      fail("wrote into memory that is not its own");
      continue;
    }
    child_->ring().wake();
    listen();
    check_progress();
    if (live_ && !control) return nullptr;
    if (live_) {
      fail("does not read what it is told");
      continue;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

/// Nobody waits for what is read from a file: the process is woken when there is something to do for a while. One that
/// failed meanwhile has been answered for, and its successor knows nothing of it.
void Script::put_control(RecordHeader::Kind kind, std::uint32_t window) {
  constexpr std::size_t worth_waking_octets = 128 * 1024;
  const std::uint64_t faults = figures_.faults;
  if (room_or_wait(sizeof(RecordHeader), true) == nullptr || figures_.faults != faults) return;
  child_->ring().publish({.size = sizeof(RecordHeader), .kind = kind, .window = window});
  if (live_ || kind == RecordHeader::Kind::take || child_->ring().waiting() > worth_waking_octets)
    child_->ring().wake();
}

void Script::settled() {
  const std::scoped_lock lock(mutex_);
  if (off_ || child_ == nullptr) return;
  if (std::exchange(unordered_octets_, 0) != 0 && in_order_) put_control(RecordHeader::Kind::ordered, 0);
  listen_now_and_then();
}

bool Script::wants_settling() {
  constexpr std::size_t much_octets = 512 * 1024;
  const std::scoped_lock lock(mutex_);
  return unordered_octets_ > much_octets;
}

void Script::listen_now_and_then() {
  const auto now = Clock::now();
  if (now < next_listen_) return;
  next_listen_ = now + listen_interval;
  listen();
  check_progress();
}

void Script::tend() {
  const std::scoped_lock lock(mutex_);
  listen();
  check_progress();
}

std::unique_ptr<reduce::Later> Script::close(Window& window) {
  const std::scoped_lock lock(mutex_);
  if (window.number == 0) window.number = next_window_++;
  auto ticket = std::make_shared<Ticket>(Ticket{.given = window.given, .missed = window.missed, .outcome = {}});
  open_.erase(window.number);
  if (!off_) tickets_.emplace(window.number, ticket);
  const std::uint32_t number = window.number;
  window = {};
  unordered_octets_ = 0;
  if (off_)
    ticket->outcome = {.data = summary::Values{}, .missed = ticket->missed};
  else
    put_control(RecordHeader::Kind::take, number);
  return std::make_unique<Answer>(shared_from_this(), std::move(ticket));
}

}  // namespace rata::script
