#include "settings/serve_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "settings/choice.h"
#include "settings/listen.h"
#include "settings/secret.h"

namespace rata::settings {
namespace {

/// As it stands in a file. A name that only resolves to this machine is looked up when the server starts.
bool is_loopback(const std::string& address) {
  return address == "::1" || address.starts_with("127.") || address == "localhost";
}

void read_tls(TableReader& serve_reader, serve::Config& serve) {
  const toml::table* table = serve_reader.table("tls");
  if (table == nullptr) return;
  TableReader reader = serve_reader.inner(*table, "tls of [serve]");
  serve::Tls& tls = serve.tls.emplace();
  reader.text("certificate", tls.certificate_file);
  reader.text("key", tls.key_file);
  reader.text("client_ca", tls.client_ca_file);
  reader.finish();
  if (tls.certificate_file.empty() || tls.key_file.empty())
    reader.fail(*table, "needs certificate and key, files in PEM: tls = { certificate = \"...\", key = \"...\" }");
  serve_reader.adopt(reader);
}

/// Of random hexadecimal digits so many are out of reach of who guesses, however slowly he is let.
constexpr std::size_t least_token_octets = 16;

void read_token(TableReader& reader, const toml::table& table, serve::Access& access) {
  access.token = read_secret(reader, "token");
  if (access.token.empty() || access.token.size() >= least_token_octets) return;
  reader.fail(table, fmt::format("the token of \"{}\" has fewer than {} octets, and could be guessed; this makes one: "
                                 "openssl rand -hex 16",
                                 access.name, least_token_octets));
}

void read_rights(TableReader& reader, serve::Access& access) {
  std::vector<std::string> may;
  reader.texts("may", may);
  if (may.empty()) return;
  access.may_read = access.may_send = false;
  for (const std::string& right : may) {
    if (right == "read")
      access.may_read = true;
    else if (right == "send")
      access.may_send = true;
    else
      reader.fail(*reader.find("may"), "may: there is no \"" + right +
                                           "\"; there are \"read\" (the page and the API) and \"send\" (summaries)");
  }
}

void read_access(TableReader& root, serve::Config& serve) {
  for (const toml::table* table : root.tables("access")) {
    TableReader reader = root.inner(*table, "[[access]]");
    serve::Access access;
    reader.text("name", access.name);
    read_token(reader, *table, access);
    reader.text("certificate", access.certificate);
    read_rights(reader, access);
    reader.texts("servers", access.servers);
    using serve::Visibility;
    read_choice<Visibility>(reader, "addresses",
                            {{"full", Visibility::full}, {"prefix", Visibility::prefix}, {"none", Visibility::none}},
                            access.addresses);
    reader.finish();
    if (access.name.empty()) reader.fail(*table, "needs name = \"...\": who it is for, in messages");
    root.adopt(reader);
    serve.access.push_back(std::move(access));
    if (const auto checked = serve::check(serve.access); !checked) {
      reader.fail(*table, checked.error().message);
      root.adopt(reader);
      return;
    }
  }
}

}  // namespace

bool read_serve(TableReader& root, serve::Config& serve) {
  const toml::table* table = root.table("serve");
  if (table != nullptr) {
    TableReader reader = root.inner(*table, "[serve]");
    std::string listen;
    reader.text("listen", listen);
    reader.whole("clients", serve.clients, 1, 65'536);
    reader.texts("allow_origins", serve.allow_origins);
    reader.flag("older_open", serve.older_open);
    read_tls(reader, serve);
    if (!listen.empty())
      if (const auto parsed = parse_listen(listen, serve); !parsed)
        reader.fail(*table->get("listen"), parsed.error().message);
    reader.finish();
    root.adopt(reader);
  }
  read_access(root, serve);
  if (table != nullptr && !is_loopback(serve.address) && (!serve.tls || serve.access.empty()))
    root.fail(
        *table,
        "[serve]: listening beyond loopback needs tls = { certificate = \"FILE\", key = \"FILE\" } and at least one "
        "[[access]] with a token or a certificate: whoever can reach the page sees who asks for what");
  return table != nullptr;
}

}  // namespace rata::settings
