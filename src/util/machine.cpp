#include "util/machine.h"

#include <unistd.h>

namespace rata::util {

std::string machine_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "ns1";
}

}  // namespace rata::util
