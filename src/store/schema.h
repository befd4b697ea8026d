#pragma once

#include "store/database.h"
#include "util/result.h"

namespace rata::store {

/// Sets a new file up, or makes sure that it is one of ours and brings an older one up to date, in one transaction.
/// Errors: it is of another program, or of a newer version of this one.
util::Result<void> prepare_schema(Database& database);

/// Looks only. False: it is one of ours, and older. Errors: as above.
util::Result<bool> is_up_to_date(Database& database);

/// For those who only read. Errors: as above, and it is older: the writer must have had it first.
util::Result<void> check_schema(Database& database);

}  // namespace rata::store
