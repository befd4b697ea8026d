#include "script/field.h"

#include <algorithm>
#include <cstring>

#include "reduce/needs.h"
#include "util/nearest.h"

namespace rata::script {
namespace {

using reduce::Batch;
using reduce::Dimension;
using reduce::no_code;
using reduce::Octets;
using reduce::Packet;
using util::Member;

struct NumberRow {
  std::string_view name, help;
  reduce::Needs needs;
  std::uint32_t (*of)(const Packet&);
};
constexpr NumberRow numbers[] = {
    {"id",
     "the DNS id",
     {.members = {Member::id}},
     [](const Packet& packet) -> std::uint32_t { return packet.message.id; }},
    {"flags",
     "the second word of the header",
     {.members = {Member::flags}},
     [](const Packet& packet) -> std::uint32_t { return packet.message.flags; }},
    {"qtype_number",
     "type of the first question as a number",
     {.members = {Member::queries}},
     [](const Packet& packet) -> std::uint32_t {
       return packet.message.has_question() ? packet.message.qtype : no_code;
     }},
    {"answer_count",
     "records that the header says are in the answer section",
     {.members = {Member::answers}},
     [](const Packet& packet) -> std::uint32_t { return packet.message.answer_count; }},
};
constexpr std::string_view time_name = "time", time_help = "packet time in seconds since 1970";
constexpr reduce::Needs needs_time{.members = {Member::time}};

const NumberRow* find_number(std::string_view name) {
  const auto found = std::ranges::find(numbers, name, &NumberRow::name);
  return found == std::end(numbers) ? nullptr : found;
}

Field::Form form_of(const Dimension& dimension, bool bucketed) {
  if (!dimension.coded()) return Field::Form::text;
  return dimension.quantity != reduce::Quantity::none && !bucketed ? Field::Form::number : Field::Form::name;
}

void put(std::uint8_t*& at, const void* value, std::size_t size) {
  std::memcpy(at, value, size);
  at += size;
}

/// Returns the end. All in registers: what is written through an octet pointer might else be any of it.
std::uint8_t* put_all(std::span<const std::uint32_t> codes, std::span<const std::uint16_t> packets, std::uint8_t* at) {
  for (const std::uint16_t i : packets) {
    std::memcpy(at, &codes[i], sizeof codes[i]);
    at += sizeof codes[i];
  }
  return at;
}

/// Its text is made by the anonymizer: of a party, and of the client's network in EDNS.
bool tells_address(const Dimension& dimension) {
  return dimension.needs.client || dimension.needs.server || dimension.name == "ecs_prefix";
}

std::string_view form_text(Field::Form form) {
  switch (form) {
    case Field::Form::flag:
      return "true or false";
    case Field::Form::number:
    case Field::Form::time:
      return "number";
    case Field::Form::name:
    case Field::Form::text:
      return "text";
  }
  return "";
}

}  // namespace

const reduce::Needs& Field::needs() const {
  if (condition != nullptr) return condition->needs;
  if (form == Form::time) return needs_time;
  return of != nullptr ? find_number(name)->needs : use.dimension->needs;
}

std::optional<Field> find_field(std::string_view name) {
  Field field{.name = std::string(name)};
  if (name == time_name) {
    field.form = Field::Form::time;
    return field;
  }
  if (const NumberRow* number = find_number(name)) {
    field.form = Field::Form::number;
    field.of = number->of;
    return field;
  }
  if (field.condition = reduce::find_condition(name); field.condition != nullptr) return field;
  const auto use = reduce::read_dimension(name);
  if (!use) return std::nullopt;
  field.use = *use;
  const bool bucketed = name.find(':') != std::string_view::npos;
  field.form = form_of(*use->dimension, bucketed);
  // A dimension that has buckets: of those with one number each.
  if (field.form == Field::Form::number && use->dimension->read_argument != nullptr)
    field.use.argument = use->dimension->read_argument("1").value_or(use->argument);
  return field;
}

std::vector<FieldRow> field_rows() {
  std::vector<FieldRow> rows;
  for (const Dimension& dimension : reduce::dimensions())
    if (reduce::find_condition(dimension.name) == nullptr)
      rows.push_back({dimension.name, form_text(form_of(dimension, false)), dimension.help});
  for (const NumberRow& number : numbers) rows.push_back({number.name, "number", number.help});
  rows.push_back({time_name, "number", time_help});
  for (const reduce::Condition& condition : reduce::conditions())
    rows.push_back({condition.name, form_text(Field::Form::flag), condition.help});
  return rows;
}

std::string no_such_field(std::string_view name) {
  std::vector<std::string> names;
  for (const FieldRow& row : field_rows()) names.emplace_back(row.name);
  return util::no_such("field of messages", name, names);
}

bool is_text_already(const Field& field, bool addresses_are_hidden) {
  return field.form == Field::Form::text && addresses_are_hidden && tells_address(*field.use.dimension);
}

FieldWriter::FieldWriter(std::vector<Field> fields, reduce::Plan& plan, std::size_t selection) {
  for (Field& field : fields) {
    Column column{.field = std::move(field)};
    if (const Dimension* const dimension = column.field.use.dimension)
      column.number = dimension->coded() ? plan.code_column(column.field.use, selection)
                                         : plan.key_column(column.field.use, selection);
    columns_.push_back(std::move(column));
  }
}

bool FieldWriter::is_missing(const Column& column, std::size_t packet) const {
  return !complete_ && reduce::missing((*batch_)[packet], column.field.needs()).has_value();
}

/// Of a packet that lacks nothing that the source could have said: whether there is a value.
bool FieldWriter::has(const Column& column, Batch& batch, std::size_t packet) const {
  const Dimension* const dimension = column.field.use.dimension;
  if (dimension == nullptr) return column.field.of == nullptr || column.field.of(batch[packet]) != no_code;
  if (!dimension->coded()) return batch.keys(column.number)[packet].exists();
  const std::uint32_t code = batch.codes(column.number)[packet];
  const bool none = dimension->quantity == reduce::Quantity::after_none && column.field.form == Field::Form::number;
  return code != no_code && !(none && code == 0);
}

std::span<const std::uint16_t> FieldWriter::with_needed(Batch& batch, std::span<const std::uint16_t> packets) {
  const auto needed = [](const Column& column) { return column.field.needed; };
  if (std::ranges::none_of(columns_, needed)) return packets;
  std::size_t count = 0;
  for (const std::uint16_t packet : packets) {
    const auto lacks = [&](const Column& column) { return column.field.needed && !has(column, batch, packet); };
    chosen_[count] = packet;
    count += std::ranges::none_of(columns_, lacks);
  }
  return {chosen_.data(), count};
}

std::size_t FieldWriter::measure(Batch& batch, std::span<const std::uint16_t> packets) {
  batch_ = &batch;
  packets_ = packets;
  complete_ = batch.complete() && batch.all_with_question();
  std::size_t octets = 0;
  for (Column& column : columns_) {
    if (column.field.form == Field::Form::time)
      octets += packets.size() * sizeof(std::int64_t);
    else if (column.field.is_octets())
      octets += packets.size() * sizeof(std::uint16_t) + text_octets(column);
    else
      octets += packets.size() * sizeof(std::uint32_t);
  }
  return octets;
}

/// Makes the texts where only here they can be made.
std::size_t FieldWriter::text_octets(Column& column) {
  const reduce::KeyColumn& keys = batch_->keys(column.number);
  column.text_made_here = is_text_already(column.field, batch_->context().anonymizer.changes());
  column.texts.clear();
  std::size_t octets = 0;
  for (const std::uint16_t i : packets_) {
    const bool there = keys[i].exists() && !is_missing(column, i);
    if (column.text_made_here) {
      const reduce::Look look{batch_->context(), column.field.use.argument};
      column.texts.push_back(there ? column.field.use.dimension->key_text(keys[i].span(), look) : std::string());
      octets += column.texts.back().size();
    } else if (there) {
      octets += keys[i].size;
    }
  }
  return octets;
}

void FieldWriter::write(std::uint8_t* room) {
  for (Column& column : columns_) {
    switch (column.field.form) {
      case Field::Form::flag:
        write_flags(column, room);
        break;
      case Field::Form::number:
      case Field::Form::name:
        column.field.of != nullptr ? write_numbers(column, room) : write_codes(column, room);
        break;
      case Field::Form::text:
        write_texts(column, room);
        break;
      case Field::Form::time:
        write_times(room);
        break;
    }
  }
}

void FieldWriter::write_flags(const Column& column, std::uint8_t*& at) {
  for (const std::uint16_t i : packets_) {
    const std::uint32_t code =
        is_missing(column, i) ? no_code : static_cast<std::uint32_t>(column.field.condition->holds((*batch_)[i]));
    put(at, &code, sizeof code);
  }
}

void FieldWriter::write_numbers(const Column& column, std::uint8_t*& at) {
  for (const std::uint16_t i : packets_) {
    const std::uint32_t code = is_missing(column, i) ? no_code : column.field.of((*batch_)[i]);
    put(at, &code, sizeof code);
  }
}

void FieldWriter::write_codes(const Column& column, std::uint8_t*& at) {
  const auto codes = batch_->codes(column.number);
  // One more than the number, or none.
  const bool shifted =
      column.field.form == Field::Form::number && column.field.use.dimension->quantity == reduce::Quantity::after_none;
  if (complete_ && !shifted) [[likely]] {
    at = put_all(codes, packets_, at);
    return;
  }
  if (complete_ && !shifted) [[likely]] {
    at = put_all(codes, packets_, at);
    return;
  }
  for (const std::uint16_t i : packets_) {
    std::uint32_t code = is_missing(column, i) ? no_code : codes[i];
    if (shifted && code != no_code) --code;  // of none comes no_code
    put(at, &code, sizeof code);
  }
}

void FieldWriter::write_texts(Column& column, std::uint8_t*& at) {
  const reduce::KeyColumn& keys = batch_->keys(column.number);
  std::uint8_t* octets = at + packets_.size() * sizeof(std::uint16_t);
  std::size_t made = 0;
  for (const std::uint16_t i : packets_) {
    const bool there = keys[i].exists() && !is_missing(column, i);
    Octets text;
    if (column.text_made_here) {
      const std::string& one = column.texts[made++];
      text = {reinterpret_cast<const std::uint8_t*>(one.data()), one.size()};
    } else if (there) {
      text = keys[i].span();
    }
    const std::uint16_t size = there ? static_cast<std::uint16_t>(text.size()) : no_text;
    put(at, &size, sizeof size);
    if (!text.empty()) put(octets, text.data(), text.size());
  }
  at = octets;
}

void FieldWriter::write_times(std::uint8_t*& at) {
  for (const std::uint16_t i : packets_) {
    const std::int64_t ns = (*batch_)[i].lacks.has(Member::time) ? INT64_MIN : (*batch_)[i].time.ns;
    put(at, &ns, sizeof ns);
  }
}

}  // namespace rata::script
