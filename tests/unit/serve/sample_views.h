#pragma once

#include <mutex>
#include <vector>

#include "serve/views.h"

namespace rata::serve {

/// Views that are made when asked for, and remember what was. Thread: any.
class SampleViews final : public Views {
 public:
  struct Question {
    std::string view;
    Selection selection;
    friend auto operator<=>(const Question&, const Question&) = default;
  };

  std::vector<std::string> names() const override { return {"rates", "top_clients"}; }
  std::vector<aggregate::Scope> scopes() const override {
    return {aggregate::Scope::group("europe"), aggregate::Scope::server("ns1")};
  }
  std::uint64_t revision(const std::string& name) const override {
    const std::scoped_lock lock(mutex_);
    return name == "rates" ? rates_ : clients_;
  }
  /// `{"view":..,"scope":..,"addresses":..}`; addresses as a number.
  Text json(const std::string& name, const Selection& selection) const override;
  Text newest(const std::string&, const Selection&, std::uint64_t) const override { return nullptr; }
  std::map<std::string, std::string> older_names() const override { return {{"server_data", "rates"}}; }
  Text older(const std::string&) const override { return std::make_shared<const std::string>("[]"); }

  std::size_t padding_octets = 0;  ///< behind each text

  void change(std::uint64_t rates, std::uint64_t clients) {
    const std::scoped_lock lock(mutex_);
    rates_ = rates;
    clients_ = clients;
  }
  std::vector<Question> asked() const {
    const std::scoped_lock lock(mutex_);
    return asked_;
  }

 private:
  mutable std::mutex mutex_;
  std::uint64_t rates_ = 1, clients_ = 1;
  mutable std::vector<Question> asked_;
};

}  // namespace rata::serve
