#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reduce/batch.h"
#include "reduce/plan.h"

namespace rata::script {

/// What a script sees of a message under one name: what `where` can ask as a yes or no, what can be counted by as a
/// number where it is one, else as the text that stands in results. "message_size" is a number, "message_size:512" the
/// name of a bucket, as in `by`.
struct Field {
  enum class Form : std::uint8_t {
    flag,    ///< code 0 or 1
    number,  ///< the code itself
    name,    ///< a code that has a text
    text,    ///< octets, the dimension's key
    time,    ///< packet time in nanoseconds since 1970, 64 bits
  };

  std::string name;
  Form form = Form::flag;
  reduce::DimensionUse use;                              ///< number, name, text
  const reduce::Condition* condition = nullptr;          ///< flag
  std::uint32_t (*of)(const reduce::Packet&) = nullptr;  ///< a number that is no dimension

  bool needed = false;  ///< a message that has none is not handed over

  bool is_octets() const { return form == Form::text; }
  const reduce::Needs& needs() const;
};

/// nullopt: no message has that. The name may have an argument behind a colon, as a dimension in `by`.
std::optional<Field> find_field(std::string_view name);

/// What is said of a name that no field has, with the nearest that there is.
std::string no_such_field(std::string_view name);

/// The names there are, without arguments, each with what it is: for messages and for the reference.
struct FieldRow {
  std::string_view name, form, help;
};
std::vector<FieldRow> field_rows();

/// Puts the fields of some packets one after the other into a block, field by field (docs/wire-format.md has none of
/// it: it never leaves the machine). Codes take four octets a packet, times eight; of text come the lengths of all,
/// two octets each, then their octets. All numbers are the machine's own.
class FieldWriter {
 public:
  /// `plan` learns what is looked at.
  FieldWriter(std::vector<Field> fields, reduce::Plan& plan, std::size_t selection);

  /// Those packets that have all fields that are `needed`. Lifetime: until the next call.
  std::span<const std::uint16_t> with_needed(reduce::Batch& batch, std::span<const std::uint16_t> packets);

  /// Looks at the packets; returns the octets that `write` will take.
  std::size_t measure(reduce::Batch& batch, std::span<const std::uint16_t> packets);
  /// Of those packets.
  void write(std::uint8_t* room);

  static constexpr std::uint16_t no_text = 0xffff;

 private:
  struct Column {
    Field field;
    std::size_t number = 0;  ///< in the plan
    bool text_made_here = false;
    std::vector<std::string> texts;
  };

  bool is_missing(const Column& column, std::size_t packet) const;
  bool has(const Column& column, reduce::Batch& batch, std::size_t packet) const;
  void write_codes(const Column& column, std::uint8_t*& at);
  void write_numbers(const Column& column, std::uint8_t*& at);
  void write_flags(const Column& column, std::uint8_t*& at);
  void write_texts(Column& column, std::uint8_t*& at);
  void write_times(std::uint8_t*& at);
  std::size_t text_octets(Column& column);

  std::vector<Column> columns_;
  reduce::Batch* batch_ = nullptr;
  std::span<const std::uint16_t> packets_;
  bool complete_ = true;
  std::array<std::uint16_t, reduce::max_batch_packets> chosen_;
};

/// The octets of the field are its text already, since it can only be made where addresses are known as they are.
bool is_text_already(const Field& field, bool addresses_are_hidden);

}  // namespace rata::script
