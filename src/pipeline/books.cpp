#include "pipeline/books.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>
#include <span>

namespace rata::pipeline {
namespace {

using decode::Outcome;
using decode::OutcomeClass;

template <typename Use>
void each_outcome(const Books& books, Use use) {
  for (std::size_t i = 0; i < books.outcomes.size(); ++i) use(static_cast<Outcome>(i), books.outcomes[i]);
}

std::uint64_t sum_of(const Books& books, OutcomeClass wanted) {
  std::uint64_t sum = 0;
  each_outcome(books, [&](Outcome outcome, std::uint64_t count) {
    if (decode::class_of(outcome) == wanted) sum += count;
  });
  return sum;
}

std::uint64_t lacking_total(const Books& books) {
  std::uint64_t sum = 0;
  for (const auto& [reason, count] : books.lacking) sum += count;
  return sum;
}

std::uint64_t skipped_total(const Books& books) {
  return books.decode.tcp_skipped_gap + books.decode.tcp_skipped_limit + books.decode.tcp_skipped_unfinished;
}

template <auto... members>
std::uint64_t of_scripts(const Books& books) {
  std::uint64_t sum = 0;
  for (const script::ScriptFigures& one : books.scripts) sum += ((one.*members) + ...);
  return sum;
}
using Scripted = script::ScriptFigures;
constexpr auto script_missed =
    of_scripts<&Scripted::missed_full, &Scripted::missed_fault, &Scripted::missed_off, &Scripted::missed_unsent>;

template <auto member>
std::uint64_t of(const Books& books) {
  return std::invoke(member, books);
}
template <auto member>
std::uint64_t of_tcp(const Books& books) {
  return books.decode.*member;
}
template <auto member>
std::uint64_t of_fragments(const Books& books) {
  return books.fragments.*member;
}

/// A figure that has its own place in the books; those by outcome and by reason stand between.
struct Figure {
  std::string_view group, name, reason;
  std::uint64_t (*value)(const Books&);
  std::string_view help;
};

constexpr Figure of_frames[] = {
    {"frames", "in", "", of<&Books::frames>, "frames handed over by the source"},
    {"frames", "decoded", "", of<&Books::decoded>, "frames that gave DNS payload or went into a stream or datagram"},
    {"frames", "filtered", "", of<&Books::filtered>, "sound frames that hold nothing that was asked for"},
    {"frames", "refused", "", of<&Books::refused>, "frames that cannot be read"},
    {"frames", "lost", "", of<&Books::kernel_lost>,
     "frames that the kernel dropped before we saw them; not in frames in"},
    {"frames", "left_out", "", of<&Books::left_out>,
     "frames that the source saw, but could not hand over; not in frames in"},
    {"frames", "filtered", "outside_time", of<&Books::outside_time>, "outside of `--from` and `--to`"},
};

using Tcp = decode::JoinerCounters;
using Fragments = decode::FragmentCounters;

constexpr Figure of_times_and_joining[] = {
    {"frames", "refused", "implausible_time", of<&Books::implausible_time>,
     "stamped more than a day ahead of the frames around it (`run`, `monitor`)"},
    {"frames", "refused", "no_time", of<&Books::no_time>, "without a time before any that has one (windows by time)"},
    {"datagrams", "joined", "", of_fragments<&Fragments::datagrams_joined>, "IP datagrams joined from their fragments"},
    {"datagrams", "given_up", "", of_fragments<&Fragments::datagrams_given_up>,
     "IP datagrams whose fragments contradict each other or did not all come"},
    {"tcp_octets", "in", "", of_tcp<&Tcp::tcp_octets>, "octets of TCP streams on DNS ports, each once"},
    {"tcp_octets", "delivered", "", of_tcp<&Tcp::tcp_delivered>,
     "octets of whole messages, with their length prefixes"},
    {"tcp_octets", "skipped", "", skipped_total, "octets that belong to no whole message"},
    {"tcp_octets", "skipped", "gap", of_tcp<&Tcp::tcp_skipped_gap>,
     "of messages that lost octets, or behind a loss where no boundary of messages was found"},
    {"tcp_octets", "skipped", "limit", of_tcp<&Tcp::tcp_skipped_limit>, "given up for a bound of `[limits]`"},
    {"tcp_octets", "skipped", "unfinished", of_tcp<&Tcp::tcp_skipped_unfinished>,
     "of messages that had not come to their end when the stream, or the input, did"},
    {"tcp_octets", "waiting", "", of_tcp<&Tcp::tcp_waiting>, "octets that wait for the rest of their message"},
    {"tcp_octets", "repeated", "", of_tcp<&Tcp::tcp_repeated>,
     "octets that came again in retransmitted or overlapping segments; not in tcp_octets in"},
    {"messages", "in", "", of<&Books::messages>, "DNS payloads that decode handed over"},
    {"messages", "well_formed", "", of<&Books::well_formed>, "messages whose header and first question could be read"},
    {"messages", "malformed", "", of<&Books::malformed_total>, "payloads that are no DNS message"},
};

constexpr Figure of_results[] = {
    {"messages", "broken_records", "", of<&Books::broken_records>,
     "well-formed messages with a record that cannot be read"},
    {"messages", "late", "", of<&Books::late_packets>, "well-formed messages that came after their window had closed"},
    {"reducers", "lacking", "", lacking_total, "messages that a reducer skipped for what they lack"},
    {"scripts", "given", "", of_scripts<&Scripted::given>, "messages that scripts should have had, each once a script"},
    {"scripts", "counted", "", of_scripts<&Scripted::counted>, "messages that are in a result of a script"},
    {"scripts", "waiting", "", of_scripts<&Scripted::waiting>, "messages that a script has for a window that is open"},
    {"scripts", "missed", "", script_missed, "messages that are in no result of a script"},
    {"scripts", "missed", "full", of_scripts<&Scripted::missed_full>,
     "live: the script was too slow, and there was no room for more"},
    {"scripts", "missed", "fault", of_scripts<&Scripted::missed_fault>,
     "a script that failed had them, in windows that were not over"},
    {"scripts", "missed", "off", of_scripts<&Scripted::missed_off>,
     "the script was switched off after too many faults"},
    {"scripts", "missed", "unsent", of_scripts<&Scripted::missed_unsent>,
     "in the last window by count, which is sent only with flush"},
    {"scripts", "faults", "", of_scripts<&Scripted::faults>, "times that a script failed"},
    {"windows", "closed", "", of<&Books::windows>, "windows closed"},
    {"windows", "in_gaps", "", of<&Books::gap_windows>, "windows not sent because the input has a gap of over an hour"},
    {"summaries", "pushed", "", of<&Books::summaries_pushed>, "results of closed windows given to channels"},
    {"summaries", "sent", "", of<&Books::summaries_sent>, "results that a channel took"},
    {"summaries", "refused", "", of<&Books::summaries_refused>, "results that the other side will never take"},
    {"summaries", "waiting", "", of<&Books::summaries_waiting>, "results in a channel's queue or spool"},
    {"summaries", "dropped", "", of<&Books::summaries_dropped>, "results that no channel took in time"},
    {"summaries", "found", "", of<&Books::summaries_found>,
     "results found in a spool when it was opened; also in summaries pushed"},
    {"summaries", "unspooled", "", of<&Books::summaries_unspooled>,
     "results that a spool could not take, and that waited in memory only"},
    {"summaries", "unheard", "", of<&Books::summaries_unheard>,
     "results that Redis took while nobody listened; also in summaries sent"},
    {"summaries", "perhaps_twice", "", of<&Books::summaries_perhaps_twice>,
     "results sent again because a connection broke before they were acknowledged"},
};

void append(std::vector<Counter>& rows, const Books& books, std::span<const Figure> figures) {
  for (const Figure& one : figures) rows.push_back({one.group, one.name, one.reason, one.value(books), one.help});
}

void append_outcomes(std::vector<Counter>& rows, const Books& books) {
  each_outcome(books, [&](Outcome outcome, std::uint64_t count) {
    if (decode::class_of(outcome) != OutcomeClass::decoded)
      rows.push_back({"frames", decode::class_of(outcome) == OutcomeClass::filtered ? "filtered" : "refused",
                      decode::name(outcome), count, decode::help(outcome),
                      books.first_frame[static_cast<std::size_t>(outcome)]});
  });
}

void append_malformed(std::vector<Counter>& rows, const Books& books) {
  for (std::size_t i = 1; i < books.malformed.size(); ++i)
    rows.push_back({"messages", "malformed", dns::name(static_cast<dns::Malformed>(i)), books.malformed[i],
                    dns::help(static_cast<dns::Malformed>(i)), books.first_malformed[i]});
}

/// Scripts by their name: what two had that are called the same is one sum.
void add_scripts(std::vector<script::ScriptFigures>& scripts, const std::vector<script::ScriptFigures>& others) {
  for (const Scripted& other : others) {
    const auto same = std::ranges::find(scripts, other.name, &Scripted::name);
    if (same == scripts.end())
      scripts.push_back(other);
    else
      *same += other;
  }
}

/// Places in the input, 0 for none.
std::uint64_t earlier(std::uint64_t a, std::uint64_t b) { return a == 0 || (b != 0 && b < a) ? b : a; }

}  // namespace

Books& Books::operator+=(const Books& other) {
  for (const auto member : {&Books::frames, &Books::octets, &Books::outside_time, &Books::implausible_time,
                            &Books::no_time, &Books::messages, &Books::well_formed, &Books::broken_records,
                            &Books::late_packets, &Books::windows, &Books::gap_windows})
    this->*member += other.*member;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    outcomes[i] += other.outcomes[i];
    first_frame[i] = earlier(first_frame[i], other.first_frame[i]);
  }
  for (std::size_t i = 0; i < malformed.size(); ++i) {
    malformed[i] += other.malformed[i];
    first_malformed[i] = earlier(first_malformed[i], other.first_malformed[i]);
  }
  fragments.fragments += other.fragments.fragments;
  fragments.datagrams_joined += other.fragments.datagrams_joined;
  fragments.datagrams_given_up += other.fragments.datagrams_given_up;
  decode += other.decode;
  if (other.largest_jump_ns > largest_jump_ns) {
    largest_jump_ns = other.largest_jump_ns;
    jump_frame = other.jump_frame;
  }
  for (const auto& [reason, count] : other.lacking) lacking[reason] += count;
  add_scripts(scripts, other.scripts);
  return *this;
}

std::uint64_t Books::malformed_total() const {
  return std::accumulate(malformed.begin(), malformed.end(), std::uint64_t{0});
}
std::uint64_t Books::decoded() const { return sum_of(*this, OutcomeClass::decoded); }
std::uint64_t Books::filtered() const { return sum_of(*this, OutcomeClass::filtered) + outside_time; }
std::uint64_t Books::refused() const { return sum_of(*this, OutcomeClass::refused) + implausible_time + no_time; }

bool Books::lost_any() const {
  return kernel_lost + left_out + refused() + malformed_total() + fragments.datagrams_given_up + skipped_total(*this) +
             late_packets + gap_windows + summaries_dropped + summaries_refused + script_missed(*this) !=
         0;
}

bool Books::balanced() const {
  return frames == decoded() + filtered() + refused() && messages == well_formed + malformed_total() &&
         decode.tcp_octets == decode.tcp_delivered + skipped_total(*this) + decode.tcp_waiting &&
         summaries_pushed == summaries_sent + summaries_refused + summaries_waiting + summaries_dropped &&
         std::ranges::all_of(scripts,
                             [](const Scripted& one) { return one.given == one.counted + one.waiting + one.missed(); });
}

std::vector<Counter> counters(const Books& books) {
  std::vector<Counter> rows;
  append(rows, books, of_frames);
  append_outcomes(rows, books);
  append(rows, books, of_times_and_joining);
  append_malformed(rows, books);
  append(rows, books, of_results);
  for (const auto& [reason, count] : books.lacking)
    rows.push_back(
        {"reducers", "lacking", reason, count, "messages that the reducer NAME skipped, since they lack MEMBER"});
  return rows;
}

std::string balance_text(const Books& books) {
  std::string text = fmt::format(
      "frames     {:>12} = {} decoded + {} filtered + {} refused{}{}\n"
      "tcp octets {:>12} = {} delivered + {} skipped + {} waiting\n"
      "messages   {:>12} = {} well-formed + {} malformed{}\n",
      books.frames, books.decoded(), books.filtered(), books.refused(),
      books.kernel_lost != 0 ? fmt::format("; lost by the kernel: {}", books.kernel_lost) : "",
      books.left_out != 0 ? fmt::format("; left out by the source: {}", books.left_out) : "", books.decode.tcp_octets,
      books.decode.tcp_delivered, skipped_total(books), books.decode.tcp_waiting, books.messages, books.well_formed,
      books.malformed_total(), books.late_packets != 0 ? fmt::format("; late: {}", books.late_packets) : "");
  for (const Scripted& one : books.scripts)
    text += fmt::format("script     {:>12} = {} counted + {} waiting + {} missed: {}{}\n", one.given, one.counted,
                        one.waiting, one.missed(), one.name,
                        one.faults != 0 ? fmt::format("; faults: {}", one.faults) : "");
  if (books.fragments.datagrams_given_up != 0)
    text += fmt::format("datagrams of fragments: {} joined, {} given up\n", books.fragments.datagrams_joined,
                        books.fragments.datagrams_given_up);
  if (books.summaries_pushed != 0)
    text += fmt::format(
        "summaries  {:>12} = {} sent + {} waiting + {} dropped{}, of {} windows{}\n", books.summaries_pushed,
        books.summaries_sent, books.summaries_waiting, books.summaries_dropped,
        books.summaries_refused != 0 ? fmt::format(" + {} refused", books.summaries_refused) : "", books.windows,
        books.summaries_found != 0 ? fmt::format("; {} were found in a spool", books.summaries_found) : "");
  if (books.gap_windows != 0) text += fmt::format("windows in gaps of the input, not sent: {}\n", books.gap_windows);
  if (books.summaries_unheard != 0)
    text += fmt::format("  of those sent, nobody listened to {}\n", books.summaries_unheard);
  if (books.summaries_perhaps_twice != 0)
    text += fmt::format("  {} may have gone out twice\n", books.summaries_perhaps_twice);
  if (const std::string jump = jump_text(books); !jump.empty()) text += jump + "\n";
  for (const Counter& counter : counters(books))
    if (!counter.reason.empty() && counter.value != 0)
      text += fmt::format("  {} {}: {} {}{}\n", counter.group, counter.name, counter.value, counter.reason,
                          counter.first_frame != 0 ? fmt::format(" (first: frame {})", counter.first_frame) : "");
  if (!books.balanced()) text += "THE BOOKS DO NOT BALANCE: this is a fault of the program, please report it\n";
  return text;
}

std::string jump_text(const Books& books) {
  constexpr std::int64_t remarkable_ns = 3600 * util::ns_per_second;
  if (books.late_packets == 0 || books.largest_jump_ns < remarkable_ns) return "";
  return fmt::format("time stamps jumped {} s forward at frame {}: what came after with earlier stamps is late",
                     books.largest_jump_ns / util::ns_per_second, books.jump_frame);
}

nlohmann::ordered_json balance_json(const Books& books) {
  nlohmann::ordered_json object;
  for (const Counter& counter : counters(books)) {
    if (counter.reason.empty())
      object[std::string(counter.group)][std::string(counter.name)] = counter.value;
    else if (counter.value != 0)
      object[std::string(counter.group)][fmt::format("{}_by_reason", counter.name)][std::string(counter.reason)] =
          counter.value;
    if (counter.first_frame != 0)
      object[std::string(counter.group)]["first_frame"][std::string(counter.reason)] = counter.first_frame;
  }
  return object;
}

nlohmann::ordered_json malformed_json(const Books& books) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (std::size_t i = 1; i < books.malformed.size(); ++i)
    if (books.malformed[i] != 0) object[std::string(dns::name(static_cast<dns::Malformed>(i)))] = books.malformed[i];
  return object;
}

}  // namespace rata::pipeline
