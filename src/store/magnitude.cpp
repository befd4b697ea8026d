#include "store/magnitude.h"

#include <algorithm>
#include <limits>
#include <string>
#include <variant>

namespace rata::store {
namespace {

/// Adds up without running over.
class Sum {
 public:
  std::uint64_t value() const { return value_; }

  void add(std::uint64_t count) {
    const std::uint64_t room = std::numeric_limits<std::uint64_t>::max() - value_;
    value_ += std::min(count, room);
  }
  template <typename... More>
  void add(std::uint64_t count, More... more) {
    add(count);
    add(more...);
  }

  void operator()(const summary::Rates& rates) {
    for (const summary::Rate& rate : rates.members) add(rate.count);
  }
  void operator()(const summary::Counts& counts) {
    add(counts.error);
    for (const summary::CountRow& row : counts.rows) add(row.count);
    for (const summary::RestRow& rest : counts.rest) add(rest.keys, rest.count, rest.most);
  }
  void operator()(const summary::Records& records) { add(records.left_out); }
  void operator()(const summary::Top& top) {
    add(top.absent, top.cut);
    for (const summary::Top::Entry& entry : top.entries) add(entry.count, entry.extra);
  }
  void operator()(const summary::Alone& alone) { add(alone.queries, alone.answers, alone.left_out); }
  void operator()(const summary::Quantiles& quantiles) { add(quantiles.count()); }
  void operator()(std::uint64_t number) { add(number); }
  void operator()(const summary::Measures& measures) {
    (*this)(measures.counts);
    for (const auto& row : measures.values)
      for (const summary::Measure& measure : row) std::visit([this](const auto& one) { (*this)(one); }, measure);
  }
  void operator()(const summary::Values& values) { (*this)(values.root); }
  void operator()(const summary::Value& value) {
    add(value.parts, value.dropped);
    std::visit([this](const auto& node) { (*this)(node); }, value.node);
  }
  void operator()(const summary::Items& items) { add(items.left_out); }
  void operator()(const summary::Map& map) {
    for (const auto& [key, value] : map) (*this)(value);
  }
  // What adds nothing, or bounds itself.
  void operator()(const summary::Distinct&) {}
  void operator()(const summary::Quantity&) {}
  void operator()(const std::string&) {}
  void operator()(bool) {}
  void operator()(const summary::Nothing&) {}

 private:
  std::uint64_t value_ = 0;
};

}  // namespace

std::uint64_t magnitude(const summary::Summary& summary) {
  Sum sum;
  sum.add(summary.window.packets, summary.window.late);
  const summary::Loss& loss = summary.loss;
  sum.add(loss.kernel, loss.queue, loss.malformed, loss.left_out, loss.key_error, loss.missed);
  for (const std::uint64_t lacking : loss.lacking) sum.add(lacking);
  std::visit([&](const auto& data) { sum(data); }, summary.data);
  return sum.value();
}

}  // namespace rata::store
