// The other side of Script: what its process says, and what becomes of one that fails.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <new>
#include <utility>

#include "script/result_octets.h"
#include "script/script.h"
#include "util/cursor.h"
#include "util/utf8.h"

namespace rata::script {
namespace {

/// A process may also get nowhere without using any time.
constexpr double most_idle_times = 10;

/// So many windows without a fault, and those before are forgiven.
constexpr std::uint64_t windows_to_forgive = 300;

/// What a script may say: in all, of one line, of one fault with its stack.
constexpr std::size_t most_prints = 1000, most_print_octets = 512, most_fault_octets = 4096;

}  // namespace

/// What is there, but not for ever: it may say more and more.
void Script::listen() {
  constexpr int most_letters = 256;
  for (int letters = 0; child_ != nullptr && !off_ && letters < most_letters; ++letters) {
    const auto letter = child_->mailbox().next();
    if (letter) {
      try {
        read_letter(*letter);
      } catch (const std::bad_alloc&) {
        fail("its process said more than there is memory for");
      }
      continue;
    }
    if (!child_->mailbox().is_closed()) return;
    if (description_ && description_->declared) {
      child_ = nullptr;  // it has said all there is to say
      return;
    }
    const std::string how = child_->end();
    fail(how.empty() ? "its process said what cannot be read" : fmt::format("its process {}", how));
  }
}

void Script::read_letter(const Letter& letter) {
  switch (letter.kind) {
    case LetterKind::description:
      return read_description_letter(letter);
    case LetterKind::result:
      return read_result(letter.octets);
    case LetterKind::fault:
      return fail(util::printable(letter.text(), most_fault_octets, true));
    case LetterKind::print:
      if (report_ && prints_++ < most_prints)
        report_(fmt::format("{}: print: {}", shown_, util::printable(letter.text(), most_print_octets)));
      return;
    case LetterKind::setup:
    case LetterKind::where:
      return fail("its process said what is not its to say");
  }
}

/// A process that was made anew says the same, or it would be fed with what it does not expect.
void Script::read_description_letter(const Letter& letter) {
  auto read = read_description(letter.text());
  if (description_) {
    if (!read || !std::ranges::equal(read->fields, description_->fields, {}, &Field::name, &Field::name))
      fail("asks for other fields each time that it starts");
    return;
  }
  if (read) {
    description_ = std::move(*read);
    return;
  }
  load_error_ = read.error().message;
  off_ = true;
}

void Script::read_result(std::span<const std::uint8_t> octets) {
  util::Cursor cursor(octets);
  const std::uint32_t window = cursor.u32();
  const std::uint64_t messages = cursor.u64(), cpu_ns = cursor.u64(), lua_octets = cursor.u64();
  const auto compiling = cursor.take(cursor.u32());
  auto data = cursor.ok() ? script::read_result(cursor.rest()) : std::nullopt;
  const auto found = tickets_.find(window);
  if (!data || found == tickets_.end() || found->second->given != messages)
    return fail("its process gave what is no result");
  figures_.counted += messages;
  ++figures_.windows;
  figures_.cpu_ns += cpu_ns - std::min(cpu_ns, child_cpu_ns_);
  child_cpu_ns_ = cpu_ns;
  figures_.lua_octets_most = std::max<std::size_t>(figures_.lua_octets_most, lua_octets);
  // Copied level by level: what is nested deeper than the prelude's own goes.
  const auto is_shallow = [](int depth, auto, const auto&) { return depth < 8; };
  figures_.compiling = nlohmann::ordered_json::parse(compiling.begin(), compiling.end(), is_shallow, false);
  if (++good_windows_ == windows_to_forgive) strikes_ = 0;
  const auto ticket = found->second;
  tickets_.erase(found);
  ticket->outcome = {.data = std::move(*data), .missed = ticket->missed};
}

double Script::child_seconds() const {
  clockid_t clock;
  timespec used{};
  if (clock_getcpuclockid(child_->pid(), &clock) != 0 || clock_gettime(clock, &used) != 0) return 0;
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

/// Of a process that has something to do, and only between two looks that are not far apart: with an input that was
/// silent nobody had anything for it, and nobody looked. Its own processor time counts: on a busy machine it may have
/// to wait.
void Script::check_progress() {
  constexpr double far_apart_s = 0.5;
  if (child_ == nullptr || off_) return;
  const auto now = Clock::now();
  const double since_look = std::chrono::duration<double>(now - std::exchange(looked_at_, now)).count();
  const bool looked_lately = since_look < std::max(far_apart_s, config_.time_limit_seconds / 2);
  const bool busy = !description_ || child_->ring().waiting() > 0 || !tickets_.empty();
  const std::uint32_t beats = child_->ring().beats();
  const bool moved = std::exchange(beats_, beats) != beats;
  if (!busy || moved || !looked_lately) {
    moved_at_ = now;
    child_seconds_then_ = child_seconds();
    return;
  }
  child_->ring().wake();
  const double waited = std::chrono::duration<double>(now - moved_at_).count();
  if (waited < config_.time_limit_seconds) return;
  const double used = child_seconds() - child_seconds_then_;
  if (used < config_.time_limit_seconds && waited < most_idle_times * config_.time_limit_seconds) return;
  fail(fmt::format("got nowhere in {} s of processor time (time_limit_seconds){}", config_.time_limit_seconds,
                   where_it_hangs()));
}

/// As far as it still can say so, at once: "\n  a.lua:7...", or nothing. It is asked twice (host/last_words.cpp).
std::string Script::where_it_hangs() {
  constexpr std::chrono::milliseconds patience{150};
  for (int asked = 0; asked < 2; ++asked) {
    child_->mailbox().send(LetterKind::where, std::string_view("?"));
    for (const auto until = Clock::now() + patience; Clock::now() < until;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
      const auto letter = child_->mailbox().wait(static_cast<int>(left.count()));
      if (letter && letter->kind == LetterKind::fault)
        return "\n  " + util::printable(letter->text(), most_fault_octets, true);
    }
  }
  return "";
}

void Script::fail(const std::string& why) {
  const std::string ended = child_ != nullptr ? child_->end() : "";
  child_ = nullptr;
  if (!description_) {
    load_error_ = why;
    off_ = true;
    return;
  }
  ++figures_.faults;
  ++strikes_;
  good_windows_ = 0;
  miss_what_it_had();
  tell_fault(why);
  if (strikes_ >= config_.faults) return give_up();
  if (const auto started = start_child(); !started) {
    if (report_) report_(started.error().message);
    give_up();
  }
}

/// Of windows that are open the next process gets the rest.
void Script::miss_what_it_had() {
  for (const auto& [number, window] : open_) {
    figures_.missed_fault += window->given;
    window->missed += std::exchange(window->given, 0);
  }
  for (const auto& [number, ticket] : tickets_) {
    figures_.missed_fault += ticket->given;
    ticket->outcome = {.data = summary::Values{}, .missed = ticket->missed + std::exchange(ticket->given, 0)};
  }
  tickets_.clear();
  unordered_octets_ = 0;
}

/// Each fault once, word for word.
void Script::tell_fault(const std::string& why) {
  if (!report_ || why == last_fault_) return;
  last_fault_ = why;
  report_(
      fmt::format("{}: {}\n  it is started anew; fault {} of {}, after which it is switched off ({} messages missed so "
                  "far, in the balance)",
                  shown_, why, strikes_, config_.faults, figures_.missed_fault));
}

void Script::give_up() {
  off_ = true;
  if (report_)
    report_(
        fmt::format("{}: switched off after {} faults: what it misses is in the balance; saving the file starts it "
                    "anew",
                    shown_, strikes_));
}

bool Script::is_used() {
  const std::scoped_lock lock(mutex_);
  return windows_ > 0 || !tickets_.empty();
}

void Script::retire() {
  const std::scoped_lock lock(mutex_);
  off_ = true;
  child_ = nullptr;
}

ScriptFigures Script::figures() {
  const std::scoped_lock lock(mutex_);
  ScriptFigures figures = figures_;
  figures.name = shown_;
  for (const auto& [number, window] : open_) figures.waiting += window->given;
  for (const auto& [number, ticket] : tickets_) figures.waiting += ticket->given;
  return figures;
}

}  // namespace rata::script
