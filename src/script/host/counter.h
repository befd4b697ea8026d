#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "reduce/code_table.h"
#include "reduce/key_maker.h"
#include "reduce/key_table.h"
#include "reduce/row_maker.h"
#include "script/host/values.h"

namespace rata::script {

/// Keys of a counter: fields of messages, or texts that a script gives.
class CounterKeys {
 public:
  CounterKeys(const ValueOptions& options, const Columns& columns);

  const reduce::KeyMaker& maker() const { return *maker_; }
  bool takes_messages() const { return !fields_.empty(); }
  bool one_code() const { return one_code_; }
  bool are_like(const CounterKeys& other) const;  ///< keys of both mean the same

  /// False: the message has no value in some field.
  bool code(std::uint32_t at, std::uint32_t& code) const;
  /// `key`: in `room`, or where the message lies.
  bool octets(std::uint32_t at, std::vector<std::uint8_t>& room, reduce::Octets& key) const;

 private:
  const Columns& columns_;
  std::vector<std::size_t> fields_;
  std::vector<std::unique_ptr<reduce::Dimension>> dimensions_;  ///< what makers of rows ask for texts
  std::unique_ptr<reduce::KeyMaker> maker_;
  bool one_code_ = false;
};

/// counter(): counts by key, in the tables that the built-in reducers have.
class Counter final : public Value {
 public:
  Counter(const ValueOptions& options, const ValueSurroundings& around);

  ValueError add_message(std::uint32_t at, std::uint64_t times) override;
  ValueError add_text(std::string_view text, std::uint64_t times) override;
  ValueError merge(Value& other) override;
  void flush() override;
  double count_of(std::string_view text) override;
  double total() override;
  std::vector<Ranked> rank(std::size_t most) override;
  summary::Data data() override { return counts(); }

  summary::Counts counts();

 private:
  struct Waiting {
    std::uint32_t at;
    std::uint64_t times;
  };

  std::vector<reduce::RowMaker::Cell> cells(std::vector<std::uint8_t>& room);

  const reduce::Context& context_;
  CounterKeys keys_;
  reduce::RowRules rules_;
  reduce::CodeTable codes_;
  reduce::KeyTable octets_;
  std::uint64_t total_ = 0;
  /// Of counters that were merged into this one: what they had lost before.
  struct {
    std::uint64_t error = 0, keys = 0, count = 0;
  } lost_;
  std::vector<Waiting> waiting_;
};

}  // namespace rata::script
