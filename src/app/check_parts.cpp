#include "app/check_parts.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "channel/spool.h"
#include "util/folder.h"

namespace rata::app {
namespace {

namespace fs = std::filesystem;

/// Only where the lock's file is there already: who makes it owns it.
bool is_in_use(const std::string& folder) {
  std::error_code fault;
  if (!fs::exists(fs::path(folder) / "lock", fault)) return false;
  channel::FolderLock lock;
  return !lock.take(folder);
}

}  // namespace

void check_listener(const serve::Config& serve, const std::vector<unsigned>& spans, Findings& findings) {
  const std::string part = fmt::format("listen {}:{}", serve.address, serve.port);
  const auto server =
      serve::Server::start(serve, {.spans = spans, .servers_location_json = "[]", .metrics = [] { return ""; }});
  const auto news = serve::Server::try_out(serve);
  const std::string files = serve.tls ? "; certificate and key can be used" : "";
  if (server)
    findings.good(part, "free" + files);
  else if (news && serve::Server::is_taken(serve))  // no fault of the configuration while its own service runs
    findings.warn(part, "in use already: by this service, if it runs; else choose another with [serve] listen" + files);
  else
    return findings.bad(part, server.error().message);
  if (!news || news->text.empty()) return;
  if (news->unfit)
    findings.bad("certificate", news->text);
  else
    findings.warn("certificate", news->text);
}

util::Result<std::string> try_spool(const channel::Settings::Spool& spool) {
  if (!spool.path.starts_with('/'))
    return util::Error{fmt::format("\"{}\": the path has to be absolute: /var/lib/ratadns/spool/NAME", spool.path)};
  const auto folder = util::try_folder(spool.path);
  if (!folder) return folder.error();
  if (folder->there && is_in_use(spool.path)) return std::string("another process uses it, and only one may");
  std::string found = folder->there ? "can be written" : "will be made";
  if (folder->free_mib < spool.limit_mib)
    found += fmt::format("; the disk has room for {} MiB of limit_mib = {}", folder->free_mib, spool.limit_mib);
  return found;
}

}  // namespace rata::app
