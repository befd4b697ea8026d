#pragma once

#include <string>

#include "app/output.h"

namespace rata::app {

/// What a check found: one line a part; remembers whether all went well.
class Findings {
 public:
  void good(const std::string& part, const std::string& found) { print("ok      {}: {}\n", part, found); }
  void bad(const std::string& part, const std::string& why) {
    print("FAILED  {}: {}\n", part, why);
    failed_ = true;
  }
  void warn(const std::string& part, const std::string& what) { print("note    {}: {}\n", part, what); }
  bool failed() const { return failed_; }

 private:
  bool failed_ = false;
};

}  // namespace rata::app
