#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "aggregate/processor.h"
#include "summary/summary.h"

namespace rata::aggregate {

/// Windows of one scope, merged by tens of seconds and then by minutes, so that any span takes few merges, and only
/// when somebody looks. Sketches, lists and trees do not subtract: nothing else leaves a span but a whole piece.
class Pieces {
 public:
  /// `rows`: what each piece is cut to (summary::cut).
  explicit Pieces(std::size_t rows) : rows_(rows) {}

  /// False: it has another form than what is here.
  [[nodiscard]] bool add(const summary::Summary& summary, const Origin& origin);
  void forget_until(util::Time cutoff);
  bool empty() const { return pieces_.empty(); }

  /// All pieces that end after `cutoff`, as one. An empty `type` stands for nothing.
  summary::Summary merged_after(util::Time cutoff);

 private:
  static constexpr std::int64_t minute_ns = 60 * util::ns_per_second;

  const summary::Summary& minute(std::int64_t start);

  std::size_t rows_;
  std::map<std::int64_t, summary::Summary> pieces_;   // by start, in ns
  std::map<std::int64_t, summary::Summary> minutes_;  // the pieces of one, made when they are asked for
};

/// What a reducer's data add up to over each span, whatever their form: per server, per group and over all of them. A
/// span begins where its first piece does.
///
/// A contribution counts once; a higher revision of it does not replace it, but counts as repeated, since what is
/// merged cannot be taken out again. A piece keeps ten times as many rows as a view shows.
class Merged final : public Processor {
 public:
  Merged(std::string name, const ProcessorConfig& config, const Spans& spans);

  Taken add(const summary::Summary& summary, const Origin& origin, const Places& places) override;
  void advance(util::Time watermark) override;
  std::string json(const Wanted& wanted, const Moment& moment) override;
  std::string_view kind() const override { return "merged"; }
  util::Time updated() const override { return newest_; }

 private:
  std::string name_;
  std::size_t output_limit_;
  Spans spans_;
  std::map<Scope, Pieces> scopes_;
  std::set<std::pair<util::Time, std::uint64_t>> seen_;  // by the window's end: ids
  util::Time newest_;
};

}  // namespace rata::aggregate
