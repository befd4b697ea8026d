#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "reduce/batch.h"
#include "script/field.h"
#include "script/host/columns.h"
#include "support/dimensions.h"

namespace rata::tests {

/// Messages as a script's process sees them: written into blocks as the monitor does, and read from there.
class ScriptMessages {
 public:
  /// At most Columns::most_messages. `where`: only those of which this condition holds; "": all.
  ScriptMessages(const std::vector<std::string>& fields, std::span<const reduce::Packet> packets,
                 const reduce::Context& context = {}, const std::string& where = "")
      : fields_(find(fields)), columns_(fields_, plain(fields_, context)) {
    reduce::Plan plan;
    const std::size_t selection = selection_of(where, plan);
    script::FieldWriter writer(fields_, plan, selection);
    reduce::Batch batch(plan, context);
    for (; !packets.empty(); packets = packets.subspan(batch.size())) {
      batch.assign(packets.first(std::min(packets.size(), reduce::max_batch_packets)));
      std::vector<std::uint16_t> chosen;
      for (std::uint16_t i = 0; i < batch.size(); ++i)
        if (where.empty() || holds(where, batch[i])) chosen.push_back(i);
      read(write(writer, batch, chosen));
    }
  }

  std::size_t size() const { return size_; }
  const std::vector<script::Field>& fields() const { return fields_; }
  const script::Columns& columns() const { return columns_; }

  /// What the script gets, as text: of flags yes or no, `no_value` for nil.
  std::string text(std::size_t field, std::size_t place) const {
    using Form = script::Field::Form;
    const reduce::Context nothing_known;
    const script::Columns::Column& column = columns_[field];
    const reduce::Look look{nothing_known, column.field.use.argument};
    if (column.field.form == Form::time)
      return std::isnan(column.times[place]) ? std::string(no_value) : std::to_string(column.times[place]);
    if (column.field.is_octets()) {
      const rata_octets& octets = column.octets[place];
      if (octets.size == UINT32_MAX) return std::string(no_value);
      if (column.plain) return {octets.octets, octets.size};
      return column.field.use.dimension->key_text({reinterpret_cast<const std::uint8_t*>(octets.octets), octets.size},
                                                  look);
    }
    const std::uint32_t code = column.codes[place];
    if (code == reduce::no_code) return std::string(no_value);
    if (column.field.form == Form::flag) return code != 0 ? "yes" : "no";
    if (column.field.form == Form::number) return std::to_string(code);
    return column.field.use.dimension->code_text(code, look);
  }

 private:
  using Octets = std::vector<std::uint8_t>;

  static std::vector<script::Field> find(const std::vector<std::string>& names) {
    std::vector<script::Field> found;
    for (const std::string& name : names) {
      const auto field = script::find_field(name);
      EXPECT_TRUE(field) << name;
      if (field) found.push_back(*field);
    }
    return found;
  }
  static std::vector<bool> plain(const std::vector<script::Field>& fields, const reduce::Context& context) {
    std::vector<bool> all;
    for (const script::Field& field : fields)
      all.push_back(script::is_text_already(field, context.anonymizer.changes()));
    return all;
  }
  static std::size_t selection_of(const std::string& where, reduce::Plan& plan) {
    std::vector<reduce::ConditionUse> uses;
    if (!where.empty()) uses.push_back(*reduce::read_condition(where));
    return plan.selection(uses);
  }

  /// The record, between octets that stay as they are.
  Octets& write(script::FieldWriter& writer, reduce::Batch& batch, const std::vector<std::uint16_t>& chosen) {
    constexpr std::size_t guard = 16;
    constexpr std::uint8_t untouched = 0xa5;
    const std::size_t measured = writer.measure(batch, chosen);
    const script::RecordHeader header{.kind = script::RecordHeader::Kind::block,
                                      .count = static_cast<std::uint32_t>(chosen.size())};
    const std::size_t front = sizeof header + chosen.size() * sizeof(std::uint64_t);
    Octets& record = records_.emplace_back(front + measured + guard, untouched);
    std::memcpy(record.data(), &header, sizeof header);
    std::memset(record.data() + sizeof header, 0, front - sizeof header);
    writer.write(record.data() + front);
    EXPECT_TRUE(std::all_of(record.end() - guard, record.end(), [](auto octet) { return octet == untouched; }))
        << "more was written than was measured";
    record.resize(front + measured);
    return record;
  }

  void read(const Octets& record) {
    script::BlockReader reader(record, columns_);
    std::vector<std::uint16_t> places;
    while (places.size() < reader.size()) places.push_back(static_cast<std::uint16_t>(size_++));
    // In two parts, as they are when other shards' messages come between.
    const std::size_t first = places.size() / 3;
    reader.put(columns_, std::span(places).first(first));
    reader.put(columns_, std::span(places).subspan(first));
    EXPECT_EQ(reader.next(), reader.size());
  }

  std::vector<script::Field> fields_;
  script::Columns columns_;
  std::deque<Octets> records_;  ///< octets lie there
  std::size_t size_ = 0;
};

}  // namespace rata::tests
