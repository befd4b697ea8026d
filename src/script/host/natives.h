#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reduce/budget.h"
#include "script/host/columns.h"
#include "script/host/values.h"

struct lua_State;

namespace rata::script {

class Mailbox;

/// What a script's process knows besides the messages, and the values that the script has made. The functions that
/// lua/prelude/ calls find it here; there is one in the process.
class Natives {
 public:
  static Natives& get();

  /// Once the fields are known.
  void set_columns(Columns* columns) { columns_ = columns; }
  reduce::Context& context() { return context_; }
  const rata_native& functions() const { return functions_; }
  void hide_addresses() { addresses_are_hidden_ = true; }
  void set_mailbox(Mailbox* mailbox) { mailbox_ = mailbox; }
  void set_values_octets(std::size_t octets) { values_octets_ = octets; }

  /// Values that are made from now on are of that window.
  void enter(std::uint32_t window) { window_ = window; }
  /// What waits for the end of a batch is looked up. `settle`: the window's tables are held to their memory.
  void end_batch(bool settle);
  /// The window's values are gone.
  void leave(std::uint32_t window);

  std::optional<summary::Data> data(std::uint32_t handle);

 private:
  struct Functions;
  friend struct Functions;

  Natives();
  Value* value(std::uint32_t handle) { return handle < values_.size() ? values_[handle].get() : nullptr; }
  reduce::Budget* budget();
  std::uint32_t put(std::string_view text);
  std::uint32_t refuse(std::string why);

  static constexpr std::size_t room_octets = 1u << 18;
  static constexpr std::size_t most_values = 1u << 22;

  Columns* columns_ = nullptr;
  reduce::Context context_;
  rata_native functions_{};
  std::vector<char> room_;
  std::vector<std::unique_ptr<Value>> values_;  ///< by handle; the first is nobody's
  std::vector<std::uint32_t> free_;
  std::map<std::uint32_t, std::vector<std::uint32_t>> by_window_;
  std::vector<std::uint32_t> touched_;  ///< since the batch began
  std::uint32_t window_ = 0;
  std::vector<Value::Ranked> ranked_;
  bool addresses_are_hidden_ = false;
  Mailbox* mailbox_ = nullptr;
  std::size_t printed_ = 0;
  std::size_t values_octets_ = SIZE_MAX;
  std::map<std::uint32_t, std::unique_ptr<reduce::Budget>> budgets_;  ///< by window
};

/// The handle of a value of a script, if that is what lies at `at`.
std::optional<std::uint32_t> value_handle(lua_State* lua, int at);

}  // namespace rata::script
