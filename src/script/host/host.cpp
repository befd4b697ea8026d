#include "script/host/host.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <ctime>
#include <map>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "reduce/geography.h"
#include "script/host/inbox.h"
#include "script/host/last_words.h"
#include "script/host/lua_file.h"
#include "script/host/natives.h"
#include "script/host/parameters.h"
#include "script/host/sandbox.h"
#include "script/mailbox.h"
#include "script/result_octets.h"
#include "script/ring.h"

namespace rata::script {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_setup_octets = std::size_t{64} << 20;

/// Messages between two signs of life, and between two looks at the memory of the values: counted in each window, so
/// that how messages come does not show.
constexpr std::size_t run_messages = 512, settle_messages = 1024;

std::uint64_t cpu_ns() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

template <typename Number>
void append(Number value, std::vector<std::uint8_t>& out) {
  for (unsigned i = sizeof value; i-- > 0;) out.push_back(static_cast<std::uint8_t>(std::uint64_t{value} >> 8 * i));
}

/// The process of a script.
class Host {
 public:
  explicit Host(Mailbox& mailbox) : mailbox_(mailbox) {}

  int run() {
    const auto setup = mailbox_.wait(-1);
    if (!setup || setup->kind != LetterKind::setup) return 0;  // the monitor has gone
    const std::string_view text = setup->text();
    const std::size_t end = text.find('\0');
    if (auto ready = get_ready(Json::parse(text.substr(0, end)), text.substr(end + 1)); !ready)
      return fail(ready.error().message);
    if (declared_) return 0;
    return work();
  }

 private:
  int fail(const std::string& message) {
    mailbox_.send(LetterKind::fault, message);
    return 1;
  }

  /// `source`: the file's octets, as they are.
  util::Result<void> get_ready(const Json& setup, std::string_view source) {
    auto ring = Ring::open(host_ring_fd, setup.at("ring_octets"));
    if (!ring) return ring.error();
    ring_.emplace(std::move(*ring));
    ring_->close_fd();
    Natives& natives = Natives::get();
    natives.set_mailbox(&mailbox_);
    const std::size_t memory_octets = setup.at("memory_octets");
    natives.set_values_octets(memory_octets / 4);
    natives.context().sketch_seed = setup.at("sketch_seed");
    constexpr std::size_t row_octets = 512;  // while it is made, and on its way out
    natives.context().most_rows = std::min(setup.at("most_rows").get<std::size_t>(), memory_octets / 2 / row_octets);
    hides_addresses_ = setup.at("hides_addresses");
    if (hides_addresses_) natives.hide_addresses();
    if (auto opened = open_geography(setup); !opened) return opened;
    if (auto opened = lua_.open(natives.functions()); !opened) return opened;
    // What waits to be put in order is not the script's: it depends on how the monitor reads.
    const std::size_t inbox_octets = 2 * setup.at("ring_octets").get<std::size_t>();
    if (auto shut_in = shut_in_process(memory_octets + inbox_octets); !shut_in) return shut_in;
    return read_file(setup, source);
  }

  /// What needs files, before there are none.
  static util::Result<void> open_geography(const Json& setup) {
    const auto open = [&](const char* key, reduce::Geography::What what,
                          std::shared_ptr<const reduce::Geography>& into) -> util::Result<void> {
      const std::string path = setup.at(key);
      if (path.empty()) return {};
      auto database = reduce::Geography::open(path, what);
      if (!database) return database.error();
      into = std::move(*database);
      return {};
    };
    reduce::Context& context = Natives::get().context();
    if (auto opened = open("country", reduce::Geography::What::country, context.countries); !opened) return opened;
    return open("asn", reduce::Geography::What::network, context.networks);
  }

  util::Result<void> shut_in_process(std::size_t memory_octets) {
    compiles_ = may_make_code();
    lua_.set_compiling(compiles_);
    return shut_in(mailbox_.fd(), memory_octets);
  }

  util::Result<void> read_file(const Json& setup, std::string_view source) {
    auto said = lua_.load(source, setup.at("name"));
    if (!said) return said.error();
    declared_ = said->contains("declared");
    if (!declared_) {
      std::vector<Field> fields;
      std::vector<bool> plain;
      for (const Json& name : said->at("fields")) {
        fields.push_back(*find_field(name.get<std::string>()));
        plain.push_back(is_text_already(fields.back(), hides_addresses_));
      }
      columns_ = std::make_unique<Columns>(fields, plain);
      Natives::get().set_columns(columns_.get());
      if (auto set = lua_.set_columns(*columns_); !set) return set;
    }
    auto parameters = check_parameters(declared_ ? Json::object() : said->at("parameters"), setup.at("parameters"),
                                       setup.at("parameters_are_texts"));
    if (!parameters) return parameters.error();
    if (auto set = lua_.set_parameters(*parameters); !set) return set;
    (*said)["parameters"] = *parameters;
    (*said)["compiles"] = compiles_;
    mailbox_.send(LetterKind::description, said->dump(-1, ' ', false, Json::error_handler_t::replace));
    return {};
  }

  int work() {
    Inbox inbox(*columns_, [this](std::uint32_t window, std::size_t count) { use(window, count); });
    while (!failure_) {
      const auto record = ring_->front();
      if (record.empty()) {
        ring_->sleep(std::chrono::seconds(1));
        continue;
      }
      obey(record, inbox);
      ring_->pop();
    }
    return fail(*failure_);
  }

  void obey(std::span<const std::uint8_t> record, Inbox& inbox) {
    RecordHeader header;
    std::memcpy(&header, record.data(), std::min(record.size(), sizeof header));
    switch (header.kind) {
      case RecordHeader::Kind::padding:
        return;
      case RecordHeader::Kind::block:
        return inbox.add(record);
      case RecordHeader::Kind::block_at_once:
        return inbox.use_at_once(record);
      case RecordHeader::Kind::ordered:
        return inbox.settle();
      case RecordHeader::Kind::take:
        inbox.settle();
        return take(header.window);
    }
  }

  void use(std::uint32_t window, std::size_t count) {
    if (failure_) return;
    Natives::get().enter(window);
    std::uint64_t& seen = messages_[window];
    for (std::size_t first = 0; first < count;) {
      const std::size_t to_settle = settle_messages - seen % settle_messages;
      const std::size_t size = std::min({count - first, run_messages, to_settle});
      if (auto added = lua_.add(window, first, first + size - 1); !added) {
        failure_ = added.error().message;
        return;
      }
      Natives::get().end_batch(size == to_settle);
      seen += size;
      first += size;
      ring_->beat();
    }
  }

  /// A window that got nothing has a result all the same.
  void take(std::uint32_t window) {
    if (failure_) return;
    Natives::get().enter(window);
    const auto data = lua_.take(window);
    if (!data) {
      failure_ = data.error().message;
      return;
    }
    std::vector<std::uint8_t> letter;
    append(window, letter);
    append(messages_[window], letter);
    append(cpu_ns(), letter);
    append(std::uint64_t{lua_.octets()}, letter);
    const std::string compiling = lua_.compiling().dump();
    append(static_cast<std::uint32_t>(compiling.size()), letter);
    letter.insert(letter.end(), compiling.begin(), compiling.end());
    append_result(*data, letter);
    messages_.erase(window);
    Natives::get().leave(window);
    mailbox_.send(LetterKind::result, letter);
  }

  Mailbox& mailbox_;
  std::optional<Ring> ring_;
  LuaFile lua_;
  std::unique_ptr<Columns> columns_;
  std::map<std::uint32_t, std::uint64_t> messages_;  ///< by window
  std::optional<std::string> failure_;
  bool declared_ = false, hides_addresses_ = false, compiles_ = true;
};

}  // namespace

int host_main() {
  Mailbox mailbox(host_socket_fd, most_setup_octets);
  expect_the_end(mailbox);
  try {
    return Host(mailbox).run();
  } catch (const std::bad_alloc&) {
    end_out_of_memory();
  } catch (const std::exception& fault) {
    mailbox.send(LetterKind::fault, std::string("the program's own fault: ") + fault.what());
  }
  return 1;
}

}  // namespace rata::script
