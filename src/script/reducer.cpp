#include "script/reducer.h"

#include <utility>

#include "reduce/selector.h"

namespace rata::script {
namespace {

/// What the reducers of one window in all shards have in common.
struct SharedWindow {
  explicit SharedWindow(std::shared_ptr<Script> of) : script(std::move(of)) { script->hold(); }
  ~SharedWindow() { script->let_go(window); }
  SharedWindow(const SharedWindow&) = delete;
  SharedWindow& operator=(const SharedWindow&) = delete;

  const std::shared_ptr<Script> script;
  Script::Window window;
  std::uint32_t shards = 0;
};

class ScriptReducer final : public reduce::Reducer {
 public:
  ScriptReducer(std::shared_ptr<Script> script, std::shared_ptr<SharedWindow> window, reduce::Plan& plan)
      : script_(std::move(script)),
        window_(std::move(window)),
        shard_(window_->shards++),
        selector_(script_->description().where, script_->description().needs, plan),
        writer_(script_->description().fields, plan, plan.selection(script_->description().where)) {}

  void add(reduce::Batch& batch) noexcept override {
    const auto packets = writer_.with_needed(batch, selector_.choose(batch, lacking()));
    if (!packets.empty()) script_->add(window_->window, shard_, batch, packets, writer_);
  }

  /// All shards feed one window: there is nothing to take over.
  void absorb(reduce::Reducer&) override {}

  summary::Data take(double) override { return script_->close(window_->window)->wait().data; }
  std::unique_ptr<reduce::Later> take_later(double) override { return script_->close(window_->window); }

 private:
  std::shared_ptr<Script> script_;
  std::shared_ptr<SharedWindow> window_;
  std::uint32_t shard_;
  reduce::Selector selector_;
  FieldWriter writer_;
};

}  // namespace

util::Result<std::unique_ptr<reduce::Reducer>> make_script_reducer(std::shared_ptr<Script> script,
                                                                   reduce::Surroundings& around) {
  const auto make = [&] { return new SharedWindow(script); };
  auto window = around.window != nullptr ? around.window->get<SharedWindow>(
                                               std::to_string(reinterpret_cast<std::uintptr_t>(script.get())), make)
                                         : std::shared_ptr<SharedWindow>(make());
  return {std::make_unique<ScriptReducer>(std::move(script), std::move(window), around.plan)};
}

}  // namespace rata::script
