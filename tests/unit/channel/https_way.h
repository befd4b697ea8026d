#pragma once

#include <memory>

#include "ways.h"

namespace rata::channel {

/// An aggregator behind TLS. Shut: it has no room.
std::unique_ptr<Way> make_https_way();

}  // namespace rata::channel
