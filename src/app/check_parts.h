#pragma once

#include <vector>

#include "app/findings.h"
#include "channel/channel.h"
#include "serve/server.h"
#include "util/result.h"

namespace rata::app {

/// Whether the address is free, or in use as by the service itself, and, where there is TLS, its files can be used and
/// its certificate is of today.
void check_listener(const serve::Config& serve, const std::vector<unsigned>& spans, Findings& findings);

/// Whether a monitor could have its spool there; makes nothing. Returns what was found. Errors: why not.
util::Result<std::string> try_spool(const channel::Settings::Spool& spool);

/// Checks the configuration of an aggregator. Returns the exit status.
int check_aggregator(const std::string& file);

}  // namespace rata::app
