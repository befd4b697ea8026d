#pragma once

#include <utility>
#include <vector>

#include "reduce/windows.h"

namespace rata::tests {

/// Everything that a closing window has, at once.
struct ClosedWindow {
  explicit ClosedWindow(reduce::ClosingWindow& closing) : window(closing.window()) {
    for (reduce::ClosingWindow::Result result; closing.next(result);) {
      data.push_back(std::move(result.data));
      lacking.push_back(result.lacking);
    }
  }

  summary::Window window;
  std::vector<summary::Data> data;
  std::vector<util::MemberCounts> lacking;
};

}  // namespace rata::tests
