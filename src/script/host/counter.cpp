#include "script/host/counter.h"

#include <algorithm>
#include <array>
#include <utility>

#include "reduce/ranking.h"
#include "util/hash.h"
#include "util/utf8.h"

namespace rata::script {
namespace {

using reduce::no_code;
using reduce::Octets;

constexpr std::size_t usual_cells = 1u << 20, most_key_octets = 65'535;
constexpr std::uint64_t no_octets = UINT32_MAX;

Octets octets_of(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }
std::string text_of(Octets key) { return {key.begin(), key.end()}; }

constexpr reduce::Dimension texts_of_a_script = {
    .name = "key", .help = "", .example = "", .needs = {}, .key_text = [](Octets key, const reduce::Look&) {
      return util::valid_utf8(text_of(key));
    }};

/// The dimension of a field, as far as its values here have texts.
reduce::Dimension dimension_of(const Columns::Column& column) {
  const Field& field = column.field;
  reduce::Dimension shown = field.use.dimension != nullptr ? *field.use.dimension : texts_of_a_script;
  if (field.use.dimension == nullptr) {
    shown.name = field.name;
    shown.bits = 32;
    shown.code_text = [](std::uint32_t code, const reduce::Look&) { return std::to_string(code); };
    if (field.condition != nullptr)
      shown.code_text = [](std::uint32_t code, const reduce::Look&) { return std::string(code != 0 ? "yes" : "no"); };
  } else if (field.form == Field::Form::number) {
    shown.bits = 32;
    shown.code_text = [](std::uint32_t code, const reduce::Look&) { return std::to_string(code); };
  }
  if (column.plain) shown.key_text = texts_of_a_script.key_text;
  return shown;
}

void put_code(std::vector<std::uint8_t>& key, std::uint32_t code) {
  for (const unsigned shift : {24u, 16u, 8u, 0u}) key.push_back(static_cast<std::uint8_t>(code >> shift));
}

}  // namespace

CounterKeys::CounterKeys(const ValueOptions& options, const Columns& columns)
    : columns_(columns), fields_(options.fields) {
  std::vector<reduce::DimensionUse> uses;
  for (const std::size_t field : fields_) {
    dimensions_.push_back(std::make_unique<reduce::Dimension>(dimension_of(columns[field])));
    uses.push_back({dimensions_.back().get(), columns[field].field.use.argument});
  }
  if (uses.empty()) uses.push_back({&texts_of_a_script, 0});
  one_code_ = uses.size() == 1 && uses.front().dimension->coded();
  reduce::Plan nobodys;
  maker_ = std::make_unique<reduce::KeyMaker>(std::move(uses), nobodys, 0);
}

bool CounterKeys::code(std::uint32_t at, std::uint32_t& code) const {
  code = columns_[fields_.front()].codes[at];
  return code != no_code;
}

bool CounterKeys::are_like(const CounterKeys& other) const {
  const auto same = [&](std::size_t mine, std::size_t its) {
    return columns_[mine].field.name == other.columns_[its].field.name;
  };
  return std::ranges::equal(fields_, other.fields_, same);
}

/// As KeyMaker takes them apart.
bool CounterKeys::octets(std::uint32_t at, std::vector<std::uint8_t>& room, reduce::Octets& key) const {
  if (fields_.size() == 1) {
    const rata_octets& octets = columns_[fields_.front()].octets[at];
    key = {reinterpret_cast<const std::uint8_t*>(octets.octets), octets.size};
    return octets.size != no_octets;
  }
  room.clear();
  for (const std::size_t field : fields_) {
    const Columns::Column& column = columns_[field];
    if (!column.codes.empty()) {
      if (column.codes[at] == no_code) return false;
      put_code(room, column.codes[at]);
      continue;
    }
    const rata_octets& octets = column.octets[at];
    if (octets.size == no_octets) return false;
    constexpr std::uint64_t most_octets = 255;
    const std::uint64_t size = std::min(octets.size, most_octets);
    room.push_back(static_cast<std::uint8_t>(size));
    room.insert(room.end(), octets.octets, octets.octets + size);
  }
  key = room;
  return true;
}

Counter::Counter(const ValueOptions& options, const ValueSurroundings& around)
    : context_(around.context),
      keys_(options, around.columns),
      codes_(options.cells != 0 ? options.cells : usual_cells, around.budget),
      octets_(options.cells != 0 ? options.cells : usual_cells, around.budget) {
  const std::size_t dimensions = keys_.maker().uses().size();
  rules_.limit.assign(options.limits.begin(), options.limits.begin() + static_cast<std::ptrdiff_t>(dimensions));
}

ValueError Counter::add_message(std::uint32_t at, std::uint64_t times) {
  if (!keys_.takes_messages()) return ValueError::no_such_thing;
  if (times == 0) return ValueError::none;
  if (keys_.one_code()) {
    if (std::uint32_t code; keys_.code(at, code)) {
      codes_.add(code, times);
      total_ += times;
    }
    return ValueError::none;
  }
  waiting_.push_back({at, times});
  return ValueError::none;
}

ValueError Counter::add_text(std::string_view text, std::uint64_t times) {
  if (keys_.takes_messages()) return ValueError::wants_message;
  if (text.size() > most_key_octets) return ValueError::too_long;
  if (times == 0) return ValueError::none;
  octets_.add(util::table_hash(octets_of(text)), octets_of(text), times);
  total_ += times;
  return ValueError::none;
}

// A few keys ahead, so that the ways to memory lie side by side.
void Counter::flush() {
  constexpr std::size_t group_size = 16;
  struct Made {
    std::uint64_t hash, times;
    Octets key;
    std::vector<std::uint8_t> room;
  };
  static std::array<Made, group_size> group;
  for (std::size_t next = 0; next < waiting_.size();) {
    std::size_t made = 0;
    for (; made < group_size && next < waiting_.size(); ++next) {
      Made& one = group[made];
      if (!keys_.octets(waiting_[next].at, one.room, one.key)) continue;
      one.hash = util::table_hash(one.key);
      one.times = waiting_[next].times;
      octets_.prefetch(one.hash);
      ++made;
    }
    for (std::size_t i = 0; i < made; ++i) octets_.prefetch_key(group[i].hash);
    for (std::size_t i = 0; i < made; ++i) {
      octets_.add(group[i].hash, group[i].key, group[i].times);
      total_ += group[i].times;
    }
  }
  waiting_.clear();
}

ValueError Counter::merge(Value& value) {
  auto* const other = dynamic_cast<Counter*>(&value);
  if (other == nullptr || other == this || !keys_.are_like(other->keys_)) return ValueError::cannot_merge;
  flush();
  other->flush();
  other->codes_.each([&](const auto& entry) { codes_.add(entry.key, entry.count); });
  other->octets_.each([&](const auto& entry) { octets_.add(util::table_hash(entry.key), entry.key, entry.count); });
  total_ += other->total_;
  lost_.error += std::max(other->codes_.error(), other->octets_.error()) + other->lost_.error;
  lost_.keys += other->codes_.dropped_keys() + other->octets_.dropped_keys() + other->lost_.keys;
  lost_.count += other->codes_.dropped_count() + other->octets_.dropped_count() + other->lost_.count;
  return ValueError::none;
}

std::vector<reduce::RowMaker::Cell> Counter::cells(std::vector<std::uint8_t>& room) {
  flush();
  room.resize(codes_.size() * reduce::KeyMaker::max_unpacked_octets);
  std::vector<reduce::RowMaker::Cell> cells;
  cells.reserve(codes_.size() + octets_.size());
  std::uint8_t* at = room.data();
  codes_.each([&](const auto& entry) {
    cells.push_back({keys_.maker().unpack(entry.key, at), entry.count});
    at += cells.back().key.size();
  });
  octets_.each([&](const auto& entry) { cells.push_back({entry.key, entry.count}); });
  return cells;
}

summary::Counts Counter::counts() {
  std::vector<std::uint8_t> room;
  auto all = cells(room);
  summary::Counts counts;
  for (const reduce::DimensionUse& use : keys_.maker().uses()) counts.by.emplace_back(use.dimension->name);
  counts.error = std::max(codes_.error(), octets_.error()) + lost_.error;
  const std::uint64_t dropped = codes_.dropped_count() + octets_.dropped_count() + lost_.count;
  if (dropped > 0)
    counts.rest.push_back(
        {.prefix = {}, .keys = codes_.dropped_keys() + octets_.dropped_keys() + lost_.keys, .count = dropped});
  reduce::RowMaker(keys_.maker(), rules_, context_).make(all, counts);
  return counts;
}

double Counter::count_of(std::string_view text) {
  flush();
  if (!keys_.takes_messages()) {
    const auto key = octets_of(text);
    const auto hash = static_cast<std::uint32_t>(util::table_hash(key));
    return static_cast<double>(octets_.count_of({key, 0, hash}));
  }
  for (const Ranked& one : rank(SIZE_MAX))
    if (one.text == text) return static_cast<double>(one.count);
  return 0;
}

double Counter::total() {
  flush();
  return static_cast<double>(total_);
}

std::vector<Value::Ranked> Counter::rank(std::size_t most) {
  std::vector<std::uint8_t> room;
  std::vector<Ranked> ranked;
  for (const reduce::RowMaker::Cell& cell : cells(room)) {
    Ranked one{{}, cell.count};
    Octets left = cell.key;
    for (std::size_t depth = 0; depth < keys_.maker().uses().size(); ++depth) {
      if (depth > 0) one.text += ' ';
      one.text += keys_.maker().text(keys_.maker().take_part(left, depth), depth, context_, false);
    }
    ranked.push_back(std::move(one));
  }
  const auto before = [](const Ranked& a, const Ranked& b) {
    return a.count != b.count ? a.count > b.count : a.text < b.text;
  };
  const std::size_t kept = std::min(most, ranked.size());
  std::ranges::partial_sort(ranked, ranked.begin() + static_cast<std::ptrdiff_t>(kept), before);
  ranked.resize(kept);
  return ranked;
}

util::Result<std::unique_ptr<Value>> make_counter(const ValueOptions& options, const ValueSurroundings& around) {
  return {std::make_unique<Counter>(options, around)};
}

namespace {

/// top_k(n): a counter that is shown as a ranking, with as many keys in it as make what is shown nearly always right.
class TopK final : public Value {
 public:
  TopK(const ValueOptions& options, const ValueSurroundings& around)
      : limit_(options.limits[0]), counter_(inner(options), around) {}

  ValueError add_message(std::uint32_t at, std::uint64_t times) override { return counter_.add_message(at, times); }
  ValueError add_text(std::string_view text, std::uint64_t times) override { return counter_.add_text(text, times); }
  ValueError merge(Value& other) override {
    auto* const top = dynamic_cast<TopK*>(&other);
    return top == nullptr ? ValueError::cannot_merge : counter_.merge(top->counter_);
  }
  void flush() override { counter_.flush(); }
  double count_of(std::string_view text) override { return counter_.count_of(text); }
  double total() override { return counter_.total(); }
  std::vector<Ranked> rank(std::size_t most) override { return counter_.rank(std::min<std::size_t>(most, limit_)); }

  summary::Data data() override { return reduce::ranking_of(counter_.counts(), limit_); }

 private:
  static ValueOptions inner(ValueOptions options) {
    constexpr std::size_t least_cells = 1024, cells_of_each = 64;
    if (options.cells == 0) options.cells = std::max<std::size_t>(least_cells, options.limits[0] * cells_of_each);
    options.limits = {};
    return options;
  }

  std::uint64_t limit_;
  Counter counter_;
};

}  // namespace

util::Result<std::unique_ptr<Value>> make_top_k(const ValueOptions& options, const ValueSurroundings& around) {
  if (options.fields.size() > 1) return util::Error{"is of one field, or of texts"};
  return {std::make_unique<TopK>(options, around)};
}

}  // namespace rata::script
